"""The journal costs a record for each damage, never the run."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.journal import JournalWriter, read_journal, read_record, scan_journal, told_damage
from prompts.errors import ConfigError, StoreError

RECORDS = [{"kind": "answer", "n": n, "text": f'ü{n}\u2028 "quoted" \\ '} for n in range(5)]


def write(path: Path) -> bytes:
    with JournalWriter(path) as journal:
        journal.append(RECORDS[:2])
        for record in RECORDS[2:]:
            journal.append([record])
    return path.read_bytes()


def test_round_trip(tmp_path: Path) -> None:
    write(tmp_path / "j")
    assert list(read_journal(tmp_path / "j").records) == RECORDS


def test_every_line_is_plain_json(tmp_path: Path) -> None:
    lines = write(tmp_path / "j").decode().split("\n")[:-1]
    assert [json.loads(line)["n"] for line in lines] == [0, 1, 2, 3, 4]


def test_absent_is_empty(tmp_path: Path) -> None:
    assert read_journal(tmp_path / "none").records == ()


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_flipped_byte_costs_one_record(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("journal") / "j"
    whole = bytearray(write(path))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(whole)
    found = read_journal(path)
    assert len(found.records) >= len(RECORDS) - 1
    assert all(record in RECORDS for record in found.records)
    assert len(found.records) == len(RECORDS) or found.damaged


def test_each_record_can_be_read_at_its_place(tmp_path: Path) -> None:
    write(tmp_path / "j")
    with JournalWriter(tmp_path / "j") as journal:
        [first, second] = journal.append([{"kind": "a"}, {"kind": "b"}])
    places = [line.offset for line in scan_journal(tmp_path / "j")]
    assert places[-2:] == [first, second]
    assert [read_record(tmp_path / "j", place) for place in places] == [
        *RECORDS,
        {"kind": "a"},
        {"kind": "b"},
    ]
    with pytest.raises(StoreError, match="damaged"):
        read_record(tmp_path / "j", first + 1)


def test_a_lost_line_end_costs_nothing_and_is_told(tmp_path: Path) -> None:
    path = tmp_path / "j"
    path.write_bytes(write(path).replace(b"\n", b"x", 1))
    found = read_journal(path)
    assert list(found.records) == RECORDS
    assert found.damaged == (1,)
    assert [read_record(path, line.offset) for line in scan_journal(path) if line.record] == RECORDS


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], ""),
        ([7], "line 7 of the journal is damaged and is left out"),
        ([7, 9], "2 lines of the journal are damaged and are left out: 7, 9"),
        (
            range(1, 500),
            "499 lines of the journal are damaged and are left out: 1, 2, 3, 4, 5 and more",
        ),
    ],
)
def test_however_many_lines_are_damaged_one_says_so(lines: Sequence[int], said: str) -> None:
    assert told_damage(lines) == said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_a_full_disk_is_told() -> None:
    journal = JournalWriter(Path("/dev/full"))
    with journal, pytest.raises(StoreError, match="No space left"):
        journal.append(RECORDS)


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_torn_tail_costs_one_record_and_is_not_grown_upon(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "j"
    path.write_bytes(write(path)[:-cut])
    with JournalWriter(path) as journal:
        journal.append([{"kind": "next"}])
    found = read_journal(path)
    kept = RECORDS if cut == 1 else RECORDS[:-1]  # a missing line end alone loses nothing
    assert list(found.records) == [*kept, {"kind": "next"}]


def test_only_one_writer(tmp_path: Path) -> None:
    with JournalWriter(tmp_path / "j"), pytest.raises(ConfigError, match="another process"):
        JournalWriter(tmp_path / "j")


def test_unreadable_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        read_journal(tmp_path)
