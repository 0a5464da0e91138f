"""The guard that runs inside the sandbox: what it sees of what a project does to the test machinery."""

import importlib.util
import unittest.runner
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

import sandbox.toolchains.python as toolchain

RUN = "TextTestRunner.run was replaced"


@pytest.fixture
def guard() -> Any:
    """It watches a project in /work."""
    place = Path(toolchain.__file__).parent / "inside" / "backsmith_guard.py"
    spec = importlib.util.spec_from_file_location("backsmith_guard", place)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    guard = module.Guard()
    guard.folder = "/work"
    return guard


def function(place: str) -> FunctionType:
    """A function whose source stands in that file."""
    names: dict[str, Any] = {}
    exec(compile("def run(self, test): pass", place, "exec"), names)
    found: FunctionType = names["run"]
    return found


def test_nothing_is_told_where_nothing_changed(guard: Any) -> None:
    assert guard.changes() == []


@pytest.mark.parametrize("place", ["/work/conftest.py", "conftest.py", "<string>"])
def test_what_a_project_puts_in_place_of_something_is_told_once(
    guard: Any, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(unittest.runner.TextTestRunner, "run", function(place))
    assert guard.changes() == [RUN]
    assert guard.changes() == []
    monkeypatch.setattr(unittest.runner.TextTestRunner, "run", function(place))
    assert guard.changes() == [RUN]


def test_another_code_in_the_same_function_is_told(guard: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run = unittest.runner.TextTestRunner.run
    monkeypatch.setattr(run, "__code__", function("/work/conftest.py").__code__)
    assert guard.changes() == [RUN]


def test_what_is_gone_is_told(guard: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(unittest.runner.TextTestRunner, "run")
    assert guard.changes() == [RUN]


def test_what_an_installed_plugin_changes_is_no_business_of_the_project(
    guard: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unittest.runner.TextTestRunner, "run", function("/env/plugin.py"))
    assert guard.changes() == []
