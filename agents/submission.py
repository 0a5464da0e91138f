"""What an answer says, as typed values. The FILE-block parser makes these; nothing here does I/O."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["warning", "error"]
MigrationKind = Literal["sql", "command", "note"]
Ecosystem = Literal["python", "npm", "go", "cargo", "maven", "rubygems", "nuget", "unknown"]
Adherence = Literal["clean", "lenient", "broken"]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of an answer.

    ``path`` is relative, POSIX, plain and safe. ``text`` ends with exactly one newline, or is empty (the text of an
    edited file ends as it did before). ``span`` holds the first and last line (1-based, inclusive) of the block in
    the answer, header included.
    """

    path: str
    text: str
    span: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Piece:
    """One change within a file: the whole lines ``search`` become the whole lines ``replace`` (may be empty).

    ``line`` is the first line (1-based) of the piece in the answer.
    """

    search: str
    replace: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Edit:
    """One EDIT block: changes of a file that exists. ``span`` is as in SourceFile."""

    path: str
    pieces: tuple[Piece, ...]
    span: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Deletion:
    """One DELETE line: a file that is to go."""

    path: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Dependency:
    """One package to add: ``spec`` is what the ecosystem's own installer takes (``fastapi>=0.110``)."""

    ecosystem: Ecosystem
    spec: str


@dataclass(frozen=True, slots=True)
class Migration:
    """One step under MIGRATIONS. The parser only tells the kinds apart; it runs nothing."""

    kind: MigrationKind
    text: str


@dataclass(frozen=True, slots=True)
class EnvVar:
    """One environment variable that the answer names, with its example value (may be empty)."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Submission:
    """Everything usable in an answer. A section that is absent is ``None``, one that is empty is ``()``.

    A path can have several edits, which are applied together; it never has a file or a deletion beside them.
    """

    files: tuple[SourceFile, ...] = ()
    dependencies: tuple[Dependency, ...] | None = None
    migrations: tuple[Migration, ...] | None = None
    env_vars: tuple[EnvVar, ...] | None = None
    edits: tuple[Edit, ...] = ()
    deletions: tuple[Deletion, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One deviation from the format.

    ``warning``: understood all the same. ``error``: this block is not used, the answer cannot be verified.
    ``line`` is 1-based in the answer (0: the answer as a whole); ``path`` is empty where no file is meant.
    ``message`` is written so that a model can act on it.
    """

    code: str
    severity: Severity
    line: int
    path: str
    message: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A parsed answer: what can be used, and every deviation that was found on the way."""

    submission: Submission
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that keep the answer from being verified."""
        return tuple(d for d in self.diagnostics if d.severity == "error")

    @property
    def adherence(self) -> Adherence:
        """``clean``: no diagnostics; ``lenient``: warnings only; ``broken``: at least one error."""
        if not self.diagnostics:
            return "clean"
        return "broken" if self.errors else "lenient"
