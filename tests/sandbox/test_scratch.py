import subprocess
import sys
from pathlib import Path

import pytest

from prompts.errors import SandboxError
from sandbox.environments.cache import FolderCache, reap_builds
from sandbox.scratch import ScratchFolder, reap


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("BACKSMITH_CACHE", str(tmp_path / "cache"))


def left(tmp_path: Path) -> list[str]:
    return [path.name for home in tmp_path.glob("backsmith-*") for path in home.iterdir()]


def test_a_living_folder_is_left_alone_and_removed_by_its_owner(tmp_path: Path) -> None:
    folder = ScratchFolder("trial")
    assert reap() == ()
    assert folder.path.is_dir()
    folder.remove()
    assert left(tmp_path) == []


def test_a_place_that_cannot_be_written_to_is_told_with_the_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nowhere"))
    with pytest.raises(SandboxError, match=f"{tmp_path}/nowhere/.* cannot be made: No such file") as raised:
        ScratchFolder("trial")
    assert "TMPDIR" in raised.value.hint


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    script = (
        "import os, sandbox.scratch as s\n"
        "f = s.ScratchFolder('trial'); (f.path / 'deep').mkdir(); (f.path / 'deep/x').write_text('x')\n"
        "(f.path / 'deep').chmod(0); os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=False, cwd=Path(__file__).parent.parent.parent)
    assert len(left(tmp_path)) == 1
    assert len(reap()) == 1
    assert left(tmp_path) == []


def test_what_a_killed_removal_has_left_is_removed_at_the_next_start(tmp_path: Path) -> None:
    script = (
        "import os, threading, sandbox.scratch as s\n"
        "f = s.ScratchFolder('trial')\n"
        "for n in range(3000): (f.path / str(n)).touch()\n"
        "threading.Thread(target=f.remove).start()\n"
        "while len(os.listdir(f.path)) > 2500: pass\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=False, cwd=Path(__file__).parent.parent.parent)
    assert len(left(tmp_path)) == 1
    assert len(reap()) == 1
    assert left(tmp_path) == []


async def test_half_built_environments_are_removed_unless_somebody_builds(tmp_path: Path) -> None:
    root = tmp_path / "cache/environments/python"
    (root / "abc.building-1").mkdir(parents=True)
    async with FolderCache(root).building("def") as building:
        reap_builds()
        assert building.is_dir()
    assert sorted(path.name for path in root.iterdir() if path.is_dir()) == []


def test_sockets_get_a_short_path_wherever_temporary_files_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("deep" * 20)
    deep.mkdir()
    monkeypatch.setenv("TMPDIR", str(deep))
    folder = ScratchFolder("pg", sockets=True)
    try:
        assert len(str(folder.path / "run" / ".s.PGSQL.5432")) <= 107
        assert folder.path.is_dir()
    finally:
        folder.remove()
