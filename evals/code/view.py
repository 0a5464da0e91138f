"""The one view of the code under judgement. Built once; every checklist item reads it and none changes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evals.code import nodes as n
from evals.code.files import LARGEST, CodeFile, Part, code_file
from evals.code.project import Project
from evals.code.routes import Route, find_routes
from prompts.task import Task
from sandbox.report import TestReport

if TYPE_CHECKING:
    from evals.mutants.mutant import MutantReport
    from evals.probes.report import ProbeReport


@dataclass(frozen=True, slots=True)
class CodeView:
    """Files, their syntax, their names and their routes; the task and the test report where there are any.

    ``installed`` holds the importable top-level names of the sample's Python environment, or None where they
    are not known: then no third-party import can be called missing.
    """

    files: tuple[CodeFile, ...]
    project: Project
    routes: tuple[Route, ...]
    task: Task | None = None
    tests: TestReport | None = None
    installed: frozenset[str] | None = None
    probes: "ProbeReport | None" = None
    mutants: "MutantReport | None" = None

    @property
    def modules(self) -> tuple[n.Module, ...]:
        """The modules that could be read or at least tried, in path order."""
        return tuple(self.project.modules.values())

    def modules_of(self, *parts: Part) -> tuple[n.Module, ...]:
        """The modules of files that play one of these parts."""
        kept = {file.path for file in self.files if file.part in parts}
        return tuple(module for module in self.modules if module.path in kept)


def build_view(
    files: Mapping[str, str],
    *,
    task: Task | None = None,
    tests: TestReport | None = None,
    installed: frozenset[str] | None = None,
) -> CodeView:
    """Read every file once. Nothing is imported, run or looked up outside ``files``."""
    known = tuple(code_file(path, files[path]) for path in sorted(files))
    project = Project((read(file) for file in known if file.language), files)
    return CodeView(known, project, find_routes(project), task, tests, installed)


def read(file: CodeFile) -> n.Module:
    """One file to its module; a file that cannot be read gives a module with ``problem`` set.

    Raises ValueError for a file whose ``language`` is None.
    """
    if file.language is None:
        raise ValueError(f"{file.path} is in no language that has a reader")
    if len(file.text) > LARGEST:
        return n.Module(file.path, file.language, problem=f"longer than {LARGEST} characters, not read")
    if file.language == "python":
        from evals.code.python_reader import read_python

        return read_python(file.path, file.text)
    from evals.code.grammars import read_with_grammar

    return read_with_grammar(file.path, file.text, file.language)
