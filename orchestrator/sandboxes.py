"""Opens the sandbox that a command asks for, and warns where it is none."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.isolation.protocol import Isolation


def open_sandbox(name: str) -> "Isolation":
    """The isolation of that name (see ``sandbox.isolation.choose``), with a loud warning for ``host``."""
    from sandbox.isolation.choose import choose_isolation

    isolation = choose_isolation(name)
    if isolation.name == "host":
        from orchestrator.terminal import console

        console(stderr=True).print(
            "WARNING: --sandbox host runs the model's code with all your rights: "
            "your files, your keys and your network are in its reach.",
            style="bold red",
        )
    return isolation
