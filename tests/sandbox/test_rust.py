"""Rust: manifests that are refused, libtest's events read as hostile, and whole trials."""

import json
import time
from pathlib import Path

import pytest

from prompts.task import Limits
from sandbox.environments.cargo_manifest import refusal, stubs
from sandbox.environments.rust import rust_problem
from sandbox.isolation.protocol import Finished, Isolation
from sandbox.report import TestReport
from sandbox.toolchains.libtest_json import report_from_libtest
from sandbox.toolchains.rust_tampering import tampering
from sandbox.trial import Laboratory, Project, Trial
from tests.isolations import working_bubblewrap

MANIFEST = '[package]\nname = "calc"\nversion = "0.1.0"\nedition = "2021"\n\n[dependencies]\nitoa = "1"\n'


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"Cargo.toml": MANIFEST}, ""),
        ({"Cargo.toml": MANIFEST + 'x = { git = "https://evil.example/x" }\n'}, "x does not come from"),
        ({"Cargo.toml": MANIFEST, "a/Cargo.toml": '[patch.crates-io]\nx = { git = "y" }\n'}, "a/Cargo.toml"),
        ({"Cargo.toml": MANIFEST + 'x = { version = "1", registry = "evil" }\n'}, "does not come from"),
        ({"Cargo.toml": "[package"}, "cannot be read"),
        ({"Cargo.toml": MANIFEST, "Cargo.lock": 'source = "git+https://evil.example"\n'}, "Cargo.lock"),
        ({"Cargo.toml": MANIFEST + '[package.metadata]\ngit = "x"\n'}, "metadata"),
    ],
)
def test_packages_from_elsewhere_are_refused(files: dict[str, str], why: str) -> None:
    told = refusal(files)
    assert why in told
    assert bool(told) == bool(why)


def test_nothing_of_an_answers_code_is_compiled_into_what_is_kept() -> None:
    files = {"Cargo.toml": MANIFEST, "build.rs": "evil", "src/lib.rs": "evil", ".cargo/config.toml": "evil"}
    assert stubs(files) == {
        "Cargo.toml": MANIFEST,
        "build.rs": "fn main() {}\n",
        "src/lib.rs": "fn main() {}\n",
    }


def read(tmp_path: Path, more: dict[str, object], code: int) -> TestReport:
    program = {"name": "calc-0123456789abcdef", "list": "a: test\nb: test\n\n2 tests\n", **more}
    (tmp_path / "r.json").write_text(json.dumps({"programs": [program]}), encoding="utf-8")
    return report_from_libtest(tmp_path / "r.json", Finished(code, "", 1.0))


def event(name: str, outcome: str, **more: object) -> str:
    return json.dumps({"type": "test", "name": name, "event": outcome, **more})


@pytest.mark.parametrize(
    ("lines", "code", "outcomes", "believed"),
    [
        ([event("a", "ok"), event("b", "ok", exec_time=0.5)], 0, ["passed", "passed"], True),
        ([event("a", "ok"), event("b", "failed", stdout="boom")], 101, ["passed", "failed"], True),
        ([event("a", "ok"), "noise", "{", "[]", event("b", "ignored")], 0, ["passed", "skipped"], True),
        ([event("a", "ok")], 0, ["passed", "errored"], False),
        ([event("a", "ok"), event("a", "ok"), event("b", "ok")], 0, ["errored", "passed"], False),
        ([event("a", "ok"), event("b", "ok")], 101, ["passed", "passed"], False),
        ([event("a", "ok"), event("b", "ok"), event("c", "ok")], 0, ["passed", "passed"], True),
    ],
)
def test_events_are_held_against_the_list(
    tmp_path: Path, lines: list[str], code: int, outcomes: list[str], believed: bool
) -> None:
    report = read(tmp_path, {"events": "\n".join(lines), "status": code}, code)
    assert [case.outcome for case in report.cases] == outcomes
    assert [case.id for case in report.cases] == ["calc::a", "calc::b"]
    assert (report.problem == "") is believed


def test_a_program_that_ends_otherwise_than_its_tests_is_not_believed(tmp_path: Path) -> None:
    events = "\n".join([event("a", "ok"), event("b", "ok")])
    assert read(tmp_path, {"events": events, "status": 0}, 0).passed
    assert "ended with exit code -9" in read(tmp_path, {"events": events, "status": -9}, 0).problem


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"programs": 1}', '{"programs": [1]}', '{"programs": [{}]}']
)
def test_what_is_no_report_passes_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.json").write_text(text, encoding="utf-8")
    assert not report_from_libtest(tmp_path / "r.json", Finished(0, "", 1.0)).passed


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("tests/a.rs", "use std::process;\n#[test] fn a() { process::exit(0) }", 2),
        ("tests/a.rs", "use std::process::{Command, exit};\n", 1),
        ("tests/a.rs", "use std::process::exit as leave;\n", 1),
        ("tests/a.rs", "extern { fn _exit(code: i32); }", 1),
        ("src/lib.rs", "fn a() {}\n#[cfg(test)]\nmod t { fn x() { std::process::exit(0) } }", 3),
        ("src/main.rs", 'fn x() { println!("{{\\"type\\": \\"test\\", \\"event\\": \\"ok\\"}}"); }', 1),
        ("src/main.rs", "fn main() { std::process::exit(run()) }\n#[cfg(test)]\nmod t { }", 0),
        (
            "tests/a.rs",
            'a.exit(); // exit(0)\nlet s = "exit(0)"; /* process::exit(1) */ let exit_code = 1;',
            0,
        ),
        ("tests/a.rs", 'json!({"type": "test", "name": "x"})', 0),
    ],
)
def test_sources_that_could_talk_over_their_runner(path: str, text: str, line: int) -> None:
    assert [what.partition(" ")[0] for what in tampering({path: text})] == (
        [f"{path}:{line}"] if line else []
    )


@pytest.mark.parametrize("piece", ["/*", '"\\"', "process::{", "exit ", '"type":', "\n"])
def test_reading_sources_takes_time_in_proportion(piece: str) -> None:
    start = time.monotonic()
    tampering({"tests/a.rs": piece * 60_000})
    assert time.monotonic() - start < 5


@pytest.fixture
def isolation() -> Isolation:
    return working_bubblewrap()


LIB = "pub fn add(a: i32, b: i32) -> String { itoa::Buffer::new().format(a + b).to_owned() }\n"
UNIT = '\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn adds() { assert_eq!(super::add(1, 2), "3"); }\n}\n'
OUTER = "#[test]\nfn outer() { %s }\n\n#[test]\n#[ignore]\nfn later() {}\n"


async def attempt(isolation: Isolation, body: str, seconds: float = 60) -> Trial:
    files = {"Cargo.toml": MANIFEST, "src/lib.rs": LIB + UNIT, "tests/outer.rs": OUTER % body}
    async with Laboratory(isolation) as laboratory:
        return await laboratory.run(Project(files, limits=Limits(seconds=seconds)))


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.skipif(bool(rust_problem()), reason=rust_problem() or "Rust is there")
class TestCargo:
    async def test_passing(self, isolation: Isolation) -> None:
        trial = await attempt(isolation, 'assert_eq!(calc::add(1, 2), "3");')
        assert trial.report.passed, trial.report
        outcomes = {case.id: case.outcome for case in trial.report.cases}
        assert outcomes == {
            "calc::tests::adds": "passed",
            "outer::outer": "passed",
            "outer::later": "skipped",
        }

    async def test_failing(self, isolation: Isolation) -> None:
        trial = await attempt(isolation, 'assert_eq!(calc::add(1, 2), "4");')
        assert not trial.report.problem, trial.report
        [failed] = [case for case in trial.report.cases if case.outcome == "failed"]
        assert failed.id == "outer::outer"
        assert 'right: "4"' in failed.message

    @pytest.mark.parametrize("body", ["let x = ;", "std::process::exit(0);", "let x: i32 = calc::add(1, 2);"])
    async def test_broken_never_passes(self, isolation: Isolation, body: str) -> None:
        trial = await attempt(isolation, body)
        assert not trial.report.passed
        assert not trial.report.ours

    async def test_endless_loop(self, isolation: Isolation) -> None:
        trial = await attempt(isolation, "loop {}", seconds=8)
        assert trial.report.problem == "time limit: still running after 8 s"

    async def test_unknown_package_is_the_answers_fault(self, isolation: Isolation) -> None:
        files = {"Cargo.toml": MANIFEST + 'backsmith-no-such-package-x1 = "1"\n', "src/lib.rs": ""}
        async with Laboratory(isolation) as laboratory:
            trial = await laboratory.run(Project(files))
        assert "backsmith-no-such-package-x1" in trial.report.problem
        assert not trial.report.ours

    async def test_this_machines_settings_are_taken_and_no_network_is_ours(
        self, isolation: Isolation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        settings = (
            '[source.crates-io]\nreplace-with = "m"\n[source.m]\nregistry = "sparse+http://127.0.0.1:9/"\n'
            "[net]\nretry = 0\n"
        )
        (tmp_path / "config.toml").write_text(settings, encoding="utf-8")
        monkeypatch.setenv("CARGO_HOME", str(tmp_path))
        files = {"Cargo.toml": MANIFEST.replace('"1"', '"1.0.1"'), "src/lib.rs": ""}
        async with Laboratory(isolation) as laboratory:
            trial = await laboratory.run(Project(files))
        assert "127.0.0.1:9" in trial.report.problem or "127.0.0.1 port 9" in trial.report.problem
        assert trial.report.ours, trial.report.problem
