"""Which files matter for a task: by its words (BM25), by names, and by who imports whom. Pure.

Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009), with k1 = 1.2 and b = 0.75. Words
in a path or in the name of a definition count more than those in a body.
"""

import math
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Mapping

from evals.code.files import part_of
from evals.context.outline import Outline, count_in, word_parts

_K1, _B = 1.2, 0.75
_IN_PATH, _IN_SIGNATURE = 8, 3
_COUNTED = 4
_MOST_WORDS = 200
_SPREAD = 0.35
_ELSEWHERE = 0.4
_MOST_NEIGHBOURS = 40
# Words that say what is to be done, not to what.
_IDLE = frozenset({
    "add", "new", "the", "and", "for", "with", "from", "that", "this", "all", "not", "use", "make", "should", "must",
    "when", "into", "get", "set", "create", "change", "update", "fix", "return", "value", "name", "file", "code",
    "test", "implement", "support", "user", "using", "one",
})  # fmt: skip
_PARTS = {
    "source": 1.0, "test": 0.7, "migration": 0.5, "configuration": 0.4, "documentation": 0.25, "example": 0.25,
    "other": 0.2,
}  # fmt: skip
_ENTRANCE = re.compile(r"(?:main|app|server|index|urls|settings|config|routes?|conftest)\.\w+$")
_PATH = re.compile(r"[\w.@-]+(?:/[\w.@-]+)*\.\w{1,8}|[\w.@-]+/[\w./@-]+")


def rank(outlines: Mapping[str, Outline], task: str, folder: str = "") -> list[tuple[str, float]]:
    """All files with their score, the best first; files of one score in the order of their paths.

    Files outside ``folder``, which the task is about, count less.
    """
    scores = _by_words(outlines, task)
    best = max(scores.values(), default=0.0) or 1.0
    near = {path: score / best for path, score in scores.items()}
    links = _links(outlines)
    spread: dict[str, float] = {}
    for path, others in links.items():
        for other in others:
            spread[other] = max(spread.get(other, 0.0), near[path] * _SPREAD)
            spread[path] = max(spread.get(path, 0.0), near[other] * _SPREAD)
    total = dict.fromkeys(outlines, 0.0)
    for path in outlines:
        if score := near[path] + spread.get(path, 0.0):
            elsewhere = _ELSEWHERE if folder and not path.startswith(f"{folder}/") else 1.0
            total[path] = score * _PARTS[part_of(path)] * elsewhere
        total[path] += _entrance(path)
    return sorted(total.items(), key=lambda item: (-item[1], item[0]))


def named_files(paths: Mapping[str, object], task: str) -> list[str]:
    """The files that the task names, by path or by a name that only one of them has, in the order of the text."""
    by_name: dict[str, list[str]] = {}
    for path in paths:
        by_name.setdefault(posixpath.basename(path), []).append(path)
    found: list[str] = []
    for word in _PATH.findall(task[:100_000]):
        plain = word.strip(".,;:").removeprefix("./")
        same = (
            [plain]
            if plain in paths
            else [p for p in by_name.get(posixpath.basename(plain), ()) if p.endswith(plain)]
        )
        if len(same) == 1:
            found += same
    return list(dict.fromkeys(found))


def _by_words(outlines: Mapping[str, Outline], task: str) -> dict[str, float]:
    said = sorted(word_parts(task).items(), key=lambda item: -item[1])
    wanted = [word for word, _ in said if word not in _IDLE][:_MOST_WORDS]
    bags = {path: bag for path, one in outlines.items() if (bag := _bag(path, one, wanted))}
    usual = sum(one.lines + 1 for one in outlines.values()) / max(1, len(outlines))
    holding = Counter(word for bag in bags.values() for word in bag)
    rarity = {word: _rarity(len(outlines), count) for word, count in holding.items()}
    scores = dict.fromkeys(outlines, 0.0)
    for path, bag in bags.items():
        longer = _K1 * (1 - _B + _B * (outlines[path].lines + 1) / usual)
        scores[path] = sum(rarity[word] * count * (_K1 + 1) / (count + longer) for word, count in bag.items())
    return scores


def _bag(path: str, outline: Outline, wanted: Iterable[str]) -> dict[str, int]:
    """How much each of the wanted words counts in one file."""
    spelled = path.lower()
    bag: dict[str, int] = {}
    named: Mapping[str, int] | None = None
    for word in wanted:
        count = count_in(outline.words, word)
        if word in spelled:
            named = named or word_parts(path)
            count += _IN_PATH * min(named.get(word, 0), _COUNTED)
        count += _IN_SIGNATURE * min(count_in(outline.names, word), _COUNTED)
        if count:
            bag[word] = count
    return bag


def _rarity(files: int, holding: int) -> float:
    return math.log(1 + (files - holding + 0.5) / (holding + 0.5))


def _links(outlines: Mapping[str, Outline]) -> dict[str, list[str]]:
    """Which files each one imports, as far as the end of the import's name tells."""
    by_stem: dict[str, list[str]] = {}
    for path in outlines:
        stem = posixpath.splitext(path)[0]
        name = posixpath.basename(stem)
        if name in {"__init__", "index", "mod"}:
            name = posixpath.basename(posixpath.dirname(stem))
        by_stem.setdefault(name, []).append(path)
    found: dict[str, list[str]] = {}
    for path, outline in outlines.items():
        others = [other for name in outline.imports for other in by_stem.get(name, ())[:3] if other != path]
        found[path] = others[:_MOST_NEIGHBOURS]
    return found


def _entrance(path: str) -> float:
    """A little for files that show how things hang together."""
    name = posixpath.basename(path).lower()
    shallow = path.count("/") <= 2
    return 0.05 if shallow and _ENTRANCE.match(name) else 0.0
