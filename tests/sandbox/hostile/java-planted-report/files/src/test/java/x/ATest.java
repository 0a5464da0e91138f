package x;

import org.junit.jupiter.api.*;

class ATest {
    @Test void fails() { throw new IllegalStateException("told"); }
}
