"""SQLite: a file in the sample's own workspace; there is no server."""

from sandbox.isolation.protocol import Isolation
from sandbox.services.protocol import Binding


class Sqlite:
    """Nothing to start. The URL of the answer stays as it is while it names a file inside the workspace."""

    name = "sqlite"

    def wanted(self, database: str, schemes: frozenset[str]) -> bool:
        """By name or URL."""
        return "sqlite" in database or "sqlite" in schemes

    def problem(self) -> str:
        """Languages bring SQLite themselves."""
        return ""

    def version(self) -> str:
        """The language's own."""
        return ""

    async def bind(self, isolation: Isolation) -> Binding:
        """A binding without a server."""
        return Binding(service=self.name, schemes=("sqlite",))

    async def release(self, binding: Binding) -> None:
        """The workspace is removed as a whole."""

    async def stop(self) -> None:
        """There is nothing to stop."""
