import subprocess
from pathlib import Path

import pytest

from prompts.errors import StoreError, UnsafePathError
from sandbox.workspace import Workspace, lay_out


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "code.git")


def git(workspace: Workspace, *args: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(workspace.folder), *args], capture_output=True, text=True, check=True
    )
    return done.stdout


FILES = {"app/main.py": "print('hi')\n", "app-x.py": "", "README.md": "# ü\n", "app.py": "x\n"}


def test_commits_are_rounds_of_a_branch(workspace: Workspace) -> None:
    workspace.commit("samples/a", 1, FILES, "Round 1")
    workspace.commit("samples/a", 2, {**FILES, "b.py": "y\n"}, "Round 2")
    assert git(workspace, "log", "--format=%s", "samples/a").split("\n")[:2] == ["Round 2", "Round 1"]
    assert git(workspace, "diff", "--name-only", "samples/a~1", "samples/a").strip() == "b.py"
    assert workspace.files("samples/a") == {**FILES, "b.py": "y\n"}


def test_repository_is_sound(workspace: Workspace) -> None:
    workspace.save_response("a", "build-1", b"raw \xff answer")
    workspace.commit("samples/a", 1, FILES, "Round 1")
    assert git(workspace, "fsck", "--strict", "--no-dangling") == ""


def test_a_round_that_is_there_already_is_replaced(workspace: Workspace) -> None:
    workspace.commit("samples/a", 1, FILES, "Round 1")
    workspace.commit("samples/a", 2, {"a.py": "1\n"}, "Round 2, killed before it was told")
    workspace.commit("samples/a", 2, {"a.py": "2\n"}, "Round 2")
    assert git(workspace, "log", "--format=%s", "samples/a").split("\n")[:2] == ["Round 2", "Round 1"]


def test_raw_answers_are_kept_byte_for_byte(workspace: Workspace) -> None:
    blob = workspace.save_response("a", "build-1", b"raw \xff\r\n answer")
    assert Workspace(workspace.folder).response(blob) == b"raw \xff\r\n answer"
    assert blob in git(workspace, "for-each-ref", "refs/backsmith/")


def test_missing_answer_is_told(workspace: Workspace) -> None:
    with pytest.raises(StoreError, match="missing"):
        workspace.response("ab" * 20)


@pytest.mark.parametrize("path", ["../x", "/x", "a//b", ".git/config", "a/.GIT/x", "a/./b", ""])
def test_paths_that_are_not_plain_are_refused(workspace: Workspace, tmp_path: Path, path: str) -> None:
    with pytest.raises(UnsafePathError):
        workspace.commit("samples/a", 1, {path: "x"}, "m")
    assert workspace.files("samples/a") == {}


def test_a_file_that_is_a_folder_too_is_refused(workspace: Workspace) -> None:
    with pytest.raises(UnsafePathError, match="is a file as well"):
        workspace.commit("samples/a", 1, {"a": "x", "a/b": "y"}, "m")


def test_lay_out_writes_bytes_as_they_are(tmp_path: Path) -> None:
    lay_out({"a/b.txt": "one\r\ntwo\u2028\n"}, tmp_path)
    assert (tmp_path / "a/b.txt").read_bytes() == "one\r\ntwo\u2028\n".encode()


def test_lay_out_stays_inside(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(UnsafePathError):
        lay_out({"../out": "x"}, tmp_path / "in")
    assert not (tmp_path / "out").exists()
