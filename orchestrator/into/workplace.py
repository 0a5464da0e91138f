"""Opens a user's repository for a run: its base, what is uncommitted, a clone to work in, and its files."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from prompts.errors import ConfigError
from sandbox.repository.snapshot import Snapshot, read_snapshot
from sandbox.repository.source import SourceRepository, WorkClone, shown_paths
from sandbox.repository.uncommitted import Uncommitted

Uncommitting = Literal["refuse", "carry", "ignore"]
CHOICES: tuple[Uncommitting, ...] = ("refuse", "carry", "ignore")
CLONE = "repository.git"
_PLACE = "workplace.json"


@dataclass(frozen=True, slots=True)
class Workplace:
    """An open repository. ``origin`` is the user's own commit, ``base`` the one that work starts at: the same, or the
    one that carries what was not committed."""

    source: SourceRepository
    clone: WorkClone
    origin: str
    base: str
    snapshot: Snapshot
    notes: tuple[str, ...] = ()


def open_source(
    folder: Path, base: str | None, uncommitted: str
) -> tuple[SourceRepository, str, Uncommitted]:
    """The repository, the user's commit to start from, and what is not committed and is to be carried.

    Raises ConfigError where there are uncommitted changes and no choice was made.
    """
    if uncommitted not in CHOICES:
        raise ConfigError(f"--uncommitted {uncommitted!r} is unknown", f"use one of: {', '.join(CHOICES)}")
    source = SourceRepository(folder)
    source.check_room()
    head = source.resolve("HEAD")
    origin = source.resolve(base) if base else head
    if uncommitted == "ignore" or origin != head:
        if uncommitted == "carry":
            raise ConfigError(
                "--uncommitted carry needs the commit that is checked out as base", "leave --base out"
            )
        return source, origin, Uncommitted(())
    found = source.uncommitted()
    if found.changes and uncommitted == "refuse":
        paths = shown_paths(change.path for change in found.changes)
        raise ConfigError(
            f"{folder} has changes that are not committed: {paths}",
            "commit or stash them, or say --uncommitted carry (they are part of the base) or --uncommitted ignore",
        )
    return source, origin, found


def open_workplace(source: SourceRepository, origin: str, uncommitted: Uncommitted, run: Path) -> Workplace:
    """The clone in the run's folder. A run that goes on keeps the base that it began with."""
    before = _begun(run)
    if before is not None:
        origin, base = before["origin"], before["base"]
        clone = WorkClone(run / CLONE, source, base)
    else:
        clone = WorkClone(run / CLONE, source, origin)
        clone.keep_origin(origin)
        base = origin
        if uncommitted.changes:
            changes = {change.path: change.data for change in uncommitted.changes}
            modes = {change.path: change.mode for change in uncommitted.changes}
            base = clone.commit(changes, modes, "Changes that were not committed\n\nCarried by Backsmith.\n")
        fresh = run / f".{_PLACE}.new"
        fresh.write_text(json.dumps({"origin": origin, "base": base}) + "\n", encoding="utf-8")
        fresh.replace(run / _PLACE)
    clone.start_over(base)
    notes = [f"taken as committed: {path} ({reason})" for path, reason in uncommitted.unknown[:5]]
    snapshot = read_snapshot(clone.git, base)
    notes += [f"left out of the sandbox: {path} ({reason})" for path, reason in snapshot.left_out[:5]]
    return Workplace(source, clone, origin, base, snapshot, tuple(notes))


def _begun(run: Path) -> dict[str, str] | None:
    try:
        said = json.loads((run / _PLACE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    known = isinstance(said, dict) and all(isinstance(said.get(key), str) for key in ("origin", "base"))
    return said if known else None
