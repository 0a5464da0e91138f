"""From a value at a query back to whoever can choose it: through the calls that pass it on."""

from dataclasses import dataclass

from evals.code.flow import Flow
from evals.code.flow_frame import Sink
from evals.code.values import Trust, Value

MOST_STEPS = 2000


@dataclass(frozen=True, slots=True)
class Origin:
    """Who chooses what reaches a query, and where the text was put together."""

    trust: Trust
    source: str
    path: str
    line: int
    built: int = 0


def origins(flow: Flow, sink: Sink) -> list[Origin]:
    """Where the unsure parts of a sink's value come from; empty where all callers pass what is safe."""
    found: list[Origin] = []
    steps = 0
    settled = False
    pending: list[tuple[Value, int, str, int]] = [(sink.value, sink.value.built, sink.path, sink.line)]
    seen: set[tuple[object, bool, str, int]] = set()
    while pending and steps < MOST_STEPS:
        steps += 1
        value, built, path, line = pending.pop()
        settled |= not value.tokens
        textual = bool(built) or not value.opaque
        if value.trust is Trust.OUTSIDE and textual:
            found.append(Origin(Trust.OUTSIDE, value.source or "a caller", path, line, value.built))
        elif value.trust is Trust.UNKNOWN and built:
            found.append(
                Origin(Trust.UNKNOWN, value.source or "a value whose origin is not known", path, line)
            )
        for token in value.tokens:
            callers = [c for c in flow.incoming.get(token, []) if c.caller != token.function]
            if not callers and built:
                found.append(
                    Origin(Trust.OUTSIDE, flow.names.get(token, token.name), path, line, value.built)
                )
            for caller in callers:
                key = (token, bool(built), caller.path, caller.line)
                if key in seen:
                    continue
                seen.add(key)
                where = (path, line) if built else (caller.path, caller.line)
                pending.append((caller.value, built or caller.value.built, *where))
    if (
        not settled and not found and seen
    ):  # functions that only call each other: who begins is not in the code
        found.append(Origin(Trust.UNKNOWN, "a value that no caller is seen to choose", sink.path, sink.line))
    elif pending and not found:
        found.append(
            Origin(Trust.UNKNOWN, "a value that passes through too many calls", sink.path, sink.line)
        )
    return found
