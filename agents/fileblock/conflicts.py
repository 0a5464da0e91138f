"""What of an answer contradicts itself: paths that are named twice or cannot stand together. Rules A1 to A3, X9."""

from collections.abc import Sequence

from agents.fileblock.diagnosis import diagnose
from agents.fileblock.paths import collisions
from agents.submission import Deletion, Diagnostic, Edit, SourceFile

Named = SourceFile | Edit | Deletion


def line_of(item: Named) -> int:
    """The line of the answer on which a block or a DELETE line begins."""
    return item.line if isinstance(item, Deletion) else item.span[0]


def without_conflicts(read: Sequence[Named]) -> tuple[list[Named], list[Diagnostic]]:
    """What of it can be used, and why the rest cannot."""
    told: list[Diagnostic] = []
    first: dict[str, Named] = {}
    kept: list[Named] = []
    dropped: set[str] = set()
    for item in read:
        other = first.setdefault(item.path, item)
        if other is item or (isinstance(item, Edit) and isinstance(other, Edit)):
            kept.append(item)
        elif _same(item, other):
            told.append(diagnose("duplicate", line_of(item), item.path))
        else:
            told.append(diagnose("conflict", line_of(item), item.path, other=line_of(other)))
            dropped.add(item.path)
    standing = [path for path, item in first.items() if not isinstance(item, Deletion)]
    for path, rival in collisions(standing).items():
        told.append(diagnose("path-collision", line_of(first[path]), path, other=rival))
        dropped.add(path)
    return [item for item in kept if item.path not in dropped], told


def _same(item: Named, other: Named) -> bool:
    if isinstance(item, SourceFile) and isinstance(other, SourceFile):
        return item.text == other.text
    return isinstance(item, Deletion) and isinstance(other, Deletion)
