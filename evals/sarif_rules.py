"""What SARIF says of each checklist item: what it asks, when it fails, and how to mend that."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One item. ``severity`` (0 to 10, as code hosts rank it) is None where it is no matter of security."""

    summary: str
    fails: str
    mend: str
    severity: float | None = None


RULES: Mapping[str, Rule] = {
    "complete": Rule(
        "Every first-party import leads to a file that is there",
        "an import leads nowhere, a name is imported that its module does not define, or a file does not parse",
        "Add the missing module or name, or take the import out.",
    ),
    "error-handling": Rule(
        "Every endpoint meets its errors",
        "an error is dropped, its text or stack trace goes to the caller, a lookup is used unchecked, "
        "a duplicate is not answered, or a rejection reaches no handler",
        "Catch what you can name, answer it with a status and a message of your own, and log the rest.",
        4.0,
    ),
    "input-validation": Rule(
        "Every endpoint checks what it takes",
        "a field is used unlooked at, a request model has types only, or a size has no upper limit",
        "Declare types, lengths and ranges for every field, and refuse the rest with a 4xx.",
        6.0,
    ),
    "no-hardcoded-secrets": Rule(
        "No secret is written into the code",
        "a literal is a secret, or is what a secret of the environment falls back to",
        "Read the secret from the environment, refuse to start without it, and replace what was published.",
        8.0,
    ),
    "tests-cover-errors": Rule(
        "Every endpoint is tested for a success and for an error",
        "there are no tests, an endpoint has no test of its success, or of an error where it can refuse, "
        "or the tests notice too few small faults",
        "Add a test that asks the endpoint for each way in which it can answer.",
    ),
    "sql-parameterized": Rule(
        "No query is put together from what a caller can choose",
        "a value that a caller can choose becomes part of a query's text",
        "Bind values as parameters; choose names of columns and tables from a fixed list.",
        9.0,
    ),
    "auth-required": Rule(
        "Every endpoint that needs a guard has one",
        "an endpoint that needs a guard has none, an owner is not asked for, or a token is not verified",
        "Verify the token in a guard that runs before the endpoint, and compare the owner with the caller.",
        8.5,
    ),
    "response-models": Rule(
        "Every endpoint declares what it answers",
        "an endpoint declares no response model, or sends a row or object as it is",
        "Answer with a model or named fields, and leave out what no caller may see.",
        5.0,
    ),
    "task": Rule(
        "The task's own probes are answered as they must be",
        "the running application answers a request of the task's probes.yaml otherwise than it must",
        "Hold the code against the task's requirements; the message shows the request and its answer.",
    ),
}


def rule_of(item: str) -> Rule:
    """The item's rule; for one that others added what its name says."""
    name = item.replace("-", " ")
    return RULES.get(item) or Rule(name, f"{name} does not hold", "See the message of each result.")
