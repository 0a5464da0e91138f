"""Providers that other distributions add."""

import subprocess
import sys
from pathlib import Path

MODULE = """
from agents.completion import Usage
from agents.providers.registry import ProviderSpec
from agents.providers.wire import Counted, Ended, Text


class Echo:
    async def stream(self, request):
        yield Text(request.messages[-1].text)
        yield Counted(Usage(input=1, output=1))
        yield Ended("end")

    async def aclose(self):
        pass


def open_wire(endpoint):
    return Echo()


SPEC = ProviderSpec(name="echo", about="repeats", opener="echo_provider:open_wire", key_needed=False)
"""

ASK = """
import asyncio
from agents.models import open_model
from tests.agents.conftest import request_for
print(asyncio.run(open_model("echo/x", environ={}).complete(request_for("echo/x", "Hello"))).text)
"""


def test_an_installed_provider_is_found_by_its_entry_point(tmp_path: Path) -> None:
    (tmp_path / "echo_provider.py").write_text(MODULE, encoding="utf-8")
    metadata = tmp_path / "echo_provider-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: echo-provider\nVersion: 1.0\n", encoding="utf-8"
    )
    (metadata / "entry_points.txt").write_text(
        "[backsmith.models]\necho = echo_provider:SPEC\n", encoding="utf-8"
    )

    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{ASK}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "Hello\n"
