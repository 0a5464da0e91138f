"""Measures the checklist on labelled code: precision and recall, with Bandit and detect-secrets on the same files.

    python benchmarks/checklist.py --semgrep DIR --bandit-examples DIR --securityeval DIR --vulpy DIR \
        --bandit .../bin/bandit --detect-secrets .../bin/detect-secrets

Every folder is a checkout of the public repository of that name; what is not given is left out. Without any, the cases
that ship with the tests are measured, and the time that the static part takes. The table is Markdown, for
docs/checklist.md. A label is a statement: a finding counts for it where it names one of its lines or, for what is
labelled bad, one of the next four before the next label. Where a set labels whole files, so does the count.
"""

import argparse
import ast
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parent.parent))

from evals.checklist import judge
from evals.checklist.registry import checks
from evals.code.files import language_of
from evals.code.view import build_view
from evals.verdict import Verdict

ITEMS = {check.__module__.rpartition(".")[2].replace("_", "-"): check for check in checks()}
BANDIT_TESTS = {
    "sql-parameterized": {"B608", "B610", "B611"},
    "no-hardcoded-secrets": {"B105", "B106", "B107"},
}
REACH = 4
_LABEL = re.compile(r"(?:#|//|/\*)\s*(ruleid|ok)\s*:")
_SQL_RULES = re.compile(r"sqli|sql-|sql_|raw-query|sqlalchemy")
_NO_SQL_RULES = r"correctness|performance|distinct|jwt|nosql|mongo|\.fixed\."
_SECRET_RULES = re.compile(r"jwt-hardcode|hardcoded-token|session-hardcoded-secret|passport-hardcode")


@dataclass(frozen=True)
class Label:
    """One labelled place: ``line`` 0 is the whole file."""

    path: Path
    line: int
    last: int
    bad: bool


@dataclass
class Count:
    """What a tool found of the labels."""

    hit: int = 0
    missed: int = 0
    false: int = 0
    silent: int = 0

    def add(self, *, bad: bool, found: bool) -> None:
        if bad:
            self.hit, self.missed = self.hit + found, self.missed + (not found)
        else:
            self.false, self.silent = self.false + found, self.silent + (not found)

    def row(self) -> str:
        bad, good = self.hit + self.missed, self.false + self.silent
        recall = f"{self.hit / bad:.3f}" if bad else "-"
        alarms = f"{self.false / good:.3f}" if good else "-"
        precision = f"{self.hit / (self.hit + self.false):.3f}" if self.hit + self.false else "-"
        return f"{self.hit}/{bad} | {recall} | {precision} | {self.false}/{good} | {alarms}"


@dataclass
class Table:
    """Counts by set, item, language and tool."""

    rows: dict[tuple[str, str, str, str], Count] = field(default_factory=lambda: defaultdict(Count))

    def add(
        self, name: str, item: str, labels: list[Label], tools: dict[str, Callable[[Path], set[int]]]
    ) -> None:
        for tool, find in tools.items():
            lines: dict[Path, set[int]] = {}
            if isinstance(find, Other) and labels:
                find.prime(sorted({label.path for label in labels}))
            for label in labels:
                if label.path not in lines:
                    lines[label.path] = find(label.path)
                found = lines[label.path]
                hit = bool(found) if not label.line else any(label.line <= x <= label.last for x in found)
                language = language_of(label.path.name) or "other"
                if tool == "bandit" and language != "python":
                    continue
                self.rows[name, item, language, tool].add(bad=label.bad, found=hit)

    def show(self) -> None:
        print("| set | item | language | tool | found | recall | precision | false alarms | rate |")
        print("|---|---|---|---|---|---|---|---|---|")
        for key, count in self.rows.items():
            print("| " + " | ".join(key) + " | " + count.row() + " |")


def ours(item: str) -> Callable[[Path], set[int]]:
    """The lines that an item's evidence names where it fails."""

    def find(path: Path) -> set[int]:
        text = path.read_text(encoding="utf-8", errors="replace")
        result = ITEMS[item](build_view({re.sub("test", "t", path.name): text}))
        return {e.line for e in result.evidence} if result.verdict is Verdict.FAIL else set()

    return find


class Other:
    """Another analyser, run once on all files of a set."""

    def __init__(self, run: Callable[[list[Path]], dict[Path, set[int]]]) -> None:
        self._run = run
        self._found: dict[Path, set[int]] = {}

    def prime(self, paths: list[Path]) -> None:
        self._found = self._run(paths)

    def __call__(self, path: Path) -> set[int]:
        return self._found.get(path, set())


def bandit(program: str, item: str) -> Other:
    """The lines of Bandit's findings that belong to an item."""

    def run(paths: list[Path]) -> dict[Path, set[int]]:
        targets = [str(path) for path in paths if path.suffix == ".py"]
        done = subprocess.run(
            [program, "-q", "-f", "json", *targets], capture_output=True, text=True, check=False
        )
        lines: dict[Path, set[int]] = defaultdict(set)
        for found in json.loads(done.stdout or "{}").get("results", []):
            if found["test_id"] in BANDIT_TESTS.get(item, set()):
                lines[Path(found["filename"])].update(found["line_range"])
        return lines

    return Other(run)


def detect_secrets(program: str) -> Other:
    """The lines that detect-secrets reports."""

    def run(paths: list[Path]) -> dict[Path, set[int]]:
        root = Path(os.path.commonpath([path.parent for path in paths]))
        command = [program, "scan", "--all-files", *(str(path.relative_to(root)) for path in paths)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
        results = json.loads(done.stdout or "{}").get("results", {})
        return {root / name: {entry["line_number"] for entry in entries} for name, entries in results.items()}

    return Other(run)


def semgrep_labels(folder: Path, rules: re.Pattern[str], *, but: str) -> Iterator[Label]:
    """``ruleid:`` and ``ok:`` comments: the next line of code is what they speak of."""
    for path in sorted(p for name in ("python", "javascript", "go") for p in (folder / name).rglob("*")):
        if not (path.is_file() and language_of(path.name) and rules.search(str(path))) or re.search(
            but, str(path)
        ):
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
            if found[
                start
            ]:  # often the label stands where the value comes from, and the query a little below
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
            if not isinstance(stmt, (ast.Assign, ast.Expr)) or "nosec" in "\n".join(
                lines[stmt.lineno - 1 : stmt.end_lineno]
            ):
                continue
            above = next(
                (
                    x
                    for x in reversed(lines[: stmt.lineno - 1])
                    if re.match(r"# (bad|good|bug|skip|real|nosec)", x)
                ),
                "",
            )
            if above.startswith(("# bad", "# good")):
                yield Label(path, stmt.lineno, stmt.end_lineno or stmt.lineno, above.startswith("# bad"))
    path = folder / "examples" / "hardcoded-passwords.py"
    text = path.read_text(encoding="utf-8")
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        match = re.match(r"\s*# (?:Possible hardcoded password: (.*)|\.\.\. but not:)", line)
        if match:
            at = next(i for i in range(number, len(lines)) if _code(lines[i])) + 1
            yield Label(path, at, at, bad=bool(match[1]) and match[1] not in {"''", "None"})


def file_labels(folder: Path, bad: set[str]) -> list[Label]:
    """SecurityEval: each file's folder names its weakness."""
    files = sorted((folder / "Testcases_Insecure_Code").rglob("*.py"))
    return [Label(p, 0, 0, p.parent.name in bad) for p in files]


def case_rows(table: Table) -> None:
    """The cases of our own tests: a fail is bad, all else is good."""
    root = Path(__file__).parent.parent / "tests" / "evals" / "checklist" / "cases"
    from prompts.task import Task

    for path in sorted(root.glob("*/*.yaml")):
        case = yaml.safe_load(path.read_text(encoding="utf-8"))
        task = Task(**case["task"]) if "task" in case else None
        verdict = ITEMS[path.parent.name](build_view(case["files"], task=task)).verdict
        languages = sorted({language for p in case["files"] if (language := language_of(p))}) or ["other"]
        found = verdict is Verdict.FAIL
        table.rows["own cases", path.parent.name, languages[0], "backsmith"].add(
            bad=case["expect"] == "fail", found=found
        )


def fallback_rows(table: Table, tools: dict[str, str]) -> None:
    """Secrets and their fallbacks, one snippet each, as the tests hold them."""
    from tests.evals.checklist.test_secrets import FINE, SECRETS

    with tempfile.TemporaryDirectory() as folder:
        for bad, snippets in ((True, SECRETS), (False, FINE)):
            labels = []
            for name, texts in snippets.items():
                if not language_of(name) or "test" in name:
                    continue
                for number, text in enumerate(texts):
                    path = Path(folder) / f"{bad}{number}{Path(name).suffix}"
                    path.write_text(text + "\n", encoding="utf-8")
                    labels.append(Label(path, 0, 0, bad))
            table.add("own fallbacks", "no-hardcoded-secrets", labels, secret_tools(tools))


def secret_tools(tools: dict[str, str]) -> dict[str, Callable[[Path], set[int]]]:
    found: dict[str, Callable[[Path], set[int]]] = {"backsmith": ours("no-hardcoded-secrets")}
    if tools.get("bandit"):
        found["bandit"] = bandit(tools["bandit"], "no-hardcoded-secrets")
    if tools.get("detect-secrets"):
        found["detect-secrets"] = detect_secrets(tools["detect-secrets"])
    return found


def sql_tools(tools: dict[str, str]) -> dict[str, Callable[[Path], set[int]]]:
    found: dict[str, Callable[[Path], set[int]]] = {"backsmith": ours("sql-parameterized")}
    if tools.get("bandit"):
        found["bandit"] = bandit(tools["bandit"], "sql-parameterized")
    return found


def speed() -> None:
    """The static part on each recording, in CPU time, beside what parsing the same Python takes by itself."""
    from evals.suites.recordings import recordings_folder

    print(
        "| recording | files | static part, ms | per file, ms | times Python's own parse |\n|---|---|---|---|---|"
    )
    for folder in sorted(p for p in recordings_folder().iterdir() if (p / "response.md").is_file()):
        text = (folder / "response.md").read_text(encoding="utf-8")
        blocks = re.findall(r"^FILE: (\S+)\n(-{3,})\n(.*?)^\2\n", text, re.MULTILINE | re.DOTALL)
        files = {path: body for path, _, body in blocks}
        python = [body for path, body in files.items() if path.endswith(".py")]
        judge(build_view(files))
        spent = min(_cpu(lambda files=files: judge(build_view(files))) for _ in range(5))
        bare = min(_cpu(lambda python=python: [ast.parse(body) for body in python]) for _ in range(5))
        ratio = f"{spent / bare:.1f}" if python else "-"
        print(
            f"| {folder.name} | {len(files)} | {spent * 1000:.0f} | {spent * 1000 / len(files):.1f} | {ratio} |"
        )


def _cpu(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("semgrep", "bandit-examples", "securityeval", "vulpy"):
        parser.add_argument(f"--{name}", type=Path)
    for name in ("bandit", "detect-secrets"):
        parser.add_argument(f"--{name}", default="")
    given = parser.parse_args()
    tools = {"bandit": given.bandit, "detect-secrets": given.detect_secrets}
    table = Table()
    if given.semgrep:
        table.add(
            "semgrep-rules",
            "sql-parameterized",
            list(semgrep_labels(given.semgrep, _SQL_RULES, but=_NO_SQL_RULES)),
            sql_tools(tools),
        )
        labels = list(semgrep_labels(given.semgrep, _SECRET_RULES, but=r"\.fixed\."))
        table.add("semgrep-rules", "no-hardcoded-secrets", labels, secret_tools(tools))
    if given.bandit_examples:
        labels = list(bandit_labels(given.bandit_examples))
        queries = [x for x in labels if x.path.name.startswith("sql")]
        table.add("bandit examples", "sql-parameterized", queries, sql_tools(tools))
        rest = [x for x in labels if x not in queries]
        table.add("bandit examples", "no-hardcoded-secrets", rest, secret_tools(tools))
    if given.securityeval:
        table.add(
            "SecurityEval",
            "sql-parameterized",
            file_labels(given.securityeval, {"CWE-089"}),
            sql_tools(tools),
        )
        labels = file_labels(given.securityeval, {"CWE-259", "CWE-798", "CWE-321"})
        table.add("SecurityEval", "no-hardcoded-secrets", labels, secret_tools(tools))
    if given.vulpy:
        files = sorted(p for part in ("bad", "good") for p in (given.vulpy / part).glob("*.py"))
        labels = [Label(p, 0, 0, p.parent.name == "bad" and p.name == "libuser.py") for p in files]
        table.add("vulpy", "sql-parameterized", labels, sql_tools(tools))
    fallback_rows(table, tools)
    case_rows(table)
    table.show()
    print()
    speed()


if __name__ == "__main__":
    main()
