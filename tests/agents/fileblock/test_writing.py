"""Writing files: all or none, never outside, through no link."""

import os
from pathlib import Path

import pytest

from agents.fileblock.writing import write
from agents.submission import SourceFile
from prompts.errors import ConfigError, UnsafePathError

A = SourceFile("a.py", "x = 1\n")
B = SourceFile("src/deep/b.py", "y = 2\n")


def everything(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8") if path.is_file() else ""
        for path in folder.rglob("*")
    }


def test_writes_files_and_the_folders_on_the_way(tmp_path: Path) -> None:
    root = tmp_path / "new" / "root"
    assert write([A, B], root) == (root / "a.py", root / "src/deep/b.py")
    assert everything(root) == {"a.py": "x = 1\n", "src": "", "src/deep": "", "src/deep/b.py": "y = 2\n"}


def test_writes_bytes_as_they_are(tmp_path: Path) -> None:
    write([SourceFile("a", "é\r\u2028\n"), SourceFile("empty", "")], tmp_path)
    assert (tmp_path / "a").read_bytes() == "é\r\u2028\n".encode()
    assert (tmp_path / "empty").read_bytes() == b""


def test_a_file_that_exists_with_other_content_stops_everything(tmp_path: Path) -> None:
    (tmp_path / "src" / "deep").mkdir(parents=True)
    (tmp_path / "src" / "deep" / "b.py").write_text("mine\n", encoding="utf-8")
    before = everything(tmp_path)
    with pytest.raises(ConfigError, match=r"src/deep/b\.py exists with other content"):
        write([A, B], tmp_path)
    assert everything(tmp_path) == before


def test_a_file_that_exists_with_the_same_content_is_no_obstacle(tmp_path: Path) -> None:
    write([A], tmp_path)
    write([A, B], tmp_path)
    assert everything(tmp_path)["src/deep/b.py"] == "y = 2\n"


def test_replacing_has_to_be_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("mine\n", encoding="utf-8")
    write([A], tmp_path, replace=True)
    assert everything(tmp_path) == {"a.py": "x = 1\n"}


@pytest.mark.parametrize("path", ["link/b.py", "link"])
def test_symbolic_links_are_not_followed(tmp_path: Path, path: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(outside)
    with pytest.raises(UnsafePathError, match="a symbolic link"):
        write([A, SourceFile(path, "y\n")], root, replace=True)
    assert everything(outside) == {}
    assert list(everything(root)) == ["link"]


def test_a_dangling_link_is_not_written_through(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.py").symlink_to(tmp_path / "made.py")
    with pytest.raises(UnsafePathError):
        write([A], root, replace=True)
    assert not (tmp_path / "made.py").exists()


def test_a_folder_in_the_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.py").mkdir()
    with pytest.raises(UnsafePathError, match="is a folder"):
        write([A], tmp_path)


def test_a_special_file_is_left_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.py")
    with pytest.raises(UnsafePathError, match="a special file"):
        write([A], tmp_path, replace=True)


@pytest.mark.parametrize("path", ["../a.py", "/tmp/a.py", "a/../b", ".git/config", "a//b", "./a", ""])
def test_unsafe_paths_are_refused_before_anything_is_made(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    with pytest.raises(UnsafePathError):
        write([A, SourceFile(path, "y\n")], root)
    assert list(tmp_path.iterdir()) == []


def test_paths_that_collide_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsafePathError, match="side by side"):
        write([SourceFile("A", ""), SourceFile("a", "")], tmp_path)


def test_a_file_where_a_folder_is_needed(tmp_path: Path) -> None:
    (tmp_path / "src").write_text("a file\n", encoding="utf-8")
    before = everything(tmp_path)
    with pytest.raises(UnsafePathError, match="src is a file, not a folder"):
        write([A, B], tmp_path)
    assert everything(tmp_path) == before


def test_a_failure_half_way_takes_everything_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.py").write_text("mine\n", encoding="utf-8")
    before = everything(tmp_path)
    real = os.open

    def full(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if path == "c.py" and flags & os.O_CREAT:
            raise OSError(28, "No space left on device", path)
        return real(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(ConfigError, match="No space left on device"):
        write([A, B, SourceFile("src/c.py", "z\n")], tmp_path, replace=True)
    assert everything(tmp_path) == before
