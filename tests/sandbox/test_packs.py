"""Packs and objects that we write are what git and dulwich read."""

import hashlib
import io
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from dulwich.object_format import DEFAULT_OBJECT_FORMAT
from dulwich.objects import Blob, Commit, ObjectID, Tree
from dulwich.pack import load_pack_index
from hypothesis import given
from hypothesis import strategies as st

from sandbox.git_objects import FILE, FOLDER, GitObject, blob, commit, tree
from sandbox.pack_file import Entry, PackFile, PackIndex, index_bytes
from sandbox.packs import PackFolder


def numbered(numbers: range) -> dict[bytes, GitObject]:
    objects = [blob(b"object %d\n" % number) for number in numbers]
    return {one.id: one for one in objects}


def contents(packs: Path) -> dict[bytes, int]:
    """The ids in all packs of a folder, and how often each is there."""
    found: dict[bytes, int] = {}
    for index in packs.glob("*.idx"):
        for one in PackIndex(index).ids():
            found[one] = found.get(one, 0) + 1
    return found


@given(st.binary(max_size=5000))
def test_a_blob_has_the_id_that_git_gives_it(data: bytes) -> None:
    assert blob(data).id.hex().encode() == Blob.from_string(data).id


@given(
    st.lists(
        st.tuples(st.text("a./-0Z", min_size=1), st.booleans()),
        unique_by=lambda entry: entry[0],
        max_size=12,
    )
)
def test_a_tree_is_sorted_as_git_sorts_it(entries: list[tuple[str, bool]]) -> None:
    one = blob(b"x").id
    names = [(name.replace("/", "_").encode(), folder) for name, folder in entries]
    names = list({name: (name, folder) for name, folder in names}.values())
    theirs = Tree()
    for name, folder in names:
        theirs.add(name, 0o40000 if folder else 0o100644, ObjectID(one.hex().encode()))
    ours = tree((name, FOLDER if folder else FILE, one) for name, folder in names)
    assert ours.data == theirs.as_raw_string()


def test_a_commit_is_read_as_it_was_made() -> None:
    root, parent = "ab" * 20, "cd" * 20
    made = commit(bytes.fromhex(root), parent, 1_700_000_000, "Round 2: ü\n")
    read = Commit.from_string(made.data)
    assert (read.tree.decode(), read.parents) == (root, [parent.encode()])
    assert (read.message.decode(), read.commit_time, read.author_timezone) == (
        "Round 2: ü\n",
        1_700_000_000,
        0,
    )
    assert read.id == made.id.hex().encode()


entries = st.dictionaries(
    st.binary(min_size=20, max_size=20),
    st.tuples(st.integers(12, 2**40), st.integers(0, 2**32 - 1)),
    min_size=1,
    max_size=40,
).map(lambda found: [(one, offset, crc) for one, (offset, crc) in found.items()])


@given(entries)
def test_an_index_tells_also_what_lies_beyond_two_gigabytes(
    tmp_path_factory: pytest.TempPathFactory, told: list[Entry]
) -> None:
    path = tmp_path_factory.mktemp("index") / "pack.idx"
    path.write_bytes(index_bytes(told, b"s" * 20))
    with closing(load_pack_index(path, DEFAULT_OBJECT_FORMAT)) as theirs:
        theirs.check()
        assert sorted((one, offset, crc or 0) for one, offset, crc in theirs.iterentries()) == sorted(told)
    ours = PackIndex(path)
    assert ours.count == len(told)
    assert sorted(ours.ids()) == sorted(one for one, _, _ in told)


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=20, unique=True))
def test_what_is_copied_from_a_pack_is_what_was_stored_in_it(
    tmp_path_factory: pytest.TempPathFactory, texts: list[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("pack")
    objects = {blob(text).id: blob(text) for text in texts}
    first, second = io.BytesIO(), io.BytesIO()
    pack = PackFile(first, len(objects))
    for one, kept in objects.items():
        pack.add(one, kept)
    (folder / "one.idx").write_bytes(pack.finish())
    copy = PackFile(second, len(objects))
    for one, packed, crc in PackIndex(folder / "one.idx").objects(first, first.tell()):
        copy.copy(one, packed, crc)
    assert copy.finish() == (folder / "one.idx").read_bytes()
    assert second.getvalue() == first.getvalue()
    assert hashlib.sha1(first.getvalue()[:-20]).digest() == first.getvalue()[-20:]


def test_git_finds_nothing_wrong_with_a_pack_and_its_index(tmp_path: Path) -> None:
    PackFolder(tmp_path).add(numbered(range(300)) | {blob(b"x" * 100_000).id: blob(b"x" * 100_000)})
    [pack] = tmp_path.glob("*.pack")
    subprocess.run(["git", "verify-pack", str(pack)], check=True)


def test_packs_are_joined_without_losing_or_doubling_an_object(tmp_path: Path) -> None:
    packs = PackFolder(tmp_path)
    for number in range(100):
        packs.add(numbered(range(number, number + 10)))
    packs.tidy()
    assert contents(tmp_path) == dict.fromkeys(numbered(range(109)), 1)


@pytest.mark.slow
def test_large_packs_are_left_as_they_are(tmp_path: Path) -> None:
    packs = PackFolder(tmp_path)
    packs.add(numbered(range(30_000)))
    packs.add(numbered(range(30_000, 30_010)))
    packs.add(numbered(range(30_010, 30_020)))
    packs.tidy()
    assert len(list(tmp_path.glob("*.pack"))) == 2
    assert contents(tmp_path) == dict.fromkeys(numbered(range(30_020)), 1)
