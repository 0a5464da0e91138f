"""Measures the checklist on labelled code: precision and recall, with Bandit and detect-secrets on the same files.

    python benchmarks/checklist.py --semgrep DIR --bandit-examples DIR --securityeval DIR --vulpy DIR --cweval DIR \
        --bandit .../bin/bandit --detect-secrets .../bin/detect-secrets [--misses]

Every folder is a checkout of the public repository of that name; what is not given is left out. Without any, the cases
that ship with the tests are measured, and the time that the static part takes. The table is Markdown, for
docs/checklist.md. A label is a statement: a finding counts for it where it names one of its lines or, for what is
labelled bad, one of the next four before the next label. Where a set labels whole files, so does the count.
"""

import argparse
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.checklist_sets import (
    NO_SQL_RULES,
    SECRET_RULES,
    SQL_RULES,
    Label,
    bandit_labels,
    cweval_labels,
    securityeval_labels,
    semgrep_labels,
    vulpy_labels,
)
from benchmarks.checklist_speed import speed
from benchmarks.checklist_tools import ITEMS, Other, tools_for
from evals.code.files import language_of
from evals.code.view import build_view
from evals.verdict import Verdict

SQL, SECRETS = "sql-parameterized", "no-hardcoded-secrets"
CASES = Path(__file__).parent.parent / "tests" / "evals" / "checklist" / "cases"


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
    """Counts by set, item, language and tool. ``misses`` has our own errors told on standard error."""

    programs: dict[str, str]
    misses: bool = False
    rows: dict[tuple[str, str, str, str], Count] = field(default_factory=lambda: defaultdict(Count))

    def add(self, name: str, item: str, labels: list[Label]) -> None:
        for tool, find in tools_for(item, self.programs).items():
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
                if self.misses and tool == "backsmith" and hit != label.bad:
                    print(
                        "missed" if label.bad else "false",
                        item,
                        f"{label.path}:{label.line}",
                        file=sys.stderr,
                    )

    def show(self) -> None:
        print("| set | item | language | tool | found | recall | precision | false alarms | rate |")
        print("|---|---|---|---|---|---|---|---|---|")
        for key, count in self.rows.items():
            print("| " + " | ".join(key) + " | " + count.row() + " |")


def case_rows(table: Table) -> None:
    """The cases of our own tests: a fail is bad, all else is good."""
    from prompts.task import Task

    for path in sorted(CASES.glob("*/*.yaml")):
        case = yaml.safe_load(path.read_text(encoding="utf-8"))
        task = Task(**case["task"]) if "task" in case else None
        verdict = ITEMS[path.parent.name](build_view(case["files"], task=task)).verdict
        table.rows["own cases", path.parent.name, "all", "backsmith"].add(
            bad=case["expect"] == "fail", found=verdict is Verdict.FAIL
        )


def snippet_rows(table: Table) -> None:
    """Our own snippets, a file each: secrets with their fallbacks, and the ways into a query's text."""
    secrets = yaml.safe_load((CASES / "secrets.yaml").read_text(encoding="utf-8"))
    python = yaml.safe_load((CASES / "python_sql.yaml").read_text(encoding="utf-8"))
    others = yaml.safe_load((CASES / "other_sql.yaml").read_text(encoding="utf-8"))
    queries = {"a.py": python} | others
    with tempfile.TemporaryDirectory() as folder:
        for item, kinds in (
            (SECRETS, [(True, secrets["secret"]), (False, secrets["safe"])]),
            (
                SQL,
                [
                    (bad, {p: q["bad" if bad else "safe"] for p, q in queries.items()})
                    for bad in (True, False)
                ],
            ),
        ):
            labels = []
            for bad, snippets in kinds:
                for name, texts in snippets.items():
                    if not language_of(name) or "test" in name:
                        continue
                    for number, text in enumerate(texts):
                        path = Path(folder) / f"{item[:3]}{bad}{number}{Path(name).suffix}"
                        path.write_text(text + "\n", encoding="utf-8")
                        labels.append(Label(path, 0, 0, bad))
            table.add("own snippets", item, labels)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("semgrep", "bandit-examples", "securityeval", "vulpy", "cweval"):
        parser.add_argument(f"--{name}", type=Path)
    for name in ("bandit", "detect-secrets"):
        parser.add_argument(f"--{name}", default="")
    parser.add_argument("--misses", action="store_true", help="name what we missed or flagged wrongly")
    given = parser.parse_args()
    table = Table({"bandit": given.bandit, "detect-secrets": given.detect_secrets}, given.misses)
    if given.semgrep:
        labels = list(semgrep_labels(given.semgrep, SQL_RULES, but=NO_SQL_RULES))
        table.add("semgrep-rules", SQL, labels)
        table.add(
            "semgrep-rules", SECRETS, list(semgrep_labels(given.semgrep, SECRET_RULES, but=r"\.fixed\."))
        )
    if given.bandit_examples:
        labels = list(bandit_labels(given.bandit_examples))
        queries = [x for x in labels if x.path.name.startswith("sql")]
        table.add("bandit examples", SQL, queries)
        table.add("bandit examples", SECRETS, [x for x in labels if x not in queries])
    if given.securityeval:
        table.add("SecurityEval", SQL, securityeval_labels(given.securityeval, {"CWE-089"}))
        weaknesses = {"CWE-259", "CWE-798", "CWE-321"}
        table.add("SecurityEval", SECRETS, securityeval_labels(given.securityeval, weaknesses))
    if given.cweval:
        table.add("CWEval", SQL, cweval_labels(given.cweval, "943"))
    if given.vulpy:
        table.add("vulpy", SQL, vulpy_labels(given.vulpy))
    snippet_rows(table)
    case_rows(table)
    table.show()
    print()
    speed()


if __name__ == "__main__":
    main()
