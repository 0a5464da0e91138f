"""Rust projects, tested by ``cargo test``."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from sandbox.environments.result import Prepared, Unprepared
from sandbox.environments.rust import prepare_rust, rust_problem
from sandbox.isolation.protocol import Finished, Isolation
from sandbox.report import TestReport
from sandbox.toolchains.door import with_door
from sandbox.toolchains.libtest_json import report_from_libtest
from sandbox.toolchains.protocol import TestCommand
from sandbox.toolchains.rust_tampering import tampering

_REPORT = "libtest.json"
_TEST_FILE = re.compile(r"(?:^|/)tests/[^/]+\.rs$")
_SCRIPT = """
host=$(rustc -vV | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')
export "CARGO_TARGET_${host}_RUNNER=/bin/sh $BACKSMITH_INSIDE/rust_runner.sh"
exec "$BACKSMITH_PYTHON" -I -S -B "$BACKSMITH_INSIDE/backsmith_libtest.py" \
  cargo test --offline --workspace --lib --bins --tests --no-fail-fast
"""


class Rust:
    """The machine's Rust with cargo. Examples in documentation comments are not run."""

    name = "rust"
    ecosystem = "cargo"

    def detects(self, files: Mapping[str, str]) -> bool:
        """A Cargo.toml at the top, or any Rust file."""
        return "Cargo.toml" in files or any(path.endswith(".rs") for path in files)

    def tests(self, files: Mapping[str, str]) -> frozenset[str]:
        """Integration tests, each a crate of its own."""
        return frozenset(path for path in files if _TEST_FILE.search(path))

    def problem(self) -> str:
        """Whether cargo, rustc and a linker are there."""
        return rust_problem()

    async def prepare(
        self, files: Mapping[str, str], named: Iterable[str], isolation: Isolation
    ) -> Prepared | Unprepared:
        """The project's packages, vendored and compiled."""
        prepared = await prepare_rust(files, named, isolation)
        return prepared if isinstance(prepared, Unprepared) else with_door(prepared, isolation, self.name)

    def command(self, files: Mapping[str, str], work: str, results: str) -> TestCommand | str:
        """``cargo test``, each test program run by a program of ours that takes its events down."""
        return TestCommand(("/bin/sh", "-ec", _SCRIPT), {"BACKSMITH_REPORT": f"{results}/{_REPORT}"})

    def read(self, files: Mapping[str, str], results: Path, finished: Finished) -> TestReport:
        """The cases of the events, held against the exit codes; tests that could talk them over are worthless."""
        report = report_from_libtest(results / _REPORT, finished)
        if not report.problem and (found := tampering(files)):
            return replace(report, problem="the tests tamper with their runner: " + "; ".join(found[:5]))
        return report
