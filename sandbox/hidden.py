"""Hidden tests: the task's own, run after the answer's own tests, where those can neither read nor change them."""

from dataclasses import replace

from sandbox.bench import Project
from sandbox.report import TestCase, TestReport
from sandbox.toolchains.protocol import Toolchain


def has_own_tests(project: Project, toolchain: Toolchain) -> bool:
    """Whether the answer brings tests of its own, or the task has no others."""
    return not project.hidden_tests or bool(toolchain.tests(project.files))


def without_hidden(project: Project) -> Project:
    """The project as its own tests and its migrations see it: nothing of the hidden tests is there."""
    return replace(project, hidden_tests={})


def with_hidden_alone(project: Project, toolchain: Toolchain) -> Project:
    """The project without its own tests, so that what runs are the hidden ones."""
    own = toolchain.tests(project.files)
    kept = {path: text for path, text in project.files.items() if path not in own}
    return replace(project, files=kept)


def joined(own: TestReport | None, hidden: TestReport, project: Project) -> TestReport:
    """Both runs as one report, the hidden tests' cases marked. What the hidden run printed is told there alone.

    Tests that the language keeps beside the code (Rust's) ran both times and count once.
    """
    before = own or TestReport()
    replaced = project.hidden_tests.keys() & project.files.keys()
    known = frozenset() if replaced else frozenset(case.id for case in before.cases)
    cases = [replace(case, hidden=True) for case in hidden.cases if case.id not in known]
    problem = hidden.problem or ("" if cases else "none of them was run")
    if problem and not any(case.outcome in {"failed", "errored"} for case in cases):
        cases.append(
            TestCase("(hidden tests)", "errored", f"{problem}\n{hidden.output[-4000:]}", hidden=True)
        )
    told = f"hidden tests: {problem}" if problem else ""
    return TestReport(
        cases=(*before.cases, *cases),
        problem="; ".join(part for part in (before.problem, told) if part),
        # Where the answer's own tests fail already, that is a failure whatever this machine lacks.
        ours=hidden.ours and (own is None or own.passed),
        output=before.output,
        seconds=before.seconds + hidden.seconds,
    )
