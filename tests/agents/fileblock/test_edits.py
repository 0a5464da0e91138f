"""Edits over files: in the right place or refused, however the file has changed since; and in linear time."""

import random
import sysconfig
import time
from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from agents.fileblock import parse
from agents.fileblock.applying import apply_edits
from agents.submission import Deletion, Edit, Piece, SourceFile, Submission
from benchmarks.edits import KINDS, outcome, trials

LINES = st.lists(st.sampled_from(["a", "b", "  a", "  b", "", "c c", "c c "]), max_size=12)


def test_edits_of_real_files_go_to_the_right_place_or_are_refused() -> None:
    folder = Path(sysconfig.get_path("stdlib")) / "asyncio"
    counts: Counter[tuple[str, str]] = Counter()
    for trial in trials([folder, folder.parent / "unittest"], 30 * len(KINDS), random.Random(7)):
        counts[trial.kind, outcome(trial)] += 1
    refused = {"repeated", "repeated, re-indented", "changed", "absent"}
    assert counts == {(kind, "refused" if kind in refused else "right"): 30 for kind in KINDS}


@given(lines=LINES, wanted=LINES.filter(bool), wished=LINES)
def test_an_exact_edit_replaces_the_one_place_or_nothing(
    lines: list[str], wanted: list[str], wished: list[str]
) -> None:
    text = "".join(line + "\n" for line in lines)
    piece = Piece("".join(line + "\n" for line in wanted), "".join(line + "\n" for line in wished))
    applied = apply_edits(Submission(edits=(Edit("a", (piece,)),)), {"a": text})
    places = [at for at in range(len(lines)) if lines[at : at + len(wanted)] == wanted]
    if len(places) == 1 and wanted != wished:
        after = [*lines[: places[0]], *wished, *lines[places[0] + len(wanted) :]]
        assert [file.text for file in applied.submission.files] == ["".join(line + "\n" for line in after)]
        assert not applied.diagnostics
    elif len(places) > 1 and wanted != wished:
        assert not applied.submission.files
        assert applied.diagnostics[0].code == "edit-ambiguous"
    else:
        assert applied.diagnostics


def test_edited_files_stand_among_the_others_and_deletions_stay() -> None:
    said = Submission(
        files=(SourceFile("z.py", "z\n", (9, 11)),),
        edits=(Edit("a.py", (Piece("a\n", "b\n", 2),), (1, 7)),),
        deletions=(Deletion("old.py", 8),),
    )
    applied = apply_edits(said, {"a.py": "a\n", "old.py": ""})
    assert applied.submission == Submission(
        files=(SourceFile("a.py", "b\n", (1, 7)), SourceFile("z.py", "z\n", (9, 11))),
        deletions=(Deletion("old.py", 8),),
    )


def test_a_file_that_is_no_text_can_be_deleted() -> None:
    said = Submission(deletions=(Deletion("logo.png", 1), Deletion("gone.png", 2)))
    applied = apply_edits(said, {}, {"logo.png"})
    assert [deletion.path for deletion in applied.submission.deletions] == ["logo.png"]
    assert [diagnostic.code for diagnostic in applied.diagnostics] == ["delete-unknown"]


def seconds(count: int) -> float:
    """The time of an answer made to be compared with everything."""
    text = "a\n" * count + "b\n"
    pieces = tuple(Piece("a\n" * 40 + "x\n", "y\n", n) for n in range(count // 40))
    start = time.process_time()
    applied = apply_edits(Submission(edits=(Edit("a", pieces),)), {"a": text})
    assert len(applied.diagnostics) == len(pieces)
    return time.process_time() - start


def test_an_answer_built_to_be_slow_is_refused_soon() -> None:
    assert seconds(20_000) < 20


def test_messages_say_what_to_do() -> None:
    base = {"app/main.py": "def f():\n    return 1\n"}
    text = "EDIT: main.py\n---\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n---\n"
    (told,) = apply_edits(parse(text).submission, base).diagnostics
    assert told.message == (
        "There is no file main.py to edit (did you mean app/main.py?). Send new files with FILE."
    )
    text = (
        "EDIT: app/main.py\n---\n<<<<<<< SEARCH\ndef f():\n    return 2\n=======\ny\n>>>>>>> REPLACE\n---\n"
    )
    (told,) = apply_edits(parse(text).submission, base).diagnostics
    assert "lines 1-2 come nearest, where line 2 is '    return 1', not '    return 2'" in told.message
