"""The repository that a sample is done in: its files at the base commit, and what of an answer fits in there."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from agents.fileblock.diagnosis import diagnose
from agents.fileblock.paths import collisions
from agents.submission import Answer, Diagnostic, SourceFile
from prompts.repository import RepositoryContext
from sandbox.repository.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class RepositoryGround:
    """A snapshot and what the model is told about it. See ``orchestrator.sample_plan.Ground``."""

    snapshot: Snapshot
    context: RepositoryContext

    @property
    def files(self) -> Mapping[str, str]:
        """The texts of the base commit."""
        return self.snapshot.files

    @property
    def others(self) -> frozenset[str]:
        """The paths of files that are no text, and of links."""
        return frozenset(one.path for one in self.snapshot.carried)

    def check(self, answer: Answer) -> Answer:
        """Refuse files that cannot stand beside what is there, and keep the line breaks of files that have CRLF."""
        submission = answer.submission
        gone = {deletion.path for deletion in submission.deletions}
        rivals = self._rivals([file.path for file in submission.files], gone)
        told: list[Diagnostic] = []
        kept: list[SourceFile] = []
        for file in submission.files:
            if file.path in rivals:
                told.append(diagnose("path-collision", file.span[0], file.path, other=rivals[file.path]))
            else:
                kept.append(self._with_its_breaks(file))
        return Answer(replace(submission, files=tuple(kept)), (*answer.diagnostics, *told))

    def _rivals(self, paths: Iterable[str], gone: set[str]) -> dict[str, str]:
        """What stands in the way of each path: a link, a submodule, a file where a folder is needed, another case."""
        there = {path for path in self.snapshot.blobs if path not in gone} | set(self.snapshot.submodules)
        closed = self.snapshot.links | self.snapshot.submodules
        wanted = set(paths)
        found = collisions([*there, *(path for path in wanted if path not in there)])
        rivals = {path: other for path, other in found.items() if path in wanted and path not in there}
        for path in wanted:
            above = [path, *_folders(path)]
            if (block := next((place for place in above if place in closed), None)) is not None:
                rivals[path] = block
        return rivals

    def _with_its_breaks(self, file: SourceFile) -> SourceFile:
        before = self.snapshot.files.get(file.path, "")
        if "\r\n" in before and "\r\n" not in file.text and before.count("\n") == before.count("\r\n"):
            return replace(file, text=file.text.replace("\n", "\r\n"))
        return file


def changes_of(ground: RepositoryGround, answer: Answer) -> dict[str, bytes | None]:
    """All that an answer changes of the base: path to content, or None where the file goes."""
    changes: dict[str, bytes | None] = {
        file.path: file.text.encode("utf-8", "surrogatepass") for file in answer.submission.files
    }
    changes |= {
        deletion.path: None for deletion in answer.submission.deletions if deletion.path not in changes
    }
    return {
        path: data
        for path, data in changes.items()
        if data is None or ground.files.get(path, "").encode("utf-8", "surrogatepass") != data or not data
    }


def _folders(path: str) -> list[str]:
    parts = path.split("/")
    return [os.path.join(*parts[:depth]) for depth in range(1, len(parts))]  # noqa: PTH118 - a path in git
