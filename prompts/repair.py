"""The user message of a repair round: what failed, within a bound, and what is wanted back."""

from collections.abc import Sequence
from dataclasses import dataclass

from prompts.finding import Finding
from prompts.quoting import barred, one_line
from prompts.role import Role, load_role
from prompts.task import Task
from prompts.templates import fill

TEMPLATE = "parts/repair.md.j2"
MIN_CHARS = 2_000
_DEFAULT_ROLE = "backend-builder"
# What keeps an answer from being read or run at all comes before what is judged about it.
_ORDER = {"format": 0, "environment": 1, "test": 2, "check": 3, "review": 4}
_DETAIL_CHARS = 2_400
_TITLE_CHARS = 300


@dataclass(frozen=True, slots=True)
class _Shown:
    """A finding as the template prints it; ``detail`` has a bar before each line."""

    kind: str
    title: str
    place: str
    detail: str

    @property
    def chars(self) -> int:
        """An upper bound of what the template prints for it."""
        return len(self.kind) + len(self.title) + len(self.place) + len(self.detail) + 40


def render_repair(
    task: Task,
    findings: Sequence[Finding],
    round: int,
    limit_chars: int = 16_000,
    *,
    role: Role | None = None,
    into: bool = False,
) -> str:
    """The message that asks for round ``round`` of ``task``, at most ``limit_chars`` long (2,000 at least).

    Repeats are dropped, what did not fit is counted. All that ``findings`` hold is shown as data: on one
    line, or behind a bar at the start of each line. ``role`` (default: the shipped builder) has the template. ``into``:
    the work is done in a repository that exists. Raises ValueError for a lower limit or no findings.
    """
    if limit_chars < MIN_CHARS:
        raise ValueError(f"a repair prompt needs at least {MIN_CHARS} characters, not {limit_chars}")
    if not findings:
        raise ValueError("a repair prompt needs findings")
    role = role or load_role(_DEFAULT_ROLE)
    ordered = sorted(dict.fromkeys(findings), key=lambda finding: _ORDER[finding.kind])
    frame = {"task": one_line(task.task, 200), "round": round, "total": len(ordered), "into": into}
    room = limit_chars - len(fill(role, TEMPLATE, {**frame, "findings": [], "left_out": len(ordered)}))
    shown = _within(ordered, room)
    return fill(role, TEMPLATE, {**frame, "findings": shown, "left_out": len(ordered) - len(shown)})


def _within(findings: Sequence[Finding], room: int) -> list[_Shown]:
    """As many findings as fit in ``room`` characters, each with its fair share of detail."""
    shown: list[_Shown] = []
    for index, finding in enumerate(findings):
        heading = _heading(finding)
        # A share for each of the next few: early ones may not eat all, late ones are not waited for.
        share = room // min(len(findings) - index, 8)
        detail = barred(finding.detail, min(_DETAIL_CHARS, share - heading.chars))
        entry = _Shown(heading.kind, heading.title, heading.place, detail)
        if entry.chars > room:
            break
        shown.append(entry)
        room -= entry.chars
    return shown


def _heading(finding: Finding) -> _Shown:
    place = one_line(finding.path, 200)
    if place and finding.line > 0:
        place = f"{place}:{finding.line}"
    severity = f"{finding.severity} " if finding.severity else ""
    return _Shown(finding.kind, severity + one_line(finding.title, _TITLE_CHARS), place, "")
