"""Each recording with one fault put in by hand: its item catches it, and no other item cries."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import yaml

from evals.checklist import judge
from evals.code.view import build_view
from evals.suites.recordings import recordings_folder
from evals.verdict import Verdict
from prompts.task import Task
from prompts.taskfile import load_task

NAMES = ("auth-fastapi", "shortener-fastapi", "notes-flask", "wallet-fastapi", "blog-express", "catalog-gin")


@cache
def recording(name: str) -> tuple[dict[str, str], Task]:
    """The files of a recording. They are all in canonical form, so a plain split is enough here."""
    folder = Path(recordings_folder()) / name
    text = (folder / "response.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^FILE: (\S+)\n(-{3,})\n(.*?)^\2\n", text, re.MULTILINE | re.DOTALL)
    return {path: body for path, _, body in blocks}, load_task(folder / "task.yaml")


@dataclass(frozen=True)
class Fault:
    name: str
    item: str
    path: str
    edits: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"{self.item}-{self.name}-{self.path.rpartition('/')[2]}"


def _faults() -> list[Fault]:
    text = (Path(__file__).parent / "cases" / "faults.yaml").read_text(encoding="utf-8")
    entries = yaml.safe_load(text)
    return [
        Fault(e["recording"], e["item"], e["path"], tuple((edit["old"], edit["new"]) for edit in e["edits"]))
        for e in entries
    ]


FAULTS = _faults()
WHAT_APPLIES_NOT = {"wallet-fastapi": {"auth-required"}}


@pytest.mark.parametrize("name", NAMES)
def test_the_recordings_are_good_code(name: str) -> None:
    files, task = recording(name)
    for result in judge(build_view(files, task=task)):
        absent = result.item in WHAT_APPLIES_NOT.get(name, ())
        assert result.verdict is (Verdict.NOT_APPLICABLE if absent else Verdict.PASS), result


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_is_caught_by_its_item_and_by_no_other(fault: Fault) -> None:
    files, task = recording(fault.name)
    text = files[fault.path]
    for old, new in fault.edits:
        assert old in text, old
        text = text.replace(old, new)
    results = judge(build_view({**files, fault.path: text}, task=task))
    failed = {r.item: r.evidence for r in results if r.verdict is Verdict.FAIL}
    assert set(failed) == {fault.item}
    assert any(e.path for e in failed[fault.item])
