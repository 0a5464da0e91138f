"""When a stream lets go of a file: as soon as no further text can move its end, and not before."""

from agents.fileblock import Stream, parse
from agents.submission import SourceFile


def arriving(*lines: str) -> list[list[str]]:
    """The paths that each line made certain."""
    stream = Stream()
    return [[file.path for file in stream.feed(line + "\n")] for line in lines]


def test_code_is_certain_with_its_closing_line() -> None:
    assert arriving("FILE: a.py", "---", "x = 1", "---") == [[], [], [], ["a.py"]]


def test_code_is_not_certain_inside_of_a_string() -> None:
    lines = ["FILE: a.py", "---", '"""', "---", '"""', "---"]
    assert arriving(*lines) == [[], [], [], [], [], ["a.py"]]


def test_text_is_certain_when_the_next_block_begins() -> None:
    lines = ["FILE: a.md", "---", "# A", "---", "", "FILE: b.py", "---"]
    assert arriving(*lines) == [[], [], [], [], [], [], ["a.md"]]


def test_text_is_certain_when_a_section_begins() -> None:
    assert arriving("FILE: a.md", "---", "# A", "---", "", "ENV_VARS:") == [[], [], [], [], [], ["a.md"]]


def test_a_file_between_longer_delimiters_waits_for_what_follows() -> None:
    lines = ["FILE: a.sql", "-----", "---", "-----", "", "FILE: b.py", "---", "x", "---"]
    assert arriving(*lines) == [[], [], [], [], [], [], ["a.sql"], [], ["b.py"]]


def test_a_file_that_cannot_be_used_is_never_shown() -> None:
    assert arriving("FILE: ../a.py", "---", "x = 1", "---") == [[], [], [], []]


def test_a_conflict_takes_a_file_back_at_the_end() -> None:
    stream = Stream()
    first = stream.feed("FILE: a.py\n---\nx = 1\n---\n")
    assert first == (SourceFile("a.py", "x = 1\n", (1, 4)),)
    stream.feed("FILE: a.py\n---\nx = 2\n---\n")
    assert stream.finish().submission.files == ()


def test_a_long_line_in_small_pieces_is_kept_whole() -> None:
    stream = Stream()
    stream.feed("FILE: a.txt\n---\n")
    for _ in range(20_000):
        stream.feed("xy")
    stream.feed("\n---\n")
    (file,) = stream.finish().submission.files
    assert file.text == "xy" * 20_000 + "\n"


def test_a_gap_that_is_too_wide_stays_so_wherever_the_text_is_cut() -> None:
    text = "FILE: b.md\r\n\u2028\n\r\n\r\n```\n"
    whole = parse(text)
    for cut in range(len(text) + 1):
        stream = Stream()
        stream.feed(text[:cut])
        stream.feed(text[cut:])
        assert stream.finish() == whole, cut


def test_edits_are_told_when_they_are_certain_each_once() -> None:
    stream = Stream()
    told = []
    for line in (
        "EDIT: a.py",
        "---",
        "<<<<<<< SEARCH",
        "x",
        "=======",
        "y",
        ">>>>>>> REPLACE",
        "---",
        "",
        "FILE: b.py",
    ):
        assert stream.feed(line + "\n") == ()
        told.append([edit.path for edit in stream.new_edits()])
    assert told == [[]] * 7 + [["a.py"]] + [[]] * 2
