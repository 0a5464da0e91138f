"""One thing that is wrong with an answer, as it goes back to the model."""

from dataclasses import dataclass
from typing import Literal

FindingKind = Literal["format", "test", "check", "review", "environment"]
Severity = Literal["high", "medium", "low", ""]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, where, and by what it was seen.

    ``title`` says it in one line, ``detail`` holds what was observed (test output, a diff; may be long and
    hostile). ``path`` and ``line`` are empty and 0 where no place is known. ``severity`` is a reviewer's.
    """

    kind: FindingKind
    title: str
    detail: str = ""
    path: str = ""
    line: int = 0
    severity: Severity = ""
