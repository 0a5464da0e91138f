"""Edits of real files: how many are applied right, how many refused, and that none goes to a wrong place in silence.

    python benchmarks/edits.py [FOLDER...] [--edits 2000] [--seed 1]

Each edit changes a few lines of a real file, and is then made harder: the file has moved on (lines were added above,
removed below, changed near by), the anchor is indented otherwise or has lost blanks at its ends, it stands in the file
several times (also with several indentations), or was never there; the file has CRLF or no last line break; the edit
comes as a diff, or as several pieces. What is right is known, because the file is made from the edit.
"""

import argparse
import difflib
import random
import re
import sysconfig
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from agents.fileblock import parse, render
from agents.fileblock.applying import apply_edits
from agents.submission import Edit, Piece, Submission

PATH = "file.py"
ENDINGS = (".py", ".js", ".ts", ".go", ".java", ".rb", ".rs", ".sql", ".html", ".css")
KINDS = (
    "exact", "moved", "re-indented", "blanks", "crlf", "no last break", "diff", "several", "repeated",
    "repeated, re-indented", "changed", "absent",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trial:
    """An edit, the file that it meets, and the one text that would be right (None: it must be refused). ``answer``: as
    it comes, where it is not rendered from the pieces."""

    kind: str
    text: str
    pieces: tuple[Piece, ...]
    right: str | None
    answer: str = ""


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("folders", nargs="*", type=Path)
    options.add_argument("--edits", type=int, default=2000)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    folders = chosen.folders or [Path(sysconfig.get_path("stdlib"))]
    counts = {kind: Counter[str]() for kind in KINDS}
    for trial in trials(folders, chosen.edits, random.Random(chosen.seed)):
        counts[trial.kind][outcome(trial)] += 1
    table = Table("anchor", "edits", "right", "refused", "wrong")
    for kind, found in counts.items():
        table.add_row(kind, str(found.total()), *(str(found[name]) for name in ("right", "refused", "wrong")))
    Console().print(table)
    if any(found["wrong"] for found in counts.values()):
        raise SystemExit("an edit went to a wrong place")


def trials(folders: list[Path], count: int, chance: random.Random) -> Iterator[Trial]:
    """``count`` trials over the files of code of the folders, the kinds in turn."""
    files = sorted(
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in ENDINGS and path.is_file() and 500 < path.stat().st_size < 200_000
    )
    chance.shuffle(files)
    made = 0
    while made < count:
        path = files[made % len(files)]
        trial = make(KINDS[made % len(KINDS)], path.read_bytes(), chance)
        if trial is None:
            files.remove(path)
        else:
            made += 1
            yield trial


def make(kind: str, data: bytes, chance: random.Random) -> Trial | None:
    """One trial of a kind on a file; None where the file does not lend itself to it."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    lines = text.split("\n")[:-1]
    if "\r" in text or not text.endswith("\n") or len(lines) < 40:
        return None
    for _ in range(20):
        size = chance.randint(2, 6)
        first = chance.randrange(1, len(lines) - size)
        wanted = lines[first : first + size]
        if all(len(line.strip()) > 8 for line in (wanted[0], wanted[-1])) and count_of(wanted, lines) == 1:
            return KIND_MAKERS[kind](lines, first, wanted, chance)
    return None


def count_of(wanted: list[str], lines: list[str]) -> int:
    """How often the lines stand there, whatever their indentation."""
    keys, there = [line.strip() for line in wanted], [line.strip() for line in lines]
    return sum(there[at : at + len(keys)] == keys for at in range(len(there) - len(keys) + 1))


def _wish(wanted: list[str], chance: random.Random) -> list[str]:
    at = chance.randrange(len(wanted))
    indent = wanted[at][: len(wanted[at]) - len(wanted[at].lstrip())]
    new = f"{indent}changed_{chance.randrange(10**6)} = {chance.randrange(100)}"
    return [*wanted[:at], *([new, wanted[at]] if chance.random() < 0.5 else [new]), *wanted[at + 1 :]]


def _joined(lines: list[str]) -> str:
    return "".join(line + "\n" for line in lines)


def _exact(lines: list[str], first: int, wanted: list[str], chance: random.Random) -> Trial:
    wish = _wish(wanted, chance)
    right = _joined([*lines[:first], *wish, *lines[first + len(wanted) :]])
    return Trial("exact", _joined(lines), (Piece(_joined(wanted), _joined(wish)),), right)


def _moved(lines: list[str], first: int, wanted: list[str], chance: random.Random) -> Trial:
    """The file has grown above and shrunk below, and the line next to the anchor is another one."""
    wish = _wish(wanted, chance)
    above = (
        [f"# line {n}" for n in range(chance.randint(1, 40))] + lines[: max(0, first - 1)] + ["# neighbour"]
    )
    below = lines[first + len(wanted) + chance.randint(1, 5) :]
    right = _joined([*above, *wish, *below])
    return Trial("moved", _joined([*above, *wanted, *below]), (Piece(_joined(wanted), _joined(wish)),), right)


def _reindented(lines: list[str], first: int, wanted: list[str], chance: random.Random) -> Trial:
    """The anchor stands in a block by now: the same text, further right."""
    wish = _wish(wanted, chance)
    shift = chance.choice(["    ", "  ", "\t"])
    deeper = [shift + line if line.strip() else line for line in wanted]
    right = [shift + line if line.strip() else line for line in wish]
    text = _joined([*lines[:first], *deeper, *lines[first + len(wanted) :]])
    pieces = (Piece(_joined(wanted), _joined(wish)),)
    return Trial(
        "re-indented", text, pieces, _joined([*lines[:first], *right, *lines[first + len(wanted) :]])
    )


def _blanks(lines: list[str], first: int, wanted: list[str], chance: random.Random) -> Trial:
    """The file has blanks at the ends of the anchor's lines."""
    at = chance.randrange(len(wanted))
    there = [line + "  " if number == at else line for number, line in enumerate(wanted)]
    wish = [*wanted, f"added_{chance.randrange(10**6)} = 1"]
    text = _joined([*lines[:first], *there, *lines[first + len(wanted) :]])
    right = _joined([*lines[:first], *there, wish[-1], *lines[first + len(wanted) :]])
    return Trial("blanks", text, (Piece(_joined(wanted), _joined(wish)),), right)


def _repeated(lines: list[str], first: int, wanted: list[str], chance: random.Random) -> Trial:
    at = chance.randrange(len(lines))
    while first < at < first + len(wanted):
        at = chance.randrange(len(lines))
    text = _joined([*lines[:at], *wanted, *lines[at:]])
    return Trial("repeated", text, (Piece(_joined(wanted), _joined(_wish(wanted, chance))),), None)


def _repeated_reindented(lines: list[str], first: int, wanted: list[str], chance: random.Random) -> Trial:
    """The anchor stands twice, each time further right than it says."""
    deeper = [[shift + line if line.strip() else line for line in wanted] for shift in ("    ", "        ")]
    at = chance.choice([0, first + len(wanted)])
    there = [*lines[:first], *deeper[0], *lines[first + len(wanted) :]]
    text = _joined([*there[:at], *deeper[1], *there[at:]])
    return Trial(
        "repeated, re-indented", text, (Piece(_joined(wanted), _joined(_wish(wanted, chance))),), None
    )


def _crlf(lines: list[str], first: int, wanted: list[str], chance: random.Random) -> Trial:
    trial = _exact(lines, first, wanted, chance)
    return Trial(
        "crlf", trial.text.replace("\n", "\r\n"), trial.pieces, (trial.right or "").replace("\n", "\r\n")
    )


def _no_last_break(lines: list[str], first: int, wanted: list[str], chance: random.Random) -> Trial:
    """The anchor's last line is the file's, and has no line break."""
    above = lines[: first + len(wanted)]
    trial = _exact(above, first, wanted, chance)
    return Trial("no last break", trial.text[:-1], trial.pieces, (trial.right or "")[:-1])


def _diff(lines: list[str], first: int, wanted: list[str], chance: random.Random) -> Trial:
    """A unified diff whose line numbers are those of another time."""
    trial = _exact(lines, first, wanted, chance)
    after = (trial.right or "").removesuffix("\n").split("\n")
    diff = [
        line.rstrip("\n")
        for line in difflib.unified_diff(lines, after, f"a/{PATH}", f"b/{PATH}", lineterm="")
    ]
    drift = chance.randint(1, 30)
    body = [re.sub(r"^@@ -(\d+)", lambda found: f"@@ -{int(found[1]) + drift}", line) for line in diff]
    answer = "\n".join([f"EDIT: {PATH}", "-----", *body, "-----", ""])
    return Trial("diff", trial.text, (), trial.right, answer)


def _several(lines: list[str], first: int, wanted: list[str], chance: random.Random) -> Trial:
    """Two pieces, in any order; the other one adds a line between two lines that stand once."""
    wish = _wish(wanted, chance)
    pieces = [Piece(_joined(wanted), _joined(wish))]
    right = [*lines[:first], *wish, *lines[first + len(wanted) :]]
    for at in chance.sample(range(len(lines) - 1), len(lines) - 1):
        there = lines[at : at + 2]
        apart = at + 2 <= first or at >= first + len(wanted)
        if apart and all(len(line.strip()) > 8 for line in there) and count_of(there, lines) == 1:
            added = f"# added {chance.randrange(10**6)}"
            pieces.append(Piece(_joined(there), _joined([there[0], added, there[1]])))
            place = next(n for n in range(len(right)) if right[n : n + 2] == there)
            right = [*right[: place + 1], added, *right[place + 1 :]]
            break
    chance.shuffle(pieces)
    return Trial("several", _joined(lines), tuple(pieces), _joined(right))


def _changed(lines: list[str], first: int, wanted: list[str], chance: random.Random) -> Trial:
    """One line of the anchor is another one by now."""
    at = chance.randrange(len(wanted))
    there = [line + " # changed since" if number == at else line for number, line in enumerate(wanted)]
    text = _joined([*lines[:first], *there, *lines[first + len(wanted) :]])
    return Trial("changed", text, (Piece(_joined(wanted), _joined(_wish(wanted, chance))),), None)


def _absent(lines: list[str], first: int, wanted: list[str], chance: random.Random) -> Trial:
    text = _joined([*lines[:first], *lines[first + len(wanted) :]])
    return Trial("absent", text, (Piece(_joined(wanted), _joined(_wish(wanted, chance))),), None)


KIND_MAKERS = dict(
    zip(
        KINDS,
        (
            _exact, _moved, _reindented, _blanks, _crlf, _no_last_break, _diff, _several, _repeated,
            _repeated_reindented, _changed, _absent,
        ),
        strict=True,
    )
)  # fmt: skip


def outcome(trial: Trial) -> str:
    """``right``, ``refused`` (with a diagnostic of an error) or ``wrong``; through text, as an answer comes."""
    answer = parse(trial.answer or render(Submission(edits=(Edit(PATH, trial.pieces),))))
    if [d.code for d in answer.diagnostics] != (["edit-diff"] if trial.answer else []):
        return "wrong"
    applied = apply_edits(answer.submission, {PATH: trial.text})
    if not applied.submission.files:
        return "refused" if any(d.severity == "error" for d in applied.diagnostics) else "wrong"
    tolerated = trial.kind in {"re-indented", "blanks"}
    told = bool(applied.diagnostics) == tolerated
    return "right" if applied.submission.files[0].text == trial.right and told else "wrong"


if __name__ == "__main__":
    main()
