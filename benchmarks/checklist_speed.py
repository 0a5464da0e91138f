"""What the static part of the checklist takes, beside what parsing the same files takes by itself."""

import ast
import re
import time
from collections.abc import Callable, Mapping
from unittest.mock import patch

from evals.checklist import judge
from evals.code.files import language_of
from evals.code.view import build_view
from evals.suites.recordings import recordings_folder

_REPEATS = 7


def speed() -> None:
    """CPU time on one core, the best of several runs; start-up and imports are not in it."""
    recordings = {
        folder.name: _files(folder.name)
        for folder in sorted(recordings_folder().iterdir())
        if folder.is_dir()
    }
    recordings = {name: files for name, files in recordings.items() if files}
    joined = {
        "two of them": ("auth-fastapi", "wallet-fastapi"),
        "two others": ("auth-fastapi", "notes-flask"),
        "four of them": ("auth-fastapi", "wallet-fastapi", "notes-flask", "blog-express"),
    }
    for title, names in joined.items():
        if all(name in recordings for name in names):
            recordings[f"{title}: {', '.join(names)}"] = {
                f"{name}/{path}": text for name in names for path, text in recordings[name].items()
            }
    print("| submission | files | lines | static part, ms | bare parse, ms | ratio | parses a Python file |")
    print("|---|---|---|---|---|---|---|")
    for name, files in recordings.items():
        judge(build_view(files))
        spent = _cpu(lambda files=files: judge(build_view(files)))  # type: ignore[misc]
        bare = _cpu(lambda files=files: _parse(files))  # type: ignore[misc]
        lines = sum(text.count("\n") for text in files.values())
        print(
            f"| {name} | {len(files)} | {lines} | {spent * 1000:.0f} | {bare * 1000:.1f} | {spent / bare:.1f} "
            f"| {_parses(files)} |"
        )


def _files(name: str) -> dict[str, str]:
    response = recordings_folder() / name / "response.md"
    if not response.is_file():
        return {}
    text = response.read_text(encoding="utf-8")
    blocks = re.findall(r"^FILE: (\S+)\n(-{3,})\n(.*?)^\2\n", text, re.MULTILINE | re.DOTALL)
    return {path: body for path, _, body in blocks}


def _parse(files: Mapping[str, str]) -> None:
    """The trees that the languages' own parsers make, and nothing more."""
    from evals.code.grammars import parser_for

    for path, text in files.items():
        language = language_of(path)
        if language == "python":
            ast.parse(text)
        elif language is not None:
            parser_for(path, language).parse(text.encode("utf-8"))


def _parses(files: Mapping[str, str]) -> str:
    """How often each Python file is parsed while all items are judged."""
    python = sum(path.endswith(".py") for path in files)
    if not python:
        return "-"
    real, calls = ast.parse, 0

    def counted(*args: object, **kwargs: object) -> ast.AST:
        nonlocal calls
        calls += 1
        return real(*args, **kwargs)  # type: ignore[call-overload,no-any-return]

    with patch.object(ast, "parse", counted):
        judge(build_view(files))
    return f"{calls / python:.1f}"


def _cpu(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(_REPEATS):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best
