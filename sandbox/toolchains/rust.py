"""Rust projects, tested by ``cargo test``."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from sandbox.environments.result import Prepared, Unprepared
from sandbox.environments.rust import prepare_rust, rust_problem
from sandbox.isolation.protocol import Finished, Isolation, Mount
from sandbox.report import TestReport
from sandbox.toolchains.libtest_json import report_from_libtest
from sandbox.toolchains.protocol import TestCommand

_INSIDE = Mount(Path(__file__).with_name("inside"), "/run/backsmith")
_TEST_FILE = re.compile(r"(?:^|/)tests/[^/]+\.rs$")
_SCRIPT = """
mkdir -p "$BACKSMITH_RESULTS"
host=$(rustc -vV | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')
export "CARGO_TARGET_${host}_RUNNER=/bin/sh $BACKSMITH_INSIDE/rust_runner.sh"
exec cargo test --offline --workspace --lib --bins --tests --no-fail-fast
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
        if isinstance(prepared, Unprepared):
            return prepared
        env = {**prepared.env, "BACKSMITH_INSIDE": isolation.inside(_INSIDE)}
        return replace(prepared, mounts=(*prepared.mounts, _INSIDE), env=env)

    def command(self, files: Mapping[str, str], work: str, results: str) -> TestCommand | str:
        """``cargo test``, each test program run by a script that writes its events beside the project."""
        return TestCommand(("/bin/sh", "-ec", _SCRIPT), {"BACKSMITH_RESULTS": f"{results}/rust"})

    def read(self, files: Mapping[str, str], results: Path, finished: Finished) -> TestReport:
        """The cases of the events, held against cargo's exit code."""
        return report_from_libtest(results / "rust", finished)
