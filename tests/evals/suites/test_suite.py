"""Suites as folders: what is read, and what is said about what cannot be."""

import re
from pathlib import Path

import pytest

from evals.suites.reading import find_suite, load_suite
from prompts.errors import ConfigError

TASK = 'task: "Build a greeting library"\nframework: "FastAPI"\n'


def suite(folder: Path, text: str = "suite: mine\n", **files: str) -> Path:
    (folder / "suite.yaml").write_text(text, encoding="utf-8")
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_yaml", ".yaml").replace("_py", ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder


def test_every_folder_with_a_task_is_in_the_suite(tmp_path: Path) -> None:
    loaded = load_suite(suite(tmp_path, b__task_yaml=TASK, a__task_yaml=TASK, c__notes_yaml="x"))
    assert [(task.id, task.family) for task in loaded.tasks] == [("a", "a"), ("b", "b")]
    assert (loaded.name, loaded.epochs, loaded.rounds, loaded.cassette) == ("mine", 1, 1, None)


def test_tasks_can_be_listed(tmp_path: Path) -> None:
    text = (
        "suite: mine\ndescription: small\nepochs: 3\nrounds: 2\ncassette: recorded\nreplay: by-task\n"
        "tasks:\n  - tasks/b.yaml\n  - task: a\n    id: first\n    family: greetings\n"
    )
    loaded = load_suite(suite(tmp_path, text, a__task_yaml=TASK, tasks__b_yaml=TASK))
    assert [(task.id, task.family) for task in loaded.tasks] == [("b", "b"), ("first", "greetings")]
    assert (loaded.epochs, loaded.rounds, loaded.replay) == (3, 2, "by-task")
    assert loaded.cassette == tmp_path / "recorded"


def test_a_task_s_own_probes_stand_beside_it(tmp_path: Path) -> None:
    probes = "probes:\n  - name: alive\n    steps:\n      - request: GET /health\n"
    plain = load_suite(suite(tmp_path, a__task_yaml=TASK)).tasks[0]
    probed = load_suite(suite(tmp_path, a__probes_yaml=probes)).tasks[0]
    assert [script.name for script in probed.scripts] == ["alive"]
    assert probed.task.digest == plain.task.digest, "what the model is told stays the same"
    assert probed.tests_hash != plain.tests_hash
    with pytest.raises(ConfigError, match=r"a/probes.yaml:4: `request` must be a method"):
        load_suite(suite(tmp_path, a__probes_yaml=probes.replace("GET ", "GET")))


def test_hidden_tests_are_for_the_judge_alone(tmp_path: Path) -> None:
    plain = load_suite(suite(tmp_path, a__task_yaml=TASK)).tasks[0]
    hidden = load_suite(suite(tmp_path, a__hidden_tests__tests__test_x_py="def test_x(): pass\n")).tasks[0]
    assert hidden.task == plain.task, "the model is told the same"
    assert hidden.task.digest == plain.task.digest
    assert hidden.judged.hidden_tests == {"tests/test_x.py": "def test_x(): pass\n"}
    assert hidden.tests_hash != plain.tests_hash


def test_what_lies_in_hidden_tests_is_no_task(tmp_path: Path) -> None:
    made = suite(
        tmp_path, a__task_yaml=TASK, a__hidden_tests__data__task_yaml="a: fixture\n", b__c__task_yaml=TASK
    )
    assert [task.id for task in load_suite(made).tasks] == ["a", "c"]


def test_probes_are_said_for_the_suite_or_for_a_task(tmp_path: Path) -> None:
    text = "suite: mine\nprobes: true\ntasks:\n  - a\n  - task: b\n    probes: false\n"
    other = TASK.replace("greeting", "parting")
    probed, plain = load_suite(suite(tmp_path, text, a__task_yaml=TASK, b__task_yaml=other)).tasks
    assert (probed.probes, plain.probes) == (True, False)
    assert probed.tests_hash != plain.tests_hash, "what they find is not comparable"
    with pytest.raises(
        ConfigError, match="`a` and `b` are one task, word for word, but are probed differently"
    ):
        load_suite(suite(tmp_path, text, b__task_yaml=TASK))


def test_the_shipped_recordings_are_a_suite() -> None:
    loaded = load_suite(find_suite("recordings"))
    assert len(loaded.tasks) == 6
    assert loaded.cassette is not None
    assert all((loaded.cassette / task.id / "response.md").is_file() for task in loaded.tasks)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("suite: mine\nepoch: 3\n", r"suite.yaml:2: unknown field `epoch` \(did you mean `epochs`\?\)"),
        ("", r"suite.yaml: the suite is empty"),
        ("- mine\n", r"suite.yaml:1: the suite is a list, but must be a mapping of fields"),
        ("epochs: 3\n", r"the field `suite` is missing \(add `suite: ...`\)"),
        ("suite: mine\n\nepochs: none\n", r"suite.yaml:3: `epochs` must be a whole number, but is `none`"),
        ("suite: mine\nepochs: 1.5\n", r"suite.yaml:2: `epochs` must be a whole number, but is `1.5`"),
        ("suite: mine\nepochs: 0\n", r"suite.yaml:2: `epochs` must be at least 1, but is `0`"),
        ("suite: mine\nrounds: 99\n", r"suite.yaml:2: `rounds` must be at most 20, but is `99`"),
        ("suite: mine\nprobes: maybe\n", r"suite.yaml:2: `probes` must be true or false, but is `maybe`"),
        ("suite: mine\nreplay: task\n", r"suite.yaml:2: `replay` must be 'exact' or 'by-task', but is"),
        ("suite: mine\ntasks: a\n", r"suite.yaml:2: `tasks` must be a list \(`- NAME`.*, but is `a`"),
        ("suite: mine\ntasks:\n  -\n", r"suite.yaml:3: `tasks: 0` must be the name of a task's folder, or"),
        ("suite: mine\n\tepochs: 3\n", r"suite.yaml:2: a tab stands where YAML wants spaces"),
        ("suite: mine\nsuite: mine\n", r"suite.yaml:2: `suite` is given twice"),
        ("suite: my suite\n", r"suite.yaml:1: `suite` must be of letters, digits"),
        ("suite: mine\ntasks:\n  - a\n  - task: a\n    name: b\n", r"suite.yaml:5: unknown field `name`"),
        ("suite: mine\ntasks:\n  - a\n  - aa\n", r"suite.yaml:4: `aa` is neither .*"),
        ("suite: mine\ntasks:\n  - a\n  - a\n", r"yaml:4: the task is called `a`, as that of \S+yaml:3 is"),
        (
            "suite: mine\ntasks: [a, {task: a, id: A}]\n",
            r"suite.yaml:2: `a` and `A` are one task, word for word, and too much alike as names \(give one",
        ),
        ("suite: mine\ntasks: [../../etc]\n", "leads out of the suite's folder"),
        ("suite: [\n", "suite.yaml"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_suite(suite(tmp_path, text, a__task_yaml=TASK))
    assert re.search(said, f"{caught.value} ({caught.value.hint})")


def test_tasks_of_folders_with_one_name_are_told_apart_by_their_paths(tmp_path: Path) -> None:
    folder = suite(tmp_path, a__task_yaml=TASK)
    (folder / "old/a").mkdir(parents=True)
    (folder / "old/a/task.yaml").write_text(TASK + "\n", encoding="utf-8")
    with pytest.raises(
        ConfigError, match=r"old/a/task\.yaml: the task is called `a`, as that of .*/a/task\.yaml is"
    ):
        load_suite(folder)


def test_a_task_file_may_be_a_link_within_the_suite_alone(tmp_path: Path) -> None:
    folder = suite(tmp_path, a__task_yaml=TASK)
    (folder / "b").mkdir()
    (folder / "b/task.yaml").symlink_to("../a/task.yaml")
    assert [task.id for task in load_suite(folder).tasks] == ["a", "b"]
    (folder / "b/task.yaml").unlink()
    (folder / "b/task.yaml").symlink_to(__file__)
    with pytest.raises(ConfigError, match=r"b/task\.yaml leads out of the suite's folder by a symbolic link"):
        load_suite(folder)


def test_several_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_suite(suite(tmp_path, "suite: mine\nepoch: 3\nrounds: 99\n", a__task_yaml=TASK))
    assert [line.split(":")[1] for line in str(caught.value).split("\n")] == ["2", "3"]


def test_a_suite_without_tasks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no folder below this suite has a task\.yaml"):
        load_suite(suite(tmp_path))


@pytest.mark.parametrize(
    ("named", "hint"), [("recording", "did you mean recordings"), ("zzz", "one of: recordings")]
)
def test_an_unknown_suite_is_told_with_what_there_is(named: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        find_suite(named)
    assert hint in caught.value.hint
