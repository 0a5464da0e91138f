"""The journal costs a record for each damage, never the run."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.journal import JournalWriter, read_journal
from prompts.errors import ConfigError, StoreError

RECORDS = [{"kind": "answer", "n": n, "text": f'ü{n}\u2028 "quoted" \\ '} for n in range(5)]


def write(path: Path) -> bytes:
    with JournalWriter(path) as journal:
        for record in RECORDS:
            journal.append(record)
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
    # A line end that turns into something else joins two records.
    lost = 2 if bytes(write_again(path)[at : at + 1]) == b"\n" else 1
    assert len(found.records) >= len(RECORDS) - lost
    assert all(record in RECORDS for record in found.records)
    assert len(found.records) == len(RECORDS) or found.damaged


def write_again(path: Path) -> bytes:
    path.unlink()
    return write(path)


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_torn_tail_costs_one_record_and_is_not_grown_upon(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "j"
    path.write_bytes(write(path)[:-cut])
    with JournalWriter(path) as journal:
        journal.append({"kind": "next"})
    found = read_journal(path)
    kept = RECORDS if cut == 1 else RECORDS[:-1]  # a missing line end alone loses nothing
    assert list(found.records) == [*kept, {"kind": "next"}]


def test_only_one_writer(tmp_path: Path) -> None:
    with JournalWriter(tmp_path / "j"), pytest.raises(ConfigError, match="another process"):
        JournalWriter(tmp_path / "j")


def test_unreadable_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        read_journal(tmp_path)
