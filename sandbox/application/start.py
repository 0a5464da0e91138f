"""How an application is started: by the task, by a Procfile, or by what its files show.

Pure: files in, a command out. The files are an answer's; what is found is only ever run in the sandbox.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

PORT = 8765
"""The port that the application is asked to take, by its command or by ``PORT``; it may take another."""

_PATH = 'PATH="$PWD/node_modules/.bin:$PATH"; export PATH; '


@dataclass(frozen=True, slots=True)
class Start:
    """A command that starts the application. ``shown`` is the command as a person would type it.

    ``module``: a Python module that the command needs, though the application's own requirements may not name it.
    """

    argv: tuple[str, ...]
    shown: str
    env: Mapping[str, str] = field(default_factory=dict)
    port: int = PORT
    module: str = ""


Finder = Callable[[Mapping[str, str]], "Start | str"]


def shell(line: str, shown: str = "", env: Mapping[str, str] | None = None) -> Start:
    """A start by one shell line, node's own programs on its PATH."""
    return Start(("/bin/sh", "-c", _PATH + line), shown or line, env or {})


def find_start(files: Mapping[str, str], toolchain: str, by_task: str = "") -> Start | str:
    """The command that starts the application, or why none is known.

    The task's own command comes first, then a Procfile's ``web`` line, then the language's ways.
    """
    if by_task:
        return shell(by_task)
    if line := _procfile(files.get("Procfile", "")):
        return shell(line)
    finder = _finders().get(toolchain)
    if finder is None:
        return f"how a {toolchain} application is started is not known; name it in the task's field `start`"
    return finder(files)


def _procfile(text: str) -> str:
    for line in text.split("\n"):
        name, separator, command = line.partition(":")
        if separator and name.strip() == "web":
            return command.strip()
    return ""


def _finders() -> Mapping[str, Finder]:
    from sandbox.application.compiled_start import find_go, find_rust
    from sandbox.application.java_start import find_java
    from sandbox.application.node_start import find_node
    from sandbox.application.python_start import find_python
    from sandbox.application.ruby_start import find_ruby

    return {
        "python": find_python,
        "node": find_node,
        "go": find_go,
        "rust": find_rust,
        "java": find_java,
        "ruby": find_ruby,
    }
