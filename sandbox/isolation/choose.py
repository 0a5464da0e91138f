"""Finds isolations by name and picks the strongest that works."""

from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from prompts.errors import ConfigError, SandboxError
from sandbox.isolation.protocol import Isolation

# From the strongest to the weakest. ``host`` is never picked by ``auto``.
_OWN = {
    "bubblewrap": "sandbox.isolation.bubblewrap:Bubblewrap",
    "docker": "sandbox.isolation.docker:Docker",
    "host": "sandbox.isolation.host:Host",
}
_GROUP = "backsmith.isolations"


def isolation_names() -> tuple[str, ...]:
    """Every name that ``--sandbox`` takes, ``auto`` first."""
    return ("auto", *_OWN, *(entry.name for entry in entry_points(group=_GROUP)))


def load_isolation(name: str) -> Isolation:
    """The isolation of that name, whether it works here or not. Raises ConfigError for an unknown name."""
    if name in _OWN:
        module, _, attribute = _OWN[name].partition(":")
        return cast("Isolation", getattr(import_module(module), attribute)())
    for entry in entry_points(group=_GROUP):
        if entry.name == name:
            return cast("Isolation", entry.load()())
    raise ConfigError(f"no sandbox is called {name!r}", f"use one of: {', '.join(isolation_names())}")


def choose_isolation(name: str = "auto") -> Isolation:
    """The isolation to use. ``auto`` takes the strongest that works.

    Raises SandboxError where the named one, or any at all, does not work here.
    """
    if name != "auto":
        isolation = load_isolation(name)
        if problem := isolation.problem():
            raise SandboxError(f"the sandbox {name} does not work here: {problem}", "see: backsmith doctor")
        return isolation
    problems = []
    for candidate in _OWN:
        if candidate == "host":
            continue
        isolation = load_isolation(candidate)
        problem = isolation.problem()
        if not problem:
            return isolation
        problems.append(f"{candidate}: {problem}")
    raise SandboxError(
        "no sandbox works on this machine: " + "; ".join(problems),
        "see: backsmith doctor. For code that you trust, --sandbox host runs it with no isolation at all",
    )
