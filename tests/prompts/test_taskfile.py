"""Task files: what is accepted, and what the errors say."""

from pathlib import Path

import pytest

from prompts.errors import ConfigError, UnsafePathError
from prompts.task import Task
from prompts.taskfile import load_task, parse_task

MINIMAL = "task: Build it\nframework: Flask\n"

AUTH = """\
task: "Build user authentication endpoints"
requirements:
  - POST /auth/register - Create new user
  - POST /auth/login - Login, return JWT
  - POST /auth/logout - Invalidate token
  - GET /auth/me - Get current user
framework: "FastAPI"
database: "PostgreSQL"
"""


def parse(text: str, folder: Path | None = None) -> Task:
    return parse_task(text, "task.yaml", folder)


def complaint(text: str, folder: Path | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text, folder)
    return f"{caught.value}" + (f" | {caught.value.hint}" if caught.value.hint else "")


def test_the_usual_task() -> None:
    task = parse(AUTH)
    assert task.task == "Build user authentication endpoints"
    assert (task.framework, task.database) == ("FastAPI", "PostgreSQL")
    assert task.requirements[1] == "POST /auth/login - Login, return JWT"
    assert [endpoint.path for endpoint in task.endpoints][-1] == "/auth/me"


def test_only_task_and_framework_are_needed() -> None:
    task = parse(MINIMAL)
    assert task.requirements == () and task.database is None and task.limits.seconds == 120


def test_text_stays_as_written() -> None:
    task = parse("task: 2024-01-01\nframework: No\nenv: {RETRIES: 0o10, RATE: 1.10, DEBUG: off}\n")
    assert (task.task, task.framework) == ("2024-01-01", "No")
    assert task.env == {"RETRIES": "0o10", "RATE": "1.10", "DEBUG": "off"}


def test_requirements_that_yaml_takes_for_mappings_and_lists_are_text() -> None:
    task = parse(
        MINIMAL + "requirements:\n  - GET /x: list them\n  - POST /x:\n  - [a, b]\n  - PUT /x: {id: 1}\n"
    )
    assert task.requirements == ("GET /x: list them", "POST /x:", "[a, b]", "PUT /x: {id: 1}")


def test_requirements_may_be_a_block_of_lines() -> None:
    assert parse(MINIMAL + "requirements: |\n  - GET /x\n\n  POST /y\n").requirements == ("GET /x", "POST /y")


def test_data_models_may_be_yaml_and_keep_their_text() -> None:
    task = parse(MINIMAL + "data_models:\n  User:\n    id: uuid  # key\n  Post: {id: int}\n# next\nenv: {}\n")
    assert task.data_models == "User:\n  id: uuid  # key\nPost: {id: int}"


def test_several_databases() -> None:
    assert parse(MINIMAL + "database: [PostgreSQL, Redis]\n").database == "PostgreSQL, Redis"


def test_env_as_a_list_and_limits() -> None:
    task = parse(MINIMAL + "env: [A=1=2, B=]\nlimits:\n  seconds: 2.5\n  memory_mb: 1_024\n")
    assert task.env == {"A": "1=2", "B": ""}
    assert (task.limits.seconds, task.limits.memory_mb) == (2.5, 1024)


def test_model_settings_stay_as_written_and_do_not_define_the_task() -> None:
    plain = parse_task("task: T\nframework: F\n", "task.yaml", None)
    task = parse_task(
        "task: T\nframework: F\nsettings:\n  temperature: 0.20\n  stop: [A, B]\n", "task.yaml", None
    )
    assert task.settings == {"temperature": "0.20", "stop": ("A", "B")}
    assert task.digest == plain.digest


def test_context_and_hidden_tests_are_read_from_the_task_files_folder(tmp_path: Path) -> None:
    (tmp_path / "hidden" / "deep").mkdir(parents=True)
    (tmp_path / "hidden" / "deep" / "test_x.py").write_text("assert True\n", encoding="utf-8")
    (tmp_path / "hidden" / "__pycache__").mkdir()
    (tmp_path / "hidden" / "__pycache__" / "x.pyc").write_bytes(b"\xff")
    (tmp_path / "models.sql").write_bytes("-- é\r\nselect 1;\r\n".encode())
    path = tmp_path / "task.yaml"
    path.write_text(MINIMAL + "context: ./models.sql\nhidden_tests:\n  - hidden\n", encoding="utf-8")
    task = load_task(path)
    assert task.context == {"models.sql": "-- é\nselect 1;\n"}
    assert task.hidden_tests == {"hidden/deep/test_x.py": "assert True\n"}


def test_context_can_be_written_in_the_file() -> None:
    assert parse(MINIMAL + "context:\n  app/x.py: |\n    a = 1\n").context == {"app/x.py": "a = 1\n"}


@pytest.mark.parametrize(
    "path", ["../secret", "a/../../b", "/etc/passwd", "~/x", "C:/x", "a\\..\\..\\b", ".git/config"]
)
def test_named_files_cannot_lead_out(tmp_path: Path, path: str) -> None:
    for text in (f"context: ['{path}']\n", f"context: {{'{path}': x}}\n"):
        with pytest.raises(UnsafePathError, match=r"task\.yaml:3"):
            parse(MINIMAL + text, tmp_path)


@pytest.mark.parametrize("folder_link", [True, False])
def test_symbolic_links_cannot_lead_out(tmp_path: Path, folder_link: bool) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("s", encoding="utf-8")
    folder = tmp_path / "tasks"
    (folder / "sub").mkdir(parents=True)
    link = folder / "sub" / ("dir" if folder_link else "file.txt")
    link.symlink_to(outside if folder_link else outside / "secret.txt")
    name = "sub/dir/secret.txt" if folder_link else "sub"
    with pytest.raises(UnsafePathError, match="symbolic link"):
        parse(MINIMAL + f"context: [{name}]\n", folder)


def test_named_files_have_limits(tmp_path: Path) -> None:
    (tmp_path / "big.txt").write_text("x" * 300_000, encoding="utf-8")
    (tmp_path / "bytes.bin").write_bytes(b"\xff\xfe")
    assert "`big.txt` is larger than 256 KiB" in complaint(MINIMAL + "context: [big.txt]\n", tmp_path)
    assert "`bytes.bin` is not UTF-8 text" in complaint(MINIMAL + "context: [bytes.bin]\n", tmp_path)
    assert "`none.txt` does not exist" in complaint(MINIMAL + "context: [none.txt]\n", tmp_path)
    (tmp_path / "empty").mkdir()
    assert "`empty` holds no files" in complaint(MINIMAL + "context: [empty]\n", tmp_path)
    for number in range(501):
        (tmp_path / "empty" / f"{number}.txt").write_text("x", encoding="utf-8")
    assert "more than 500" in complaint(MINIMAL + "context: [empty]\n", tmp_path)
    assert "has no folder" in complaint(MINIMAL + "context: [none.txt]\n")


BAD = [
    ("task: a\nframwork: b\n", "task.yaml:2: unknown field `framwork` | did you mean `framework`?"),
    ("db: x\n" + MINIMAL, "task.yaml:1: unknown field `db` | did you mean `database`?"),
    (MINIMAL + "zzz: 1\n", "task.yaml:3: unknown field `zzz` | known fields: task, requirements, "),
    ("task: a\n", "task.yaml: the field `framework` is missing"),
    ("", "the task file is empty"),
    ("# only a comment\n", "the task file is empty"),
    ("- task: a\n", "task.yaml:1: the task file is a list, but must be a mapping"),
    ("Build it\n", "task.yaml:1: the task file is plain text"),
    (MINIMAL + "task: again\n", "task.yaml:3: `task` is given twice (first on line 1)"),
    ("task: a\n\tframework: b\n", "task.yaml:2: a tab stands where YAML wants spaces"),
    (MINIMAL + "---\n" + MINIMAL, "several YAML documents"),
    ("task: a: b\nframework: c\n", "task.yaml:1: not readable as YAML"),
    ("task: *GET\nframework: c\n", "(text that begins with `*` needs quotes)"),
    ("task: \x01\nframework: c\n", "task.yaml:1: the character U+0001"),
    ("task:\nframework: c\n", "task.yaml:1: `task` is empty"),
    ("task: '  '\nframework: c\n", "task.yaml:1: `task` is empty"),
    ("task: [a]\nframework: b\n", "task.yaml:1: `task` must be text, but is a list"),
    (MINIMAL + "requirements:\n  - x\n  -\n", "task.yaml:5: a requirement is empty"),
    (MINIMAL + "env: {A-B: 1}\n", "task.yaml:3: `A-B` cannot be an environment variable's name"),
    (MINIMAL + "env: text\n", "`env` must be a mapping of name to value, but is text"),
    (
        MINIMAL + "limits:\n  seconds: long\n",
        "task.yaml:4: `limits: seconds` must be a number, but is `long`",
    ),
    (MINIMAL + "limits:\n  memory_mb: 1\n", "task.yaml:4: `limits: memory_mb` must be at least 64, but is 1"),
    (MINIMAL + "limits:\n  memory: 1\n", "unknown field `memory` | did you mean `memory_mb`?"),
    (MINIMAL + "limits: 5\n", "`limits` must be a mapping such as `seconds: 60`, but is text"),
    ("[" * 3000, "task.yaml:1: nested more than 16 levels deep"),
    ("a: &a [*a]\n", "too many values"),
    ("x" * 300_000, "has 300,000 characters, the limit is 262,144"),
    ("? [a]\n: b\n", "a list or mapping cannot be the name of a field"),
]


@pytest.mark.parametrize(("text", "expected"), BAD, ids=[expected[-40:] for _, expected in BAD])
def test_errors_name_the_place_and_the_mend(text: str, expected: str) -> None:
    assert expected in complaint(text)


def test_a_bomb_of_aliases_is_refused_quickly() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
    )
    assert "every use of an alias counted" in complaint(bomb)


def test_every_problem_is_told_at_once() -> None:
    lines = complaint("task: a\nframwork: b\nlimits: {second: 5}\n").split("\n")
    assert [line.split(" ")[0] for line in lines] == ["task.yaml:2:", "task.yaml:3:"]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "task.yaml").write_text(MINIMAL, encoding="utf-8")
    (tmp_path / "latin.yaml").write_bytes(b"task: a\nframework: \xe9\n")
    with pytest.raises(ConfigError, match="no such task file") as caught:
        load_task(tmp_path / "tsk.yaml")
    assert caught.value.hint.endswith("task.yaml?")
    with pytest.raises(ConfigError, match=r"latin\.yaml:2: not UTF-8"):
        load_task(tmp_path / "latin.yaml")
    (tmp_path / "large.yaml").write_bytes(b"x" * 5_000_000)
    with pytest.raises(ConfigError, match=r"the limit is 262,144"):
        load_task(tmp_path / "large.yaml")
    with pytest.raises(ConfigError, match="is a folder"):
        load_task(tmp_path)


def test_a_byte_order_mark_and_crlf_are_fine() -> None:
    assert parse("\ufeff" + AUTH.replace("\n", "\r\n")) == parse(AUTH)


def test_equal_tasks_have_equal_digests_and_slugs_are_safe() -> None:
    assert parse(AUTH).digest == parse(AUTH.replace('"', "")).digest
    assert parse(AUTH).digest != parse(AUTH + "env: {A: b}\n").digest
    assert parse(AUTH).slug.startswith("build-user-authentication-endpoints-")


def test_the_command_that_starts_the_application() -> None:
    text = "task: t\nframework: Flask\n"
    plain, named = parse_task(text, "t", None), parse_task(text + "start: gunicorn app:app\n", "t", None)
    assert (plain.start, named.start) == (None, "gunicorn app:app")
    assert plain.digest != named.digest
