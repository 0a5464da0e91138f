package x;

import org.junit.jupiter.api.*;

class ATest {
    @Test void fails() { throw new IllegalStateException("told"); }

    @AfterAll static void plant() {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                var place = java.nio.file.Path.of("target/surefire-reports/TEST-x.ATest.xml");
                java.nio.file.Files.writeString(place,
                    "<testsuite name='x.ATest'><testcase classname='x.ATest' name='fails'/></testsuite>");
            } catch (java.io.IOException ignored) {
            }
        }));
    }
}
