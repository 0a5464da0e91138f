import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from prompts.errors import StoreError, UnsafePathError
from sandbox.batch import Batch
from sandbox.git_objects import blob
from sandbox.layout import lay_out
from sandbox.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(tmp_path / "code.git") as opened:
        yield opened


def read(workspace: Workspace, blob: str) -> bytes:
    """As another process would."""
    with Workspace(workspace.folder) as fresh:
        return fresh.read(blob)


def git(workspace: Workspace, *args: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(workspace.folder), *args], capture_output=True, text=True, check=True
    )
    return done.stdout


FILES = {"app/main.py": "print('hi')\n", "app-x.py": "", "README.md": "# ü\n", "app.py": "x\n"}


def commit(
    workspace: Workspace, branch: str, files: dict[str, str], message: str, parent: str | None = None
) -> str:
    batch = Batch()
    made = batch.commit(files, message, parent)
    batch.point(f"refs/heads/{branch}", made)
    workspace.write([batch])
    return made


def save(workspace: Workspace, data: bytes) -> str:
    batch = Batch()
    kept = blob(data)
    batch.point(f"refs/backsmith/calls/{kept.id.hex()}", batch.folder({"response.md": kept}))
    workspace.write([batch])
    return kept.id.hex()


def test_commits_are_rounds_of_a_branch(workspace: Workspace) -> None:
    first = commit(workspace, "samples/a", FILES, "Round 1")
    second = commit(workspace, "samples/a", {**FILES, "b.py": "y\n"}, "Round 2 ü", first)
    assert workspace.branch("samples/a") == second
    workspace.close()
    assert git(workspace, "log", "--format=%s", "samples/a").split("\n")[:2] == ["Round 2 ü", "Round 1"]
    assert git(workspace, "diff", "--name-only", "samples/a~1", "samples/a").strip() == "b.py"
    with Workspace(workspace.folder) as again:
        assert again.branch("samples/a") == second
        assert again.branch("samples/b") is None
        assert again.files(second) == {**FILES, "b.py": "y\n"}


def test_repository_is_sound(workspace: Workspace) -> None:
    save(workspace, b"raw \xff answer")
    commit(workspace, "samples/a", FILES, "Round 1")
    workspace.close()
    assert git(workspace, "fsck", "--strict") == ""


def test_many_batches_become_few_packs_and_every_object_is_found_throughout(workspace: Workspace) -> None:
    blobs = {}
    for number in range(60):
        data = b"answer %d\n" % number
        blobs[save(workspace, data)] = data
        commit(workspace, f"samples/{number}", {"a.py": f"{number % 7}\n"}, "Round 1")
        if number % 25 == 0:
            assert all(read(workspace, blob) == data for blob, data in blobs.items())
    packs = workspace.folder / "objects/pack"
    assert len(list(packs.glob("*.pack"))) <= 41
    workspace.close()
    assert [path.suffix for path in sorted(packs.iterdir())] == [".idx", ".pack"]
    assert git(workspace, "fsck", "--strict") == ""
    assert git(workspace, "for-each-ref", "refs/heads").count("\n") == 60
    assert all(read(workspace, blob) == data for blob, data in blobs.items())


def test_packs_that_another_git_has_made_are_left_as_they_are(workspace: Workspace) -> None:
    commit(workspace, "samples/a", {"a.py": "x = 1\n" * 500}, "Round 1")
    commit(workspace, "samples/b", {"a.py": "x = 1\n" * 500 + "y = 2\n"}, "Round 1")
    workspace.close()
    git(workspace, "repack", "-a", "-d", "-f", "-q")
    with Workspace(workspace.folder) as again:
        third = commit(again, "samples/c", {"a.py": "z\n"}, "Round 1")
    assert git(workspace, "fsck", "--strict") == ""
    with Workspace(workspace.folder) as again:
        assert again.files(third) == {"a.py": "z\n"}
    assert git(workspace, "show", "samples/b:a.py").endswith("y = 2\n")


def test_what_a_killed_process_left_does_not_stand_in_the_way(workspace: Workspace) -> None:
    commit(workspace, "samples/a", FILES, "Round 1")
    workspace.close()
    half = workspace.folder / "objects/pack/tmp_backsmith_x"
    half.write_bytes(b"PACK")
    (workspace.folder / "packed-refs.lock").write_bytes(b"half a line")
    (workspace.folder / "backsmith-writes-references").touch()
    with Workspace(workspace.folder) as again:
        commit(again, "samples/b", FILES, "Round 1")
    assert not half.exists()
    assert git(workspace, "branch", "--list", "samples/*").split() == ["samples/a", "samples/b"]


def test_a_repository_that_was_half_made_by_a_killed_process_is_made_anew(tmp_path: Path) -> None:
    half = tmp_path / "code.git.unfinished"
    (half / "objects").mkdir(parents=True)
    with Workspace(tmp_path / "code.git") as made:
        commit(made, "samples/a", FILES, "Round 1")
    assert git(made, "fsck", "--strict") == ""
    assert not half.exists()


def test_references_wait_while_another_git_has_them_locked(workspace: Workspace) -> None:
    lock = workspace.folder / "packed-refs.lock"
    lock.touch()
    made = commit(workspace, "samples/a", FILES, "Round 1")
    assert lock.exists(), "it is not ours"
    lock.unlink()
    workspace.close()
    assert git(workspace, "rev-parse", "samples/a").strip() == made


def test_references_that_are_lost_are_told(workspace: Workspace) -> None:
    made = commit(workspace, "samples/a", FILES, "Round 1")
    workspace.close()
    wanted = {"refs/heads/samples/a": made, "refs/heads/samples/b": made}
    with Workspace(workspace.folder) as again:
        assert again.missing(wanted) == {"refs/heads/samples/b": made}


def test_raw_answers_are_kept_byte_for_byte(workspace: Workspace) -> None:
    blob = save(workspace, b"raw \xff\r\n answer")
    assert read(workspace, blob) == b"raw \xff\r\n answer"
    workspace.close()
    assert blob in git(workspace, "for-each-ref", "refs/backsmith/")


@pytest.mark.parametrize("blob", ["ab" * 20, "no id"])
def test_missing_answer_is_told(workspace: Workspace, blob: str) -> None:
    with pytest.raises(StoreError, match="missing"):
        workspace.read(blob)


def test_a_damaged_pack_is_told(workspace: Workspace) -> None:
    blob = save(workspace, b"answer " * 100)
    workspace.close()
    [pack] = (workspace.folder / "objects/pack").glob("*.pack")
    data = bytearray(pack.read_bytes())
    data[20] ^= 0xFF
    pack.chmod(0o644)
    pack.write_bytes(bytes(data))
    with pytest.raises(StoreError, match="missing"):
        read(workspace, blob)


@pytest.mark.parametrize("path", ["../x", "/x", "a//b", ".git/config", "a/.GIT/x", "a/./b", "", "a\0b"])
def test_paths_that_are_not_plain_are_refused(path: str) -> None:
    with pytest.raises(UnsafePathError):
        Batch().commit({path: "x"}, "m")


@pytest.mark.parametrize("paths", [("a", "a/b"), ("a/b", "a")])
def test_a_file_that_is_a_folder_too_is_refused(paths: tuple[str, str]) -> None:
    with pytest.raises(UnsafePathError, match="is a f"):
        Batch().commit(dict.fromkeys(paths, "x"), "m")


def test_lay_out_writes_bytes_as_they_are(tmp_path: Path) -> None:
    lay_out({"a/b.txt": "one\r\ntwo\u2028\n"}, tmp_path)
    assert (tmp_path / "a/b.txt").read_bytes() == "one\r\ntwo\u2028\n".encode()


def test_lay_out_stays_inside(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(UnsafePathError):
        lay_out({"../out": "x"}, tmp_path / "in")
    assert not (tmp_path / "out").exists()
