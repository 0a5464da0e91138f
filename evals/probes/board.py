"""Collects what probes see, one result for each kind of probe at each endpoint."""

from collections import defaultdict
from dataclasses import dataclass, field

from evals.probes.client import Answer, Ask
from evals.probes.report import ProbeResult
from evals.probes.targets import Target
from evals.verdict import Verdict

_MOST_FAILURES = 3
Key = tuple[str, str, Target]


@dataclass(slots=True)
class Board:
    """What speaks against, for, and what could not be judged, in the order in which it was seen.

    Of all that is told only what is about the ``judged`` comes out, where they are given.
    """

    judged: frozenset[Target] | None = None
    unguarded: set[Target] = field(default_factory=set)
    """Where a stranger meets a 5xx instead of a guard: what breaks there breaks for want of the guard."""
    _bad: dict[Key, list[str]] = field(default_factory=lambda: defaultdict(list))
    _good: dict[Key, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    _unclear: dict[Key, list[str]] = field(default_factory=lambda: defaultdict(list))

    def against(self, item: str, probe: str, target: Target, what: str, ask: Ask, answer: Answer) -> None:
        """A failure: the request, the response, and what is wrong with it."""
        self.told(item, probe, target, f"{what}: {ask.shown} answered {answer.shown}")

    def told(self, item: str, probe: str, target: Target, message: str) -> None:
        """A failure in its own words."""
        self._bad[item, probe, target].append(message)

    def fine(self, item: str, probe: str, target: Target, ask: Ask, answer: Answer) -> None:
        """A request that was answered as it should be."""
        self._good[item, probe, target].append((answer.status, f"{ask.shown} answered {answer.shown}"))

    def seen(self, item: str, probe: str, target: Target, message: str) -> None:
        """Something that is as it should be, in its own words."""
        self._good[item, probe, target].append((0, message))

    def unclear(self, item: str, probe: str, target: Target, why: str) -> None:
        """A probe that could not be judged, and why."""
        self._unclear[item, probe, target].append(why)

    def failed(self, item: str, target: Target) -> bool:
        """Whether something speaks against an endpoint already."""
        return any(found and key[0] == item and key[2] == target for key, found in self._bad.items())

    def failed_anything(self, target: Target) -> bool:
        """Whether anything at all speaks against an endpoint."""
        return any(found and key[2] == target for key, found in self._bad.items())

    def results(self) -> tuple[ProbeResult, ...]:
        """One result for each failure, else one for all that went well, else one that says what was not seen."""
        told = dict.fromkeys([*self._bad, *self._good, *self._unclear])
        keys = [key for key in told if self.judged is None or key[2] in self.judged]
        found = []
        for key in keys:
            item, probe, target = key
            place = (target.file, target.line)
            if bad := list(dict.fromkeys(self._bad.get(key, ()))):
                found += [
                    ProbeResult(item, probe, target.name, Verdict.FAIL, text, *place)
                    for text in bad[:_MOST_FAILURES]
                ]
            elif good := self._good.get(key):
                statuses = ", ".join(str(s) for s in sorted({status for status, _ in good}))
                text = f"{target.name}: {len(good)} requests ({probe}) answered {statuses}; {good[0][1]}"
                text = text if good[0][0] else good[0][1]
                found.append(ProbeResult(item, probe, target.name, Verdict.PASS, text, *place))
            else:
                text = f"{target.name} ({probe}): {self._unclear[key][0]}"
                found.append(ProbeResult(item, probe, target.name, Verdict.INCONCLUSIVE, text, *place))
        return tuple(found)
