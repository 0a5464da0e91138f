"""Reads the files of a commit for a context: all of them for their outlines, a few for what they define."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Protocol

from evals.context.cache import (
    ContextCache,
    key_of,
    read_definitions,
    read_outline,
    write_definitions,
    write_outline,
)
from evals.context.definitions import Definitions, definitions
from evals.context.outline import Outline, outline

_AT_ONCE = 24


class Source(Protocol):
    """The files of a commit. ``blobs`` holds the id of every file's content by its path."""

    @property
    def commit(self) -> str:
        """The commit's id."""

    @property
    def blobs(self) -> Mapping[str, str]:
        """Path to id of the content."""

    def read(self, paths: Iterable[str]) -> Mapping[str, str]:
        """The texts of those of the files that are text."""


class Reading:
    """What is known of a source. ``outlines`` are those of all its text files; with a cache only content that was
    never met before is read for them."""

    def __init__(self, source: Source, cache: ContextCache | None) -> None:
        self.source = source
        self._cache = cache
        self._texts: dict[str, str] = {}
        self.outlines: Mapping[str, Outline] = self._outlines()

    def texts(self, paths: Iterable[str]) -> dict[str, str]:
        """The texts of files, in order; of those that are text."""
        wanted = list(paths)
        self._texts.update(self.source.read(path for path in wanted if path not in self._texts))
        return {path: self._texts[path] for path in wanted if path in self._texts}

    def definitions(self, paths: Iterable[str]) -> Iterator[tuple[str, Definitions]]:
        """What each of the files defines, in order, read a few files at a time as far as they are asked for."""
        pending = iter(paths)
        while batch := list(islice(pending, _AT_ONCE)):
            found = self._kept_definitions(batch)
            texts = self.texts(path for path in batch if path not in found)
            fresh = {path: definitions(path, text) for path, text in texts.items()}
            self._keep("definitions", {path: write_definitions(made) for path, made in fresh.items()})
            found |= fresh
            for path in batch:
                yield path, found.get(path, Definitions())

    def _outlines(self) -> dict[str, Outline]:
        found: dict[str, Outline | None] = {}
        for path, data in self._find("outline", self.source.blobs).items():
            try:
                found[path] = read_outline(data)
            except ValueError:
                continue
        missing = [path for path in self.source.blobs if path not in found]
        texts = self.source.read(missing)
        fresh = {path: outline(path, texts[path]) if path in texts else None for path in missing}
        self._keep("outline", {path: write_outline(made) for path, made in fresh.items()})
        found |= fresh
        return {path: made for path in self.source.blobs if (made := found[path]) is not None}

    def _kept_definitions(self, paths: Iterable[str]) -> dict[str, Definitions]:
        found: dict[str, Definitions] = {}
        for path, data in self._find("definitions", paths).items():
            try:
                found[path] = read_definitions(data)
            except (ValueError, TypeError):
                continue
        return found

    def _find(self, kind: str, paths: Iterable[str]) -> dict[str, str]:
        if self._cache is None:
            return {}
        keys = {path: key_of(kind, path, self.source.blobs[path]) for path in paths}
        kept = self._cache.find(keys.values())
        return {path: kept[key] for path, key in keys.items() if key in kept}

    def _keep(self, kind: str, rows: Mapping[str, str]) -> None:
        if self._cache is not None:
            self._cache.keep(
                {key_of(kind, path, self.source.blobs[path]): data for path, data in rows.items()}
            )
