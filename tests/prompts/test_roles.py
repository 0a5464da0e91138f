"""Shipped roles, overlays, versions and digests."""

from pathlib import Path

import pytest

from prompts.errors import ConfigError
from prompts.render import render
from prompts.role import SHIPPED, default_overlay, list_roles, load_role
from prompts.task import Task

TASK = Task(task="Build it", framework="Gin", database="SQLite")


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_roles_have_versions_and_digests() -> None:
    roles = list_roles()
    assert [role.name for role in roles] == ["backend-builder", "backend-expert"]
    assert all(role.version and role.summary and len(role.digest) == 64 for role in roles)
    assert roles[0].digest != roles[1].digest


def test_an_overlay_replaces_single_files_also_where_they_are_included(tmp_path: Path) -> None:
    put(tmp_path, "parts/framework/gin.md.j2", "- Gin as we like it, on {{ language.title }}.\n")
    shipped, mine = load_role("backend-builder"), load_role("backend-builder", tmp_path)
    assert mine.overlaid == ("parts/framework/gin.md.j2",)
    assert shipped.digest != mine.digest and shipped.version == mine.version
    system = render(mine, TASK).system
    assert "- Gin as we like it, on Go." in system and "ShouldBind" not in system
    assert "modernc.org/sqlite" in system


def test_the_digest_covers_what_the_role_can_use_and_no_more(tmp_path: Path) -> None:
    shipped = load_role("backend-builder")
    put(tmp_path, "roles/backend-expert/task.md.j2", "other")
    assert load_role("backend-builder", tmp_path).digest == shipped.digest
    put(tmp_path, "parts/topic/api.md.j2", (SHIPPED / "parts/topic/api.md.j2").read_text(encoding="utf-8"))
    assert load_role("backend-builder", tmp_path).digest == shipped.digest
    put(tmp_path, "parts/topic/extra.md.j2", "more")
    assert load_role("backend-builder", tmp_path).digest != shipped.digest


def test_a_role_of_ones_own(tmp_path: Path) -> None:
    put(tmp_path, "roles/critic/role.toml", 'version = "7"\nsummary = "Says no."\n')
    put(tmp_path, "roles/critic/system.md.j2", "You say no.\n{% include 'parts/topic/api.md.j2' %}\n")
    put(tmp_path, "roles/critic/task.md.j2", "{{ task.task }} by {{ stack.framework.title }}")
    role = load_role("critic", tmp_path)
    assert (role.version, render(role, TASK).user) == ("7", "Build it by Gin\n")
    assert "critic" in [role.name for role in list_roles(tmp_path)]


def test_a_role_stays_as_it_was_read(tmp_path: Path) -> None:
    path = put(tmp_path, "roles/backend-builder/task.md.j2", "before")
    role = load_role("backend-builder", tmp_path)
    path.write_text("after", encoding="utf-8")
    assert render(role, TASK).user == "before\n"


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("parts/framework/gin.md.j2", "a\n{% if x %}{{ }}\nb\n", "gin.md.j2:2: "),
        ("parts/framework/gin.md.j2", "a\n\n{{ nobody }}\n", "gin.md.j2:3: 'nobody' is undefined"),
        (
            "parts/framework/gin.md.j2",
            "{% include 'parts/none.md.j2' %}",
            "there is no template parts/none.md.j2",
        ),
        ("parts/framework/gin.md.j2", "a\n{{ 1 / 0 }}", "gin.md.j2:2: division by zero"),
        ("parts/framework/gin.md.j2", "{% include 'parts/framework/gin.md.j2' %}", "without end"),
        ("roles/backend-builder/system.md.j2", "{{ task.task }}", "system.md.j2:1: 'task' is undefined"),
    ],
)
def test_errors_in_an_overlay_name_file_and_line(
    tmp_path: Path, name: str, text: str, complaint: str
) -> None:
    put(tmp_path, name, text)
    with pytest.raises(ConfigError) as caught:
        render(load_role("backend-builder", tmp_path), TASK)
    assert complaint in str(caught.value) and str(tmp_path) in str(caught.value)


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    put(tmp_path, "roles/backend-builder/role.toml", "summary = 1\n")
    with pytest.raises(ConfigError, match="needs `version`"):
        load_role("backend-builder", tmp_path)
    put(tmp_path, "roles/backend-builder/role.toml", "version = \n")
    with pytest.raises(ConfigError, match=r"role\.toml: not readable as TOML"):
        load_role("backend-builder", tmp_path)
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "x.md.j2").write_bytes(b"a\n\xff")
    with pytest.raises(ConfigError, match=r"x\.md\.j2:2: not UTF-8"):
        load_role("backend-expert", tmp_path)


def test_unknown_roles_and_folders(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no role `backend-bilder`") as caught:
        load_role("backend-bilder")
    assert caught.value.hint == "did you mean `backend-builder`?"
    with pytest.raises(ConfigError, match="does not exist"):
        load_role("backend-builder", tmp_path / "none")
    put(tmp_path, "gin.md.j2", "lies in the wrong place")
    with pytest.raises(ConfigError, match="changes nothing"):
        load_role("backend-builder", tmp_path)


def test_where_the_overlay_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("BACKSMITH_PROMPTS", raising=False)
    assert default_overlay() is None
    (tmp_path / "backsmith" / "prompts").mkdir(parents=True)
    assert default_overlay() == tmp_path / "backsmith" / "prompts"
    monkeypatch.setenv("BACKSMITH_PROMPTS", str(tmp_path))
    assert default_overlay() == tmp_path
    monkeypatch.setenv("BACKSMITH_PROMPTS", str(tmp_path / "none"))
    with pytest.raises(ConfigError, match="BACKSMITH_PROMPTS"):
        default_overlay()
