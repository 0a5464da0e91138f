"""Labelled code for benchmarks/checklist.py: where each public set keeps its labels, and what they say."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evals.code.files import language_of

REACH = 4
SQL_RULES = re.compile(r"sqli|sql-|sql_|raw-query|sqlalchemy")
NO_SQL_RULES = r"correctness|performance|distinct|jwt|nosql|mongo|\.fixed\."
SECRET_RULES = re.compile(r"jwt-hardcode|hardcoded-token|session-hardcoded-secret|passport-hardcode")
_LABEL = re.compile(r"(?:#|//|/\*)\s*(ruleid|ok)\s*:")


@dataclass(frozen=True)
class Label:
    """One labelled place: ``line`` 0 is the whole file."""

    path: Path
    line: int
    last: int
    bad: bool


def semgrep_labels(folder: Path, rules: re.Pattern[str], *, but: str) -> Iterator[Label]:
    """``ruleid:`` and ``ok:`` comments: the next line of code is what they speak of."""
    for path in sorted(p for name in ("python", "javascript", "go") for p in (folder / name).rglob("*")):
        named = rules.search(str(path)) and not re.search(but, str(path))
        if not (path.is_file() and language_of(path.name) and named):
            continue
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
        found: dict[int, bool] = {}
        for number, line in enumerate(lines, 1):
            match = _LABEL.search(line)
            if match:
                at = next((i for i in range(number, len(lines)) if _code(lines[i])), number)
                found[at + 1] = found.get(at + 1, False) or match[1] == "ruleid"
        starts = sorted(found)
        for start, following in zip(starts, [*starts[1:], 10**9], strict=True):
            last = _end(path, "\n".join(lines), start, following - 1)
            if found[start]:
                # often the label stands where the value comes from, and the query a little below
                last = max(last, min(start + REACH, following - 1))
            yield Label(path, start, last, found[start])


def _end(path: Path, text: str, start: int, most: int) -> int:
    """The last line of the statement at ``start`` in Python, four lines further in other languages."""
    if path.suffix == ".py":
        try:
            ends = [
                s.end_lineno or 0
                for s in ast.walk(ast.parse(text))
                if isinstance(s, ast.stmt) and s.lineno == start
            ]
        except SyntaxError:
            ends = []
        if ends:
            return min(max(ends), most)
    return min(start + REACH, most)


def _code(line: str) -> bool:
    return bool(line.strip()) and not line.strip().startswith(("#", "//", "/*"))


def bandit_labels(folder: Path) -> Iterator[Label]:
    """Bandit's own examples: statements under ``# bad`` and ``# good`` comments."""
    for name in ("sql_statements.py", "sql_multiline_statements.py"):
        path = folder / "examples" / name
        text = path.read_text(encoding="utf-8")
        lines = text.split("\n")
        for stmt in ast.parse(text).body:
            kept = "\n".join(lines[stmt.lineno - 1 : stmt.end_lineno])
            if not isinstance(stmt, (ast.Assign, ast.Expr)) or "nosec" in kept:
                continue
            heads = (x for x in reversed(lines[: stmt.lineno - 1]) if _HEAD.match(x))
            above = next(heads, "")
            if above.startswith(("# bad", "# good")):
                yield Label(path, stmt.lineno, stmt.end_lineno or stmt.lineno, above.startswith("# bad"))
    path = folder / "examples" / "hardcoded-passwords.py"
    lines = path.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines, 1):
        match = re.match(r"\s*# (?:Possible hardcoded password: (.*)|\.\.\. but not:)", line)
        if match:
            at = next(i for i in range(number, len(lines)) if _code(lines[i])) + 1
            yield Label(path, at, at, bad=bool(match[1]) and match[1] not in {"''", "None"})


_HEAD = re.compile(r"# (bad|good|bug|skip|real|nosec)")


def securityeval_labels(folder: Path, bad: set[str]) -> list[Label]:
    """SecurityEval: each file's folder names its weakness."""
    files = sorted((folder / "Testcases_Insecure_Code").rglob("*.py"))
    return [Label(p, 0, 0, p.parent.name in bad) for p in files]


def cweval_labels(folder: Path, weakness: str) -> list[Label]:
    """CWEval: ``..._unsafe`` has the weakness that its name tells, ``..._task`` is the safe answer."""
    found = []
    for path in sorted((folder / "benchmark" / "core").rglob("cwe_*")):
        kind = path.stem.rpartition("_")[2]
        if kind in {"unsafe", "task"} and path.suffix in {".py", ".js", ".go"}:
            found.append(Label(path, 0, 0, kind == "unsafe" and path.name.startswith(f"cwe_{weakness}_")))
    return found


def vulpy_labels(folder: Path) -> list[Label]:
    """vulpy: its bad application builds one query from texts, its good one none."""
    files = sorted(p for part in ("bad", "good") for p in (folder / part).glob("*.py"))
    return [Label(p, 0, 0, p.parent.name == "bad" and p.name == "libuser.py") for p in files]
