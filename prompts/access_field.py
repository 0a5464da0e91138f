"""Reads the field ``auth`` of a task file: ``public``, ``required`` and ``owner``, with the line of what is wrong."""

import difflib

from prompts.access import AccessRule, Standing, access_rule, contradiction
from prompts.problems import Problem
from prompts.yamltext import Listing, Mapping, Scalar, Value

_STANDINGS: tuple[Standing, ...] = ("public", "required", "owner")


def read_access(value: Value, line: int) -> tuple[dict[str, tuple[str, ...]], list[Problem]]:
    """The entries by what they say, each an endpoint or a list of them, and everything that is wrong."""
    if not isinstance(value, Mapping):
        return {}, [Problem(line, "`auth` must be a mapping", "write `auth: {public: [GET /notes]}`")]
    values: dict[str, tuple[str, ...]] = {}
    rules: list[AccessRule] = []
    problems: list[Problem] = []
    for key, item in value.items.items():
        standing = next((name for name in _STANDINGS if name == key), None)
        if standing is None:
            near = difflib.get_close_matches(key.lower(), _STANDINGS, 1, 0.6)
            hint = f"did you mean `{near[0]}`?" if near else "known are " + ", ".join(_STANDINGS)
            problems.append(Problem(value.lines[key], f"unknown field `auth: {key}`", hint))
            continue
        for entry in item.items if isinstance(item, Listing) else (item,):
            if not isinstance(entry, Scalar) or not entry.text:
                problems.append(
                    Problem(entry.line, f"`auth: {key}` must name endpoints", "such as `GET /notes`")
                )
                continue
            try:
                rules.append(access_rule(standing, entry.text))
            except ValueError as error:
                problems.append(Problem(entry.line, f"auth: {key}: {error}"))
            values[standing] = (*values.get(standing, ()), entry.text)
    both = contradiction(tuple(rules))
    if both:
        problems.append(Problem(line, f"auth: {both}", "remove one of the two"))
    return values, problems
