"""A server of the Model Context Protocol: run, score, check and context for other agents and editors.

Each tool is a call of the command line in a process of its own, so that what holds there holds here: the sandbox, the
budgets, what is never read or written. What the caller gives is data: it names no options, no folder outside of the
roots, and no sandbox.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from prompts.errors import ConfigError
from prompts.quoting import visible

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

_START = "from orchestrator.cli import main; main()"
_INSTRUCTIONS = (
    "Backsmith hands backend tasks to a language model and verifies the code in a sandbox. Use `context` to see what a "
    "model would be told about a repository, `run` to have a task done on a branch of its own, `score` to verify an "
    "answer that exists, `check` for the checklist on a folder. `run` asks a model and takes minutes."
)
_ENDED = {0, 1}


@dataclass(frozen=True, slots=True)
class Limits:
    """What the person who starts the server allows: the folders that may be named, and the options of every run."""

    roots: tuple[Path, ...]
    run_options: tuple[str, ...] = ()
    sandbox: str = "auto"


def make_server(limits: Limits) -> "MCPServer":
    """The server. Raises ConfigError where the SDK is not installed."""
    try:
        from mcp.server.mcpserver import MCPServer
    except ImportError as error:
        raise ConfigError("the MCP server needs the package `mcp`", "install backsmith[mcp]") from error
    server: MCPServer = MCPServer("backsmith", instructions=_INSTRUCTIONS, version=version("backsmith"))
    tools = Tools(limits)
    for tool in (tools.run, tools.score, tools.check, tools.context):
        server.tool(structured_output=True)(tool)
    return server


Repository = Annotated[str, Field(description="the folder of a git repository")]
Words = Annotated[
    str, Field(description="what is to be done in words, or the path of a task file", max_length=100_000)
]


class Tools:
    """What callers can do. Every result is the JSON that the command prints (docs/json.md)."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    async def run(self, task: Words, repository: Repository) -> dict[str, Any]:
        """Have a backend task done in a git repository. A model writes the change, the tests run in a sandbox before
        and after it, and the repository is handed a branch `backsmith/...`; nothing else changes. Takes minutes."""
        argv = ["run", *self._limits.run_options, "--sandbox", self._limits.sandbox, "--json", "--yes"]
        return await self._json([*argv, "--into", self._folder(repository), "--", self._task(task)])

    async def score(
        self,
        task_file: Annotated[str, Field(description="the path of the task file that the answer is for")],
        answer: Annotated[
            str, Field(description="a model's whole answer, in FILE blocks", max_length=10_000_000)
        ],
    ) -> dict[str, Any]:
        """Verify an answer: its tests in a sandbox, then the checklist. No model is called."""
        argv = [
            "score",
            "--task",
            self._path(task_file),
            "--sandbox",
            self._limits.sandbox,
            "--json",
            "--",
            "-",
        ]
        return await self._json(argv, answer)

    async def check(
        self, folder: Annotated[str, Field(description="the folder to look at")]
    ) -> dict[str, Any]:
        """The checklist on the code of a folder (secrets, SQL, authentication, errors, ...), without running it."""
        return await self._json(["check", "--json", "--", self._folder(folder)])

    async def context(
        self,
        task: Words,
        repository: Repository,
        budget: Annotated[int, Field(ge=500, le=200_000, description="the most tokens to tell")] = 24_000,
    ) -> dict[str, Any]:
        """What a model would be told about a repository for a task: files, routes, data models, map. None is called."""
        argv = ["context", "--into", self._folder(repository), "--budget", str(budget), "--json"]
        return await self._json([*argv, "--", self._task(task)])

    def _task(self, said: str) -> str:
        looks_like_file = "\n" not in said and said.endswith((".yaml", ".yml"))
        return self._path(said) if looks_like_file else said

    def _folder(self, named: str) -> str:
        path = Path(self._path(named))
        if not path.is_dir():
            raise _refused(f"{visible(named)} is no folder")
        return str(path)

    def _path(self, named: str) -> str:
        """A path below one of the roots, links followed."""
        try:
            path = (self._limits.roots[0] / named).resolve()
        except (OSError, ValueError) as error:
            raise _refused(f"{visible(named)} is no path") from error
        if not any(path.is_relative_to(root) for root in self._limits.roots):
            raise _refused(f"{visible(named)} lies outside of the folders that this server may use (--root)")
        return str(path)

    async def _json(self, argv: Sequence[str], text: str = "") -> dict[str, Any]:
        code, out, err = await _call(argv, text)
        if code not in _ENDED:
            said = err.strip().removeprefix("error: ")[-4000:]
            with suppress(ValueError):
                return {"exit_code": code, "message": visible(said), **_object(out)}
            raise _refused(visible(said) or f"ended with {code}")
        return {"exit_code": code, **_object(out)}


def _object(text: str) -> dict[str, Any]:
    said = json.loads(text)
    if not isinstance(said, dict):
        raise ValueError("no object")
    return said


def _refused(message: str) -> Exception:
    from mcp.server.mcpserver.exceptions import ToolError

    return ToolError(message)


async def _call(argv: Sequence[str], text: str) -> tuple[int, str, str]:
    """Run a command; where the caller gives up, it is ended as by Ctrl-C, which keeps what there is."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-c", _START, *argv, stdin=pipe, stdout=pipe, stderr=pipe
    )
    try:
        out, err = await process.communicate(text.encode("utf-8", "surrogatepass"))
    except asyncio.CancelledError:
        import signal

        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        await asyncio.shield(process.wait())
        raise
    return process.returncode or 0, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")
