"""Repositories of all kinds, as ``run --into`` opens them and hands them a branch: each right, or a clear error."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from orchestrator.into.workplace import Workplace, open_source, open_workplace
from prompts.errors import ConfigError
from sandbox.repository import uncommitted
from sandbox.repository.source import SourceRepository
from tests.sandbox.repository.conftest import Made, made

__all__ = ["made"]


def handed_over(folder: Path, clone: Path, uncommitted: str = "refuse") -> tuple[Workplace, str]:
    """What ``run --into`` does with a repository, but for the model: the place, and the branch's files."""
    source, origin, changes = open_source(folder, None, uncommitted)
    clone.mkdir()
    place = open_workplace(source, origin, changes, clone)
    tip = place.clone.commit({"new.py": b"n\n"}, {}, "Round 1")
    branch = source.free_branch("task")
    source.hand_over(place.clone, branch, tip)
    return place, source.git.text("ls-tree", "-r", "--name-only", branch)


def test_clones_of_all_kinds_are_worked_in(made: Made, tmp_path: Path) -> None:
    """Shallow, partial, with borrowed objects, and with nothing checked out but a commit."""
    made.commit({"a.py": "a\n", "old.bin": b"\0old"})
    made.git("config", "uploadpack.allowFilter", "true")
    made.commit({"b.py": "b\n"})
    made.git("checkout", "-q", "--detach", "HEAD~1")
    kinds = {
        "shallow": ("--depth=1", "-b", "main", f"file://{made.folder}"),
        "partial": ("--filter=blob:none", "--no-checkout", "-b", "main", f"file://{made.folder}"),
        "shared": ("--shared", "-b", "main", str(made.folder)),
    }
    for name, argv in kinds.items():
        subprocess.run(["git", "clone", "-q", *argv, str(tmp_path / name)], check=True)
        place, files = handed_over(tmp_path / name, tmp_path / f"{name}-run", "ignore")
        assert files.split() == ["a.py", "b.py", "new.py", "old.bin"], name
        lacking = [note for note in place.notes if "is not in this clone" in note]
        assert len(lacking) == (3 if name == "partial" else 0)
    place, files = handed_over(made.folder, tmp_path / "detached-run")
    assert files.split() == ["a.py", "new.py", "old.bin"]


def test_names_that_are_no_utf8_are_kept_and_told(made: Made, tmp_path: Path) -> None:
    made.commit({"a.py": "a\n", "we\nird\t.py": "x\n"})
    place_of = os.fsencode(made.folder) + b"/caf\xe9.txt"
    Path(os.fsdecode(place_of)).write_bytes(b"x")
    made.git("add", "-A")
    made.git("commit", "-q", "-m", "name")
    place, _ = handed_over(made.folder, tmp_path / "run")
    assert place.notes == ("left out of the sandbox: caf\\xe9.txt (its name is not UTF-8)",)
    assert set(place.snapshot.files) == {"a.py", "we\nird\t.py"}
    assert made.git("diff", "--name-status", "main", "backsmith/task").split() == ["A", "new.py"]
    Path(os.fsdecode(place_of)).write_bytes(b"y")
    with pytest.raises(ConfigError, match=r"not committed: caf\\xe9\.txt"):
        open_source(made.folder, None, "refuse")


def test_files_too_large_to_carry_are_told_and_never_taken_as_deleted(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uncommitted, "_LARGEST", 1000)
    pointer = (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{hashlib.sha256(b'L' * 2000).hexdigest()}\n"
    )
    made.commit({"same.bin": b"s" * 2000, "changed.bin": b"c" * 2000, "lfs.bin": pointer})
    made.write({"changed.bin": b"d" * 2000, "lfs.bin": b"L" * 2000, "new.bin": b"n" * 2000})
    place, files = handed_over(made.folder, tmp_path / "run", "carry")
    told = [note for note in place.notes if note.startswith("taken as committed")]
    assert [note.split()[3] for note in told] == ["changed.bin", "new.bin"]
    assert files.split() == ["changed.bin", "lfs.bin", "new.py", "same.bin"]


def test_what_git_was_told_to_take_as_unchanged_is(made: Made) -> None:
    made.commit({"a/a.py": "a\n", "b/b.py": "b\n"})
    made.git("update-index", "--assume-unchanged", "a/a.py")
    made.git("sparse-checkout", "set", "a")
    made.write({"a/a.py": "mine\n"})
    assert SourceRepository(made.folder).uncommitted().changes == ()


def test_a_merge_with_conflicts_is_refused(made: Made) -> None:
    made.commit({"a.py": "a\n"})
    made.git("checkout", "-q", "-b", "side")
    made.commit({"a.py": "b\n"})
    made.git("checkout", "-q", "main")
    made.commit({"a.py": "c\n"})
    with pytest.raises(subprocess.CalledProcessError):
        made.git("merge", "side")
    for choice in ("refuse", "carry"):
        with pytest.raises(ConfigError, match=r"a merge with conflicts: a\.py"):
            open_source(made.folder, None, choice)
    open_source(made.folder, None, "ignore")


def test_what_stands_in_the_way_of_the_branch_is_said_before_any_work(made: Made) -> None:
    made.commit({"a.py": "a\n"})
    made.git("branch", "backsmith")
    with pytest.raises(ConfigError, match="stands in the way") as caught:
        open_source(made.folder, None, "refuse")
    assert "git branch -m backsmith" in str(caught.value.hint)


def test_links_and_pipes_in_the_work_tree_are_never_followed(made: Made, tmp_path: Path) -> None:
    made.commit({"a.py": "a\n", "d/x.py": "x\n"})
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "x.py").write_text("secret\n", encoding="utf-8")
    (made.folder / "a.py").unlink()
    (made.folder / "a.py").symlink_to(secret / "x.py")
    (made.folder / "d" / "x.py").unlink()
    (made.folder / "d").rmdir()
    (made.folder / "d").symlink_to(secret)
    os.mkfifo(made.folder / "pipe")
    place, files = handed_over(made.folder, tmp_path / "run", "carry")
    assert place.snapshot.links == {"a.py", "d"}
    assert place.snapshot.files == {}
    assert files.split() == ["a.py", "d", "new.py"]


def test_the_folder_that_was_named_is_known_by_its_place(made: Made, tmp_path: Path) -> None:
    made.commit({"services/a/x.py": "x\n"})
    (tmp_path / "link").symlink_to(made.folder / "services")
    assert SourceRepository(made.folder).within == ""
    assert SourceRepository(made.folder / "services" / "a").within == "services/a"
    assert SourceRepository(tmp_path / "link").within == "services"
