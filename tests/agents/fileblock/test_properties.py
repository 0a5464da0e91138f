"""What holds for every text: cuts do not matter, rendering has an inverse, no path leads outside."""

from dataclasses import replace
from pathlib import PurePosixPath

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.fileblock import Stream, parse, render
from agents.fileblock.paths import BadPathError, collisions, plain_path
from agents.submission import (
    Answer,
    Deletion,
    Dependency,
    Edit,
    EnvVar,
    Migration,
    Piece,
    SourceFile,
    Submission,
)
from tests.agents.fileblock.texts import hostile_texts

STOP_REASONS = st.sampled_from([None, "end", "length"])


@given(text=hostile_texts(), data=st.data(), stop_reason=STOP_REASONS)
@settings(max_examples=120, deadline=None)
def test_cuts_do_not_matter(text: str, data: st.DataObject, stop_reason: str | None) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    stream = Stream()
    shown: list[SourceFile] = []
    for start, stop in zip([0, *cuts], [*cuts, len(text)], strict=True):
        shown += stream.feed(text[start:stop])
    answer = stream.finish(stop_reason)
    assert answer == parse(text, stop_reason)
    taken_back = {d.path for d in answer.errors if d.code in {"conflict", "path-collision"}}
    kept = [file for file in shown if file.path not in taken_back]
    by_path = {file.path: file for file in answer.submission.files}
    assert all(by_path[file.path].text == file.text for file in kept)


@given(text=hostile_texts())
@settings(max_examples=40, deadline=None)
def test_a_stream_of_single_characters_reads_the_same(text: str) -> None:
    stream = Stream()
    for character in text:
        stream.feed(character)
    assert stream.finish() == parse(text)


@given(text=hostile_texts(), stop_reason=STOP_REASONS)
@settings(max_examples=120, deadline=None)
def test_every_answer_is_sound(text: str, stop_reason: str | None) -> None:
    check_sound(parse(text, stop_reason), text)


def check_sound(answer: Answer, text: str) -> None:
    """What every parsed answer keeps to."""
    lines = text.count("\n") + 1
    paths = [file.path for file in answer.submission.files]
    assert len(set(paths)) == len(paths)
    assert not collisions(paths)
    last = 0
    for file in answer.submission.files:
        pure = PurePosixPath(file.path)
        assert plain_path(file.path) == file.path == str(pure)
        assert not pure.is_absolute()
        assert ".." not in pure.parts
        assert not file.text or (file.text.endswith("\n") and not file.text.endswith("\n\n"))
        assert "\r\n" not in file.text
        assert last < file.span[0] <= file.span[1] <= lines
        last = file.span[1]
    assert all(0 <= diagnostic.line <= lines for diagnostic in answer.diagnostics)
    said = answer.submission
    for edit in said.edits:
        assert plain_path(edit.path) == edit.path
        assert edit.span[0] < edit.span[1] <= lines
        assert all(piece.search and edit.span[0] < piece.line < edit.span[1] for piece in edit.pieces)
    assert not {e.path for e in said.edits} & {*paths, *(d.path for d in said.deletions)}
    assert paths or said.edits or said.deletions or answer.errors


def is_plain(path: str) -> bool:
    try:
        return plain_path(path) == path
    except BadPathError:
        return False


PATHS = st.one_of(
    st.sampled_from(
        [
            "a.py",
            "src/b.js",
            "README.md",
            "k8s/c.yaml",
            "Makefile",
            ".env.example",
            "x/[id].ts",
            "my file.txt",
        ]
    ),
    st.text("aB7._-[]@()+&%$~é漢😀", min_size=1, max_size=12).map(lambda name: name + ".py").filter(is_plain),
)
LINES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), max_size=20),
    st.sampled_from(
        ["---", "-----", "FILE: x.py", "**FILE: y.md**", "DEPENDENCIES:", "```", "```python", '"""', "`"]
    ),
    st.sampled_from(
        ["<think>", "</think>", "\x1b[1m---", "# ENV_VARS", "---   ", "/*", "'", "\\", "\f", "\u2028"]
    ),
)
CONTENTS = st.lists(LINES, max_size=8).map(lambda lines: normal("\n".join(lines)))
SPECS = st.sampled_from(
    [
        Dependency("python", "fastapi>=0.110"),
        Dependency("python", "psycopg[binary]>=3.1,<4"),
        Dependency("python", 'tomli>=2; python_version < "3.11"'),
        Dependency("python", "pkg @ https://example.org/pkg-1.0.whl"),
        Dependency("npm", "express"),
        Dependency("npm", "@types/node@^20"),
        Dependency("go", "github.com/gin-gonic/gin@v1.10.0"),
        Dependency("cargo", "tokio@1"),
        Dependency("maven", "org.postgresql:postgresql:42.7.3"),
        Dependency("rubygems", "rails:7.1"),
        Dependency("nuget", "Npgsql@8.0.3"),
    ]
)
MIGRATIONS = st.builds(
    Migration,
    st.sampled_from(["sql", "command", "note"]),
    st.lists(LINES, min_size=1, max_size=5)
    .map(lambda lines: "\n".join(line.replace("\r", "").replace("\x1b", "") for line in lines))
    .filter(lambda text: text.strip() != ""),
)
VARIABLES = st.builds(
    EnvVar,
    st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x1b"), max_size=30),
)
PIECE_LINES = st.one_of(
    LINES, st.sampled_from(["<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE", "==========", "<<<<<<<<<<<"])
)
PIECE_TEXTS = st.lists(PIECE_LINES, max_size=5).map(
    lambda lines: "".join(line.rstrip("\r") + "\n" for line in lines)
)
PIECES = st.builds(Piece, PIECE_TEXTS.filter(bool), PIECE_TEXTS)
EDITS = st.builds(
    Edit,
    st.sampled_from(["e1.py", "src/e2.md", "e 3.txt"]),
    st.lists(PIECES, min_size=1, max_size=3).map(tuple),
)
SUBMISSIONS = st.builds(
    Submission,
    st.lists(
        st.builds(SourceFile, PATHS, CONTENTS), max_size=4, unique_by=lambda file: file.path.casefold()
    ).map(tuple),
    st.none() | st.lists(SPECS, max_size=4, unique=True).map(tuple),
    st.none() | st.lists(MIGRATIONS, max_size=3).map(tuple),
    st.none() | st.lists(VARIABLES, max_size=4, unique_by=lambda variable: variable.name).map(tuple),
    st.lists(EDITS, max_size=2).map(tuple),
    st.lists(st.builds(Deletion, st.sampled_from(["old.py", "x/old.md"])), max_size=2, unique=True).map(
        tuple
    ),
)


def normal(text: str) -> str:
    """Content as a file may hold it: LF line breaks and exactly one at the end."""
    text = "\n".join(line.rstrip("\r") for line in text.split("\n")).rstrip("\n")
    return text + "\n" if text else ""


@given(submission=SUBMISSIONS.filter(lambda submission: not collisions(f.path for f in submission.files)))
@settings(max_examples=250, deadline=None)
def test_rendering_has_an_inverse(submission: Submission) -> None:
    answer = parse(render(submission))
    assert without_places(answer.submission) == submission
    named = submission.files or submission.edits or submission.deletions
    assert [d.code for d in answer.diagnostics] == ([] if named else ["no-blocks"])


def without_places(read: Submission) -> Submission:
    """The submission without its places in the answer."""
    edits = (
        replace(edit, span=(0, 0), pieces=tuple(replace(piece, line=0) for piece in edit.pieces))
        for edit in read.edits
    )
    return replace(
        read,
        files=tuple(replace(file, span=(0, 0)) for file in read.files),
        edits=tuple(edits),
        deletions=tuple(replace(deletion, line=0) for deletion in read.deletions),
    )


@given(text=hostile_texts())
@settings(max_examples=80, deadline=None)
def test_what_was_read_can_be_rendered_and_read_again(text: str) -> None:
    read = parse(text).submission
    again = parse(render(read)).submission
    assert [(f.path, f.text) for f in again.files] == [(f.path, f.text) for f in read.files]
    assert without_places(again).edits == without_places(read).edits
    assert again.migrations == read.migrations
    assert again.env_vars == read.env_vars
