"""A user's repository is read and handed a branch; nothing else in it changes, and nothing of it runs."""

import os
import subprocess
from pathlib import Path

import pytest

from prompts.errors import ConfigError
from sandbox.repository.layout import lay_out_carried
from sandbox.repository.snapshot import read_snapshot
from sandbox.repository.source import SourceRepository, WorkClone
from tests.sandbox.repository.conftest import Made

BINARY = b"\x89PNG\0\xff"


def clone_of(source: SourceRepository, base: str, folder: Path) -> WorkClone:
    clone = WorkClone(folder, source, base)
    clone.keep_origin(base)
    return clone


def test_a_snapshot_holds_text_bytes_links_and_modes(made: Made, tmp_path: Path) -> None:
    made.write({"run.sh": "#!/bin/sh\n", "a.py": "x = 1\r\n", "logo.png": BINARY, "ü/b.txt": "b"})
    (made.folder / "run.sh").chmod(0o755)
    (made.folder / "link").symlink_to("a.py")
    (made.folder / "out").symlink_to("/etc/passwd")
    base = made.commit({})
    snapshot = read_snapshot(SourceRepository(made.folder).git, base)
    assert snapshot.files == {"a.py": "x = 1\r\n", "run.sh": "#!/bin/sh\n", "ü/b.txt": "b"}
    assert snapshot.executable == {"run.sh"}
    assert snapshot.links == {"link", "out"}
    folder = tmp_path / "laid"
    folder.mkdir()
    (folder / "run.sh").write_text("#!/bin/sh\n", encoding="utf-8")
    lay_out_carried(snapshot.carried, snapshot.executable, folder)
    assert (folder / "logo.png").read_bytes() == BINARY
    assert os.access(folder / "run.sh", os.X_OK)
    assert (folder / "link").readlink() == Path("a.py")
    assert not os.path.lexists(folder / "out")


def test_a_branch_is_handed_over_and_nothing_else_changes(made: Made, tmp_path: Path) -> None:
    base = made.commit({"a.py": "a\n", "gone.py": "x\n", "run.sh": "#!/bin/sh\n"})
    before = made.state()
    source = SourceRepository(made.folder)
    clone = clone_of(source, source.resolve("HEAD"), tmp_path / "clone")
    clone.commit({"a.py": b"b\n"}, {}, "Round 1")
    changes = {"a.py": b"c\n", "gone.py": None, "new/x.py": b"x\n", "run.sh": b"#!/bin/sh\nexit\n"}
    tip = clone.commit(changes, {"run.sh": "100755"}, "Round 2")
    branch = source.free_branch("task")
    handed = source.hand_over(clone, branch, tip)
    assert handed.branch == "backsmith/task"
    assert made.git("log", "--format=%s", "backsmith/task") == "Round 2\nRound 1\nwork"
    assert made.git("diff", "--no-renames", "--name-status", base, branch).split() == (
        ["M", "a.py", "D", "gone.py", "A", "new/x.py", "M", "run.sh"]
    )
    assert made.git("ls-tree", branch, "run.sh").startswith("100755")
    after = made.state()
    added = {name for name in after if before.get(name) != after[name]}
    assert added == {".git/refs/heads/backsmith/task", ".git/logs/refs/heads/backsmith/task"}
    assert {name: after[name] for name in before} == before
    assert made.git("status", "--porcelain") == ""
    assert made.git("fsck", "--strict") == ""


def test_the_patch_brings_the_base_to_the_result(made: Made, tmp_path: Path) -> None:
    base = made.commit({"a.py": "a\n", "logo.png": BINARY})
    source = SourceRepository(made.folder)
    clone = clone_of(source, base, tmp_path / "clone")
    tip = clone.commit({"a.py": b"b\n", "logo.png": None}, {}, "Round 1")
    (tmp_path / "work.patch").write_bytes(clone.patch(tip))
    made.git("apply", "--index", str(tmp_path / "work.patch"))
    assert made.git("write-tree") == clone.git.text("rev-parse", f"{tip}^{{tree}}")


def test_a_branch_of_the_same_name_is_left_alone(made: Made, tmp_path: Path) -> None:
    base = made.commit({"a.py": "a\n"})
    made.git("branch", "backsmith/task")
    source = SourceRepository(made.folder)
    assert source.free_branch("task") == "backsmith/task-2"
    assert source.free_branch("task", ours=base) == "backsmith/task"


def test_nothing_that_a_repository_configures_is_run(made: Made, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    trap = tmp_path / "trap"
    trap.write_text(f'#!/bin/sh\necho "$0 $@" >> {witness}\ncat\nexit 1\n', encoding="utf-8")
    trap.chmod(0o755)
    base = made.commit({".gitattributes": "*.txt filter=trap diff=trap\n", "a.txt": "a\n", "b.py": "b\n"})
    hooks = made.folder / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in (
        "reference-transaction",
        "post-index-change",
        "pre-commit",
        "post-commit",
        "post-checkout",
        "fsmonitor-watchman",
    ):
        (hooks / name).write_bytes(trap.read_bytes())
        (hooks / name).chmod(0o755)
    for setting in (
        "filter.trap.clean", "filter.trap.smudge", "filter.trap.process", "core.fsmonitor", "diff.external",
        "diff.trap.textconv", "diff.trap.command", "core.pager", "core.editor", "core.sshCommand",
        "credential.helper", "gpg.program", "core.alternateRefsCommand", "uploadpack.packObjectsHook",
    ):  # fmt: skip
        made.git("config", setting, str(trap))
    (made.folder / ".git" / "config.worktree").write_text(
        f"[core]\n\tfsmonitor = {trap}\n\thooksPath = {hooks}\n", encoding="utf-8"
    )
    made.git("config", "extensions.worktreeConfig", "true")
    made.git("config", "commit.gpgSign", "true")
    made.git("config", "log.showSignature", "true")
    made.write({"a.txt": "changed\n", "b.py": "changed\n", "new.txt": "new\n"})
    source = SourceRepository(made.folder)
    found = source.uncommitted()
    assert [change.path for change in found.changes] == ["b.py", "new.txt"]
    assert found.unknown == (("a.txt", "a filter converts it, so that changes cannot be told"),)
    read_snapshot(source.git, base)
    clone = clone_of(source, base, tmp_path / "clone")
    tip = clone.commit({"a.txt": b"b\n"}, {}, "Round 1")
    clone.patch(tip)
    source.hand_over(clone, source.free_branch("task"), tip)
    assert not witness.exists()


def test_uncommitted_changes_are_found_as_they_are(made: Made) -> None:
    made.commit(
        {"same.py": "a\n", "changed.py": "a\n", "gone.py": "a\n", "staged.py": "a\n", ".gitignore": "*.log\n"}
    )
    source = SourceRepository(made.folder)
    assert source.uncommitted().changes == ()
    made.write({"changed.py": "b\n", "staged.py": "b\n", "new.py": "n\n", "debug.log": "x\n"})
    (made.folder / "gone.py").unlink()
    made.git("add", "staged.py")
    (made.folder / "same.py").touch()
    state = made.state()
    found = {change.path: change.data for change in source.uncommitted().changes}
    assert found == {"changed.py": b"b\n", "gone.py": None, "staged.py": b"b\n", "new.py": b"n\n"}
    assert made.state() == state


def test_line_breaks_that_git_converts_are_no_change(made: Made) -> None:
    made.commit({".gitattributes": "*.txt text eol=crlf\n", "a.txt": "a\nb\n"})
    (made.folder / "a.txt").write_bytes(b"a\r\nb\r\n")
    assert SourceRepository(made.folder).uncommitted().changes == ()


def test_a_linked_work_tree_and_a_bare_repository(made: Made, tmp_path: Path) -> None:
    base = made.commit({"a.py": "a\n"})
    made.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    subprocess.run(["git", "clone", "-q", "--bare", str(made.folder), str(tmp_path / "bare.git")], check=True)
    for number, folder in enumerate((tmp_path / "side", tmp_path / "bare.git")):
        source = SourceRepository(folder)
        clone = clone_of(source, source.resolve("HEAD"), tmp_path / f"clone{number}")
        tip = clone.commit({"a.py": b"b\n"}, {}, "Round 1")
        assert source.hand_over(clone, source.free_branch("task"), tip).base == base
        assert source.git.text("rev-parse", "refs/heads/backsmith/task") == tip


def test_what_cannot_be_worked_on_is_said(made: Made, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no commit yet"):
        SourceRepository(made.folder)
    with pytest.raises(ConfigError, match="is in no git repository"):
        SourceRepository(tmp_path)
    made.commit({"a.py": "a\n"})
    with pytest.raises(ConfigError, match="names no commit"):
        SourceRepository(made.folder).resolve("nowhere")
    with pytest.raises(ConfigError, match="names no commit"):
        SourceRepository(made.folder).resolve("--help")


def test_submodules_and_large_file_pointers_are_named(made: Made) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize 5\n"
    base = made.commit({"big.bin": pointer})
    made.git("update-index", "--add", "--cacheinfo", f"160000,{base},vendor/lib")
    made.git("commit", "-q", "-m", "submodule")
    snapshot = read_snapshot(SourceRepository(made.folder).git, "HEAD")
    assert dict(snapshot.left_out) == {
        "big.bin": "kept by Git LFS; the pointer stands in its place",
        "vendor/lib": "a submodule, which is not fetched",
    }
    assert snapshot.submodules == {"vendor/lib"}
