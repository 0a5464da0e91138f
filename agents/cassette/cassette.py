"""A cassette: a folder of recorded completions, found by request or by task."""

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agents.cassette.entry import CALL, RESPONSE, Call, is_unfinished, read_call, write_entry
from agents.cassette.key import key_of
from agents.completion import CallTag, Completion, Request
from agents.redaction import Redactor
from prompts.errors import ConfigError, StoreError

_NAME = re.compile(
    r"(?P<task>[0-9a-f]{12})-(?P<role>[a-z0-9-]{1,80})-r(?P<round>\d{1,6})-e(?P<epoch>\d{1,9})"
    r"(?:-p(?P<part>\d{1,4}))?-(?P<key>[0-9a-f]{16})\Z"
)
_TASK = "task.yaml"
# The role and round that a plain recording (task.yaml and response.md, no request) stands for.
RECORDING_ROLE = "backend-builder"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call stands: everything but what was asked."""

    task: str
    role: str
    round: int
    epoch: int
    part: int

    @classmethod
    def of(cls, tag: CallTag) -> "Place":
        """The place of a call by its tag."""
        return cls(_short(tag.task), _plain(tag.role), tag.round, tag.epoch, tag.part)


@dataclass(frozen=True, slots=True)
class Slot:
    """One entry as its folder's name tells it; ``key`` is shortened, and empty for a plain recording."""

    folder: Path
    place: Place
    key: str


class Cassette:
    """The entries of one folder. Only their names are held in memory."""

    def __init__(self, folder: Path, redactor: Redactor | None = None) -> None:
        self.folder = folder
        self.redactor = redactor or Redactor({})
        self._by_key: dict[str, Slot] = {}
        self._by_place: dict[Place, list[Slot]] = {}
        for slot in _slots(folder):
            self._add(slot)

    def __len__(self) -> int:
        return sum(len(slots) for slots in self._by_place.values())

    def slots(self) -> Iterator[Slot]:
        """All entries."""
        for slots in self._by_place.values():
            yield from slots

    def exact(self, request: Request, model: str | None = None) -> tuple[Slot, Call] | None:
        """The entry that answers exactly this request, if there is one."""
        if not self._by_key:
            return None
        key = key_of(request, self.redactor, model)
        slot = self._by_key.get(key[:16])
        if slot is None:
            return None
        call = read_call(slot.folder)
        return (slot, call) if call.key == key else None

    def at(self, tag: CallTag) -> list[Slot]:
        """The entries of the same task, role, round, epoch and part, whatever was asked."""
        return list(self._by_place.get(Place.of(tag), ()))

    def write(self, request: Request, completion: Completion, *, overwrite: bool = False) -> Path:
        """Keep one completion; raises StoreError where it is recorded already and may not be overwritten."""
        key, place = key_of(request, self.redactor), Place.of(request.tag)
        part = f"-p{place.part}" if place.part > 1 else ""
        name = f"{place.task}-{place.role}-r{place.round}-e{place.epoch}{part}-{key[:16]}"
        known = self._by_key.get(key[:16])
        # The same request from another place (a task that was renamed) stays where it was recorded.
        folder = known.folder if known else self.folder / name
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            attributes = self.folder / ".gitattributes"
            if not attributes.exists():
                attributes.write_text("# Answers are kept byte for byte.\n* -text\n", encoding="utf-8")
            write_entry(folder, request, completion, self.redactor, overwrite=overwrite)
        except OSError as error:
            raise StoreError(f"{folder}: cannot be written: {error.strerror}") from error
        if known is None:
            self._add(Slot(folder, place, key[:16]))
        return folder

    def _add(self, slot: Slot) -> None:
        if slot.key:
            self._by_key[slot.key] = slot
        self._by_place.setdefault(slot.place, []).append(slot)


def open_cassette(folder: Path, redactor: Redactor | None = None) -> Cassette:
    """The cassette in a folder that must exist and hold something; raises ConfigError where it does not."""
    if not folder.is_dir():
        raise ConfigError(f"{folder}: there is no such cassette folder", hint="Record one with --record.")
    cassette = Cassette(folder, redactor)
    if not len(cassette):
        raise ConfigError(
            f"{folder}: holds no recorded completion",
            hint=f"An entry is a folder with {CALL}, or with {_TASK} and {RESPONSE}.",
        )
    return cassette


def _slots(folder: Path) -> Iterator[Slot]:
    if not folder.is_dir():
        return
    try:
        with os.scandir(folder) as entries:
            names = sorted(
                entry.name for entry in entries if entry.is_dir() and not is_unfinished(entry.name)
            )
    except OSError as error:
        raise StoreError(f"{folder}: cannot be read: {error.strerror}") from error
    for name in names:
        match = _NAME.match(name)
        if match:
            place = Place(
                match["task"],
                match["role"],
                int(match["round"]),
                int(match["epoch"]),
                int(match["part"] or 1),
            )
            yield Slot(folder / name, place, match["key"])
        elif (folder / name / RESPONSE).is_file() and (folder / name / _TASK).is_file():
            from prompts.taskfile import load_task

            task = load_task(folder / name / _TASK)
            yield Slot(folder / name, Place(_short(task.digest), RECORDING_ROLE, 1, 1, 1), "")


def _short(task: str) -> str:
    if re.fullmatch(r"[0-9a-f]{12,}", task):
        return task[:12]
    return hashlib.sha256(task.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _plain(role: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", role.lower())[:80].strip("-") or "role"
