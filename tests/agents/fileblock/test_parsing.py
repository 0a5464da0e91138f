"""The plain case, read as an example."""

from agents.fileblock import Stream, parse
from agents.submission import Dependency, EnvVar, Migration, SourceFile

ANSWER = """\
A small service.

FILE: app/main.py
---
print("hello")
---

FILE: README.md
---
# Hello
---

DEPENDENCIES:
pip install "fastapi>=0.110" uvicorn

MIGRATIONS:
CREATE TABLE t (id INT);

ENV_VARS:
PORT=8000
"""


def test_reads_files_and_sections() -> None:
    answer = parse(ANSWER)
    said = answer.submission
    assert said.files == (
        SourceFile("app/main.py", 'print("hello")\n', (3, 6)),
        SourceFile("README.md", "# Hello\n", (8, 11)),
    )
    assert said.dependencies == (Dependency("python", "fastapi>=0.110"), Dependency("python", "uvicorn"))
    assert said.migrations == (Migration("sql", "CREATE TABLE t (id INT);"),)
    assert said.env_vars == (EnvVar("PORT", "8000"),)
    assert answer.adherence == "clean"


def test_a_stream_gives_files_as_they_become_certain() -> None:
    stream = Stream()
    shown: list[SourceFile] = []
    for character in ANSWER:
        shown += stream.feed(character)
    answer = stream.finish()
    assert tuple(shown) == answer.submission.files
    assert answer == parse(ANSWER)


def test_halves_of_a_character_that_arrive_apart_are_joined() -> None:
    stream = Stream()
    stream.feed("FILE: a.txt\n---\n\ud83d")
    stream.feed("\ude00 \ud83d\n---\n")
    (file,) = stream.finish().submission.files
    assert file.text == "😀 \ufffd\n"


def test_numbers_without_end_are_no_versions() -> None:
    answer = parse(f"{ANSWER}\nDEPENDENCIES:\npoetry add a@^{'9' * 5000}\na=={'9' * 5000}\n")
    assert [d.code for d in answer.diagnostics] == ["dependency-unread", "dependency-unread"]
