"""What ``npm test`` would run, as one shell script in which the test runner is told to write a report.

package.json is an answer's: it is only ever quoted into a script that runs in the sandbox.
"""

import json
import shlex
from collections.abc import Mapping
from pathlib import PurePosixPath

_MAX_DEPTH = 8
_MAX_TOKENS = 2_000
_OPERATORS = frozenset("();&|")
_RUNNERS = {
    "jest": "jest",
    "jest.js": "jest",
    "vitest": "vitest",
    "vitest.mjs": "vitest",
    "mocha": "mocha",
    "_mocha": "mocha",
    "mocha.js": "mocha",
}
_NODE = frozenset({"node", "tsx", "ts-node"})
_MANAGERS = frozenset({"npm", "yarn", "pnpm"})
_INSIDE = '"$BACKSMITH_INSIDE"'
_PATH = 'PATH="$PWD/node_modules/.bin:$PATH"; export PATH; '


class UnusableScriptError(Exception):
    """There is no test script, or none that a report can be had from; the text says why."""


def test_script(files: Mapping[str, str], results: str) -> str:
    """The shell script of a project's tests, package.json's ``pretest`` included.

    Raises UnusableScriptError.
    """
    scripts = _scripts(files.get("package.json", "{}"))
    tokens = _tokens(scripts)
    for start, end in _segments(tokens):
        reported = _with_report(tokens[start:end], results)
        if reported:
            return _PATH + " ".join([*tokens[:start], *reported, *tokens[end:]])
    raise UnusableScriptError(
        f"the test script runs none of node --test, jest, vitest, mocha: {scripts['test'][:120]}"
    )


test_script.__test__ = False  # type: ignore[attr-defined]


def find_runner(files: Mapping[str, str]) -> str:
    """The runner that is told to report: ``node``, ``jest``, ``vitest`` or ``mocha``; empty where there is none."""
    try:
        tokens = _tokens(_scripts(files.get("package.json", "{}")))
    except UnusableScriptError:
        return ""
    runners = (_runner(tokens[start:end]) for start, end in _segments(tokens))
    return next((runner for runner in runners if runner), "")


def _tokens(scripts: Mapping[str, str]) -> list[str]:
    script = scripts.get("test", "")
    if not script or "no test specified" in script:
        raise UnusableScriptError("package.json has no test script")
    return _expand("test", scripts, 0)


def _scripts(text: str) -> dict[str, str]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise UnusableScriptError("package.json cannot be read") from None
    scripts = data.get("scripts") if isinstance(data, dict) else None
    if not isinstance(scripts, dict):
        return {}
    return {str(name): line for name, line in scripts.items() if isinstance(line, str)}


def _expand(name: str, scripts: Mapping[str, str], depth: int) -> list[str]:
    """The script of that name as shell words, scripts that it runs by npm put in their place."""
    if depth > _MAX_DEPTH:
        raise UnusableScriptError("the test script runs itself")
    tokens: list[str] = []
    before = scripts.get(f"pre{name}", "")
    for line in [before, "&&", scripts[name]] if before else [scripts[name]]:
        words = [line] if line == "&&" else _words(line)
        for start, end in _segments(words):
            tokens += _called(words[start:end], scripts, depth)
            tokens += words[end : end + 1]
    if len(tokens) > _MAX_TOKENS:
        raise UnusableScriptError(f"the test script has more than {_MAX_TOKENS} words")
    return tokens


def _called(segment: list[str], scripts: Mapping[str, str], depth: int) -> list[str]:
    """A command; where it is ``npm run NAME``, what that script is, with the arguments for it."""
    if not segment or segment[0] not in _MANAGERS:
        return segment
    words = [word for word in segment[1:] if word not in {"run", "run-script", "--silent", "-s"}]
    name = words[0] if words else ""
    if name not in scripts:
        return segment
    return [*_expand(name, scripts, depth + 1), *(word for word in words[1:] if word != "--")]


def _words(script: str) -> list[str]:
    lexer = shlex.shlex(script, posix=False, punctuation_chars="();&|")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        return list(lexer)
    except ValueError as error:
        raise UnusableScriptError(f"the test script cannot be read: {error}") from None


def _segments(tokens: list[str]) -> list[tuple[int, int]]:
    """The commands between shell operators, as ranges of tokens."""
    ends = [at for at, token in enumerate(tokens) if token and set(token) <= _OPERATORS]
    starts = [0, *(end + 1 for end in ends)]
    return list(zip(starts, [*ends, len(tokens)], strict=True))


def _runner(segment: list[str]) -> str:
    """The test runner that a command starts; empty where it starts none."""
    names = [PurePosixPath(word.strip("'\"")).name for word in segment]
    found = next((_RUNNERS[name] for name in names if name in _RUNNERS), "")
    return found or ("node" if "--test" in segment and _NODE & set(names) else "")


def _with_report(segment: list[str], results: str) -> list[str]:
    """The command with the options that make its runner write a report; empty where it is no runner."""
    runner = _runner(segment)
    if runner == "node":
        at = segment.index("--test") + 1
        reporters = [
            f"--test-reporter={_INSIDE}/backsmith_node_test.mjs",
            "--test-reporter-destination=stderr",
        ]
        reporters += ["--test-reporter=spec", "--test-reporter-destination=stdout"]
        return [*segment[:at], *reporters, *segment[at:]]
    extra = {
        "jest": ("--reporters=default", f"--reporters={_INSIDE}/backsmith_jest.cjs", "--ci"),
        "vitest": ("--reporter=junit", "--reporter=default", f"--outputFile.junit={results}/junit.xml"),
        "mocha": ("--reporter", f"{_INSIDE}/backsmith_mocha.cjs"),
    }.get(runner)
    return [*segment, *extra] if extra else []
