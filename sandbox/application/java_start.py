"""How a Java application is started: compiled by Maven, then its main class run with what the poms ask for.

No plugin that starts applications is needed: Spring Boot's and plain programs start in the same way.
"""

import posixpath
import re
import shlex
from collections.abc import Mapping

from sandbox.application.start import PORT, Start, shell
from sandbox.environments.maven import DEPENDENCY_PLUGIN

_MAIN = re.compile(
    r"\b(?:public\s+static|static\s+public)\s+void\s+main\s*\(|^\s*(?:static\s+)?void\s+main\s*\(\)",
    re.MULTILINE,
)
_PACKAGE = re.compile(r"^\s*package\s+([\w.]+)\s*;", re.MULTILINE)
_SOURCES = "src/main/java/"
_LIKELY = ("Application", "Main", "Server", "App", "Api")
_LARGEST = 400_000
_ENV = {name: str(PORT) for name in ("SERVER_PORT", "MICRONAUT_SERVER_PORT", "QUARKUS_HTTP_PORT")}
_LINE = f"""mvn -o -q -B -ntp -Dstyle.color=never -Daether.enhancedLocalRepository.trackingFilename=untracked \\
-Dmaven.repo.local="$BACKSMITH_MAVEN_REPOSITORY" compile {DEPENDENCY_PLUGIN}:build-classpath \\
-DincludeScope=runtime -Dmdep.outputFile=/tmp/backsmith-classpath &&
exec java -cp "target/classes:$(cat /tmp/backsmith-classpath)" """


def find_java(files: Mapping[str, str]) -> Start | str:
    """``java`` with the main class; Spring Boot's before others, then those that are named like a program."""
    if "pom.xml" not in files:
        return "only Maven projects are started: there is no pom.xml at the top"
    found = [
        path
        for path, text in files.items()
        if path.startswith(_SOURCES)
        and path.endswith(".java")
        and len(text) <= _LARGEST
        and _MAIN.search(text)
    ]
    if not found:
        return f"no class below {_SOURCES} has a main method"
    path = min(found, key=lambda path: _rank(path, files[path]))
    package = _PACKAGE.search(files[path])
    name = posixpath.basename(path).removesuffix(".java")
    main = f"{package[1]}.{name}" if package else name
    return shell(_LINE + shlex.quote(main), f"java {main}", _ENV)


def _rank(path: str, text: str) -> tuple[bool, int, int, str]:
    name = posixpath.basename(path).removesuffix(".java")
    likely = next((n for n, word in enumerate(_LIKELY) if name.endswith(word)), len(_LIKELY))
    return "@SpringBootApplication" not in text, likely, path.count("/"), path
