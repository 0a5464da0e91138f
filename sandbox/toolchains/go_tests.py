"""What Go's own sources say of their tests, before any of it runs, and a test of ours in each package.

A package's tests can end before they ran, with exit code 0 and results printed by themselves (``TestMain``, ``init``).
Then our test, which logs a word that the sources cannot know beforehand, has not run, and tests that stand in the
sources were never told of.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from sandbox.report import TestCase, TestReport
from sandbox.toolchains.word import secret_word

CANARY = "TestBacksmithCanary"
_FILE = "backsmith_canary_test.go"
# Comments and literals; one that has no end goes to its line's, or the file's, so that none is looked at twice.
_TOKENS = re.compile(
    r"""/\*.*?(?:\*/|\Z)|//[^\n]*|`[^`]*`?|"(?:[^"\\\n]|\\[^\n])*"?|'(?:[^'\\\n]|\\[^\n])*'?""", re.DOTALL
)
_PACKAGE = re.compile(r"^\s*package\s+(\w+)", re.MULTILINE)
_TEST = re.compile(r"^func\s+(Test(?![a-z])\w*)\s*\(\s*\w*\s*\*\s*testing\s*\.\s*T\s*,?\s*\)", re.MULTILINE)
_MODULE = re.compile(r'^[ \t]*module[ \t]+"?([^\s"]+)', re.MULTILINE)
_CONSTRAINED = re.compile(r"^//(?:go:build\b|[ \t]*\+build\b)", re.MULTILINE)
# A file whose name ends in a system or an architecture is only for that one (go help buildconstraint).
_PLATFORM = re.compile(
    r"_(?:aix|android|darwin|dragonfly|freebsd|illumos|ios|js|linux|netbsd|openbsd|plan9|solaris|wasip1|windows|"
    r"386|amd64|arm|arm64|loong64|mips\w*|ppc64\w*|riscv64|s390x|wasm)_test\.go$"
)
_MODULE_WITHOUT_MANIFEST = "submission"


@dataclass(frozen=True, slots=True)
class GoTests:
    """The tests of one package: its folder, its import path, the package's name and the tests that it has."""

    folder: str
    path: str
    package: str
    names: frozenset[str]


def packages_with_tests(files: Mapping[str, str]) -> tuple[GoTests, ...]:
    """The packages that ``go test ./...`` tests everywhere; files for one system or one tag alone are left out."""
    module = _MODULE.search(files.get("go.mod", ""))
    root = module.group(1) if module else _MODULE_WITHOUT_MANIFEST
    nested = [str(PurePosixPath(path).parent) for path in files if path.endswith("/go.mod")]
    found: dict[str, GoTests] = {}
    for path, text in files.items():
        if not path.endswith("_test.go") or _PLATFORM.search(path) or _CONSTRAINED.search(text):
            continue
        folder = str(PurePosixPath(path).parent)
        if _ignored(path, folder, nested):
            continue
        plain = _TOKENS.sub(lambda token: " " if token.group().startswith("/*") else '""', text)
        package = _PACKAGE.search(plain)
        names = frozenset(_TEST.findall(plain))
        if package is None or not names:
            continue
        where = root if folder == "." else f"{root}/{folder}"
        before = found.get(folder, GoTests(folder, where, package.group(1), frozenset()))
        found[folder] = replace(before, names=before.names | names)
    return tuple(found.values())


def canaries(files: Mapping[str, str]) -> dict[str, str]:
    """A test file of ours for each package."""
    word = secret_word(files)
    return {
        str(PurePosixPath(tests.folder) / _FILE): (
            f'package {tests.package}\n\nimport "testing"\n\n'
            f'func {CANARY}(t *testing.T) {{\n\tt.Log("{word}")\n}}\n'
        )
        for tests in packages_with_tests(files)
    }


def without_canaries(report: TestReport, said: Mapping[str, str], files: Mapping[str, str]) -> TestReport:
    """The report without our own tests; where one has not run, what the package printed is not believed.

    ``said`` is what each of our tests logged, by its case's id.
    """
    word = secret_word(files)
    told = {case.id: case for case in report.cases}
    cases = [case for case in report.cases if not case.id.endswith(f"::{CANARY}")]
    for tests in packages_with_tests(files):
        own = [case for case in cases if case.id.startswith((f"{tests.path}::", f"{tests.path} "))]
        if any(case.outcome in {"failed", "errored"} for case in own):
            continue
        canary = f"{tests.path}::{CANARY}"
        ran = canary in told and told[canary].outcome == "passed" and word in said.get(canary, "")
        missing = sorted(tests.names - {case.id.removeprefix(f"{tests.path}::") for case in own})
        if not ran:
            message = (
                "the package's tests ended without having run, whatever was printed: see TestMain and init"
            )
            cases.append(TestCase(f"{tests.path} (package)", "errored", message))
        else:
            cases += _never(tests, missing)
    return replace(report, cases=tuple(cases))


def _never(tests: GoTests, missing: Iterable[str]) -> list[TestCase]:
    return [TestCase(f"{tests.path}::{name}", "errored", "in the sources, but never run") for name in missing]


def _ignored(path: str, folder: str, nested: Iterable[str]) -> bool:
    parts = PurePosixPath(path).parts
    if any(part.startswith(("_", ".")) or part in {"testdata", "vendor"} for part in parts):
        return True
    return any(folder == other or folder.startswith(f"{other}/") for other in nested)
