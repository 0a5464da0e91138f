"""Puts a task's own probes to the running application."""

import secrets
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from evals.probes.client import Answer, Ask, Client, as_json
from evals.probes.report import TASK, ProbeResult
from evals.probes.script import REFERENCE, UNIQUE, Condition, Script, Step
from evals.verdict import Verdict

_ABSENT = object()
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def run_scripts(scripts: Sequence[Script], client: Client) -> tuple[ProbeResult, ...]:
    """One result for each probe, in order."""
    return tuple(_bounded(script, client) for script in scripts)


def unasked(scripts: Sequence[Script], why: str) -> tuple[ProbeResult, ...]:
    """The results where the application could not be asked."""
    return tuple(
        ProbeResult(TASK, script.name, script.steps[0].request, Verdict.INCONCLUSIVE, why)
        for script in scripts
    )


def _bounded(script: Script, client: Client) -> ProbeResult:
    try:
        return _run(script, client)
    except RecursionError:
        told = "an answer is nested too deeply to be read"
        return ProbeResult(TASK, script.name, script.steps[0].request, Verdict.FAIL, told)


def _run(script: Script, client: Client) -> ProbeResult:
    values: dict[str, object] = {UNIQUE: secrets.token_hex(4)}
    last = ""
    for number, step in enumerate(script.steps, start=1):
        ask = _ask(step, values)
        left = client.left > 0
        answer = client.ask(ask)
        last = f"{ask.shown} -> {answer.shown}"
        told = f"step {number} of {len(script.steps)}: {last}"
        if not answer.status and not left:
            return ProbeResult(TASK, script.name, step.request, Verdict.INCONCLUSIVE, told)
        wrong = _wrong(step, answer, values) or _save(step, answer, values)
        if wrong:
            return ProbeResult(TASK, script.name, step.request, Verdict.FAIL, f"{wrong}; {told}")
    told = f"{len(script.steps)} requests answered as they must be; the last: {last}"
    return ProbeResult(TASK, script.name, script.steps[-1].request, Verdict.PASS, told)


def _ask(step: Step, values: Mapping[str, object]) -> Ask:
    method, _, path = step.request.partition(" ")
    headers = {name.lower(): _filled_text(value, values) for name, value in step.headers.items()}
    body = None if step.body is None else _filled_text(step.body, values).encode("utf-8", "replace")
    if "payload" in step.model_fields_set:
        body = as_json(_filled(step.payload, values))
        headers.setdefault("content-type", "application/json")
    target = REFERENCE.sub(lambda match: quote(_text(values[match[1]]), safe=""), path)
    return Ask(
        method,
        target,
        headers=tuple(headers.items()),
        body=body,
        raw_target=quote(target, safe="/?&=%:@!$'()*+,;~-._[]"),
    )


def _wrong(step: Step, answer: Answer, values: Mapping[str, object]) -> str:
    """What of the answer is not as it must be; empty where nothing is."""
    expected = step.expect
    status = str(answer.status)
    if not any(status == one or (one.endswith("xx") and status[0] == one[0]) for one in expected.status):
        return f"the status must be {' or '.join(expected.status)}"
    said = answer.json if expected.values else None
    for path, condition in expected.values.items():
        if problem := _unmet(condition, _at(said, path), values):
            return f"`{path}` in the JSON {problem}"
    for name, condition in expected.headers.items():
        if problem := _unmet(condition, answer.headers.get(name.lower(), _ABSENT), values):
            return f"the header {name} {problem}"
    return ""


def _save(step: Step, answer: Answer, values: dict[str, object]) -> str:
    for name, path in step.save.items():
        head, _, header = path.partition(" ")
        where = head == "header" and header
        found = answer.headers.get(header.lower(), _ABSENT) if where else _at(answer.json, path)
        if found is _ABSENT:
            return f"there is no {path if where else f'`{path}` in the JSON'}, which later steps need"
        values[name] = found
    return ""


def _at(value: object, path: str) -> object:
    """The value at a path of keys and places (``items.0.id``); ``.`` is the whole."""
    for part in () if path == "." else path.split("."):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and len(part) < 8 and int(part) < len(value):
            value = value[int(part)]
        else:
            return _ABSENT
    return value


def _unmet(condition: Condition, value: object, values: Mapping[str, object]) -> str:
    """Why a value does not meet a condition; empty where it does."""
    said = condition.model_fields_set
    if value is _ABSENT:
        return "" if condition.absent else "is absent"
    if condition.absent:
        return "must be absent"
    if "equals" in said and not _same(value, wanted := _filled(condition.equals, values)):
        return f"must be {_shown(wanted)}"
    if "unlike" in said and _same(value, wanted := _filled(condition.unlike, values)):
        return f"must not be {_shown(wanted)}"
    if "contains" in said and not _contains(value, wanted := _filled(condition.contains, values)):
        return f"must contain {_shown(wanted)}"
    if condition.type is not None and not _is(value, condition.type):
        return f"must be of type {condition.type}"
    if condition.length is not None and not (
        isinstance(value, str | list | dict) and len(value) == condition.length
    ):
        return f"must have length {condition.length}"
    return _out_of_bounds(condition, value)


def _out_of_bounds(condition: Condition, value: object) -> str:
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    least, most = condition.at_least, condition.at_most
    if least is not None and (number is None or number < least):
        return f"must be at least {least:g}"
    if most is not None and (number is None or number > most):
        return f"must be at most {most:g}"
    return ""


def _same(one: object, other: object) -> bool:
    """Equality as JSON has it: true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return one == other


def _contains(value: object, wanted: object) -> bool:
    if isinstance(value, list):
        return any(_same(item, wanted) for item in value)
    return isinstance(value, str | dict) and isinstance(wanted, str) and wanted in value


def _is(value: object, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind])


def _filled(value: object, values: Mapping[str, object]) -> object:
    """The value with what was saved in it; a text that is one name becomes the value of that name, as it was."""
    if isinstance(value, str):
        whole = REFERENCE.fullmatch(value)
        return values[whole[1]] if whole else _filled_text(value, values)
    if isinstance(value, list):
        return [_filled(item, values) for item in value]
    if isinstance(value, dict):
        return {_filled_text(key, values): _filled(item, values) for key, item in value.items()}
    return value


def _filled_text(text: str, values: Mapping[str, object]) -> str:
    return REFERENCE.sub(lambda match: _text(values[match[1]]), text)


def _text(value: object) -> str:
    return value if isinstance(value, str) else as_json(value).decode("utf-8")


def _shown(value: object) -> str:
    text = as_json(value).decode("utf-8")
    return text if len(text) <= 120 else f"{text[:119]}\N{HORIZONTAL ELLIPSIS}"
