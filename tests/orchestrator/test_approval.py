"""The design before the building: accepted, edited, refused, and not asked about twice."""

import io
import sys
from pathlib import Path

import pytest

from orchestrator.approval import DesignRefusedError, approval
from prompts.errors import ConfigError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Person:
    """Somebody at a terminal."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch

    def approve(self, run: Path, typed: str, design: str = "# Design\n") -> str:
        self.patch.setattr(sys, "stdin", Terminal(typed))
        self.patch.setattr(sys, "stderr", Terminal())
        approve = approval(run, asked=True)
        assert approve is not None
        return approve(design)


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Person:
    return Person(monkeypatch)


def test_accepted_it_is_built_as_it_is_and_not_asked_again(person: Person, tmp_path: Path) -> None:
    assert person.approve(tmp_path, "what?\ny\n") == "# Design\n"
    assert person.approve(tmp_path, "", "# Another\n") == "# Design\n"


def test_edited_in_the_editor(person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\necho "- and a cache" >> "$1"\n', encoding="utf-8")
    editor.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(editor))
    assert person.approve(tmp_path, "e\ny\n") == "# Design\n- and a cache\n"


def test_refused_nothing_is_built(person: Person, tmp_path: Path) -> None:
    for typed in ("n\n", ""):
        with pytest.raises(DesignRefusedError):
            person.approve(tmp_path, typed)


def test_an_editor_that_is_not_there_is_said(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", str(tmp_path / "nowhere"))
    with pytest.raises(ConfigError, match="cannot be used"):
        person.approve(tmp_path, "e\n")


def test_nobody_is_asked_off_a_terminal_or_with_yes(tmp_path: Path) -> None:
    assert approval(tmp_path, asked=False) is None
