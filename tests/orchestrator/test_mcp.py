"""``backsmith mcp``: the tools over the protocol, and what callers cannot do. The client is the SDK's own."""

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.mcp_server import Limits, make_server
from prompts.errors import ConfigError
from tests.orchestrator.conftest import Cli
from tests.sandbox.repository.conftest import Made

mcp = pytest.importorskip("mcp")

FILES = {
    "app.py": 'import os\n\nAPI_KEY = "sk-proj-aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5zA7b"\n',
    "requirements.txt": "flask\n",
}


async def ask(limits: Limits, tool: str, **arguments: object) -> Any:
    async with mcp.Client(make_server(limits)) as client:
        return await client.call_tool(tool, arguments)


def said(result: Any) -> dict[str, Any]:
    assert not result.is_error, result.content
    found = json.loads(result.content[0].text)
    assert isinstance(found, dict)
    return found


async def test_the_tools_are_listed_with_their_arguments(tmp_path: Path) -> None:
    async with mcp.Client(make_server(Limits((tmp_path,)))) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(tools) == {"run", "score", "check", "context"}
    assert set(tools["run"].input_schema["properties"]) == {"task", "repository"}


async def test_check_and_context_answer_as_the_commands_do(tmp_path: Path) -> None:
    made = Made(tmp_path / "shop")
    made.commit(FILES)
    limits = Limits((tmp_path,))
    checked = said(await ask(limits, "check", folder="shop"))
    assert checked["exit_code"] == 1
    items = {entry["item"]: entry["verdict"] for entry in checked["checklist"]}
    assert items["no-hardcoded-secrets"] == "fail"
    told = said(await ask(limits, "context", task="Add a route to app.py", repository="shop"))
    assert "Framework: Flask" in told["conventions"]
    assert list(told["files"]) == ["app.py"]


@pytest.mark.parametrize("folder", ["..", "/etc", "shop/../../x", "\0", "nowhere"])
async def test_paths_outside_of_the_roots_are_refused(tmp_path: Path, folder: str) -> None:
    result = await ask(Limits((tmp_path,)), "check", folder=folder)
    assert result.is_error


async def test_what_a_caller_says_is_never_an_option(tmp_path: Path) -> None:
    made = Made(tmp_path / "shop")
    made.commit(FILES)
    told = await ask(Limits((tmp_path,)), "context", task="--help me with app.py", repository="shop")
    assert said(told)["repository"] == "shop"


async def test_a_run_without_a_model_says_what_is_missing(tmp_path: Path) -> None:
    made = Made(tmp_path / "shop")
    made.commit(FILES)
    result = await ask(Limits((tmp_path,)), "run", task="Add a route", repository="shop")
    assert result.is_error
    assert "no model is named" in result.content[0].text


def test_the_host_is_no_sandbox_of_the_server(cli: Cli) -> None:
    with pytest.raises(ConfigError, match="no code without isolation"):
        cli("mcp", "--sandbox", "host")
