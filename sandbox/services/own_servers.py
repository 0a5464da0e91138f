"""A server process for each sample, in a sandbox of its own: for servers that start in milliseconds."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from prompts.errors import SandboxError
from prompts.task import Limits
from sandbox.isolation.protocol import Mount
from sandbox.scratch import ScratchFolder
from sandbox.services.protocol import Binding
from sandbox.services.server_process import ServerProcess, Site, accepts, start_server

RUN = "run"


@dataclass(frozen=True, slots=True)
class _Server:
    scratch: ScratchFolder
    process: ServerProcess


class OwnServers:
    """The part of a service that is the same whatever server it is. ``limits`` hold for each one's processes, and each
    has to answer within ``seconds``.

    Samples reach their server by the folder ``RUN`` of its scratch folder, which is the first mount of their bindings.
    """

    def __init__(self, limits: Limits, seconds: float) -> None:
        self._limits, self._seconds = limits, seconds
        self._servers: dict[Path, _Server] = {}

    async def start(
        self,
        name: str,
        program: Path,
        argv: Callable[[Site], tuple[str, ...]],
        scratch: ScratchFolder,
        socket: str,
        *,
        network: bool,
    ) -> Path:
        """Start a server that listens on ``socket`` in its folder ``RUN``; returns that folder.

        It ends with ``release``, and ``scratch`` goes with it; that goes at once where the server does not come up,
        which raises SandboxError. The rest is as in ``start_server``.
        """
        folder = scratch.path / RUN
        folder.mkdir()
        try:
            process = start_server(
                name,
                scratch.path,
                argv,
                limits=self._limits,
                mounts=() if program.is_relative_to("/usr") else (Mount(program, str(program)),),
                network=network,
            )
            self._servers[folder] = _Server(scratch, process)  # before the wait: that may be cancelled
            await process.wait_for(lambda: accepts(folder / socket), self._seconds)
        except SandboxError:
            self._servers.pop(folder, None)
            scratch.remove()
            raise
        return folder

    def process(self, binding: Binding) -> ServerProcess | None:
        """A sample's server, until it is released."""
        server = self._servers.get(binding.mounts[0].source)
        return server.process if server else None

    async def release(self, binding: Binding) -> None:
        """End the sample's server; its data goes with it."""
        server = self._servers.pop(binding.mounts[0].source, None)
        if server is not None:
            await server.process.kill()
            server.scratch.remove()

    async def stop(self) -> None:
        """End what is still running."""
        for server in self._servers.values():
            await server.process.kill()
            server.scratch.remove()
        self._servers.clear()
