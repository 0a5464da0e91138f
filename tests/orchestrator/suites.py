"""Suites of many small tasks with their answers recorded beside them, for tests of whole runs."""

from pathlib import Path

from tests.orchestrator import answers


def write_suite(folder: Path, recorded: dict[str, str], epochs: int = 1) -> Path:
    """A suite that holds a task of each name, whose recorded answer is the text (none where it is empty)."""
    folder.mkdir(parents=True)
    told = f"suite: small\nepochs: {epochs}\ncassette: .\nreplay: by-task\n"
    (folder / "suite.yaml").write_text(told, encoding="utf-8")
    for name, answer in recorded.items():
        (folder / name).mkdir()
        task = answers.TASK.replace("greeting library", f"greeting library called {name}")
        (folder / name / "task.yaml").write_text(task, encoding="utf-8")
        if answer:
            (folder / name / "response.md").write_text(answer, encoding="utf-8")
    return folder


def many(count: int, answer: str = answers.GOOD) -> dict[str, str]:
    """That many tasks with an answer each, all different."""
    return {f"task-{n:04}": answer.replace("hello", f"hello {n}") for n in range(count)}
