"""What preparing an environment ends as."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sandbox.isolation.protocol import Finished, Mount


@dataclass(frozen=True, slots=True)
class Prepared:
    """An environment that is ready: what to mount and to set for commands that use it.

    ``key`` is the content key of the dependency set; ``importable`` holds the top-level names that
    Python code can import from it (None for other languages). ``notes`` tell what of the
    manifests was left out, and why.
    """

    key: str
    mounts: tuple[Mount, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    importable: frozenset[str] | None = None
    cached: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unprepared:
    """No environment. ``ours``: the network or a tool failed, not the answer's dependency set."""

    message: str
    ours: bool


def explain_install(done: Finished, unhaveable: Iterable[str], ours: Iterable[str] = ()) -> Unprepared:
    """Why an installer's step failed.

    It is the answer's fault only where the output holds a sign of ``unhaveable`` and none of ``ours``.
    """
    said = done.output.strip() or f"exit code {done.exit_code}"
    if done.limit:
        return Unprepared(f"installing dependencies hit the {done.limit} limit: {done.detail}", ours=True)
    excused = any(sign in said for sign in ours) or not any(sign in said for sign in unhaveable)
    return Unprepared("the dependencies cannot be installed:\n" + said[-4000:], ours=excused)
