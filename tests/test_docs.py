"""What the documentation says of itself: links lead somewhere, and the commands that it prints can be given."""

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.core import TyperCommand
from typer.main import get_group
from typer.testing import CliRunner

from orchestrator.cli import application

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]+`")

page = pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)


def prose(path: Path) -> str:
    """A page without its blocks of code, in which `#` begins a comment and brackets are no links."""
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, by GitHub's rule."""
    found: dict[str, int] = {}
    for heading in re.findall(r"^#+ +(.+?) *$", prose(path), re.MULTILINE):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        found[anchor] = found.get(anchor, 0) + 1
    return {f"{anchor}-{n}" if n else anchor for anchor, times in found.items() for n in range(times)}


@page
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", CODE.sub("", prose(page))):
        if re.match(r"https?://", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), f"{page.name}: {target}"
        assert not anchor or anchor in anchors(file), f"{page.name}: {target}"


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each line that is a command of ours, as it stands and as the words after the program's name."""
    for line in text.replace("\\\n", " ").split("\n"):
        if found := re.match(r"(?: {2,}|\$ |- )?(?:[\w -]+: +)?(?:[A-Z_]+=\S+ )*backsmith (.*)", line):
            yield line, words(found[1])


def words(line: str) -> list[str]:
    """The arguments of a shell's line up to its comment, pipe, redirection or next command."""
    given: list[str] = []
    for word in shlex.split(line, comments=True):
        if word in {"|", ">", "<", "&&", ";", "2>&1", "||"}:
            break
        given.append(word)
    return given


@pytest.fixture
def accept(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], None]:
    """Read a command line as `backsmith` would, up to the point where the command would run."""
    monkeypatch.setattr(TyperCommand, "invoke", lambda command, context: None)

    def read(args: list[str]) -> None:
        application()(args, standalone_mode=False)

    return read


@page
def test_commands_can_be_given(page: Path, accept: Callable[[list[str]], None]) -> None:
    for line, args in commands(page.read_text(encoding="utf-8")):
        try:
            accept(args)
        except Exception as error:  # what Typer raises has no public root
            pytest.fail(f"{page.name}: {line.strip()}: {error}")


PARTS = [("gate", "simulate"), ("models", "list"), ("models", "test")]
PARTS += [("prompts", "list"), ("prompts", "show"), ("prompts", "diff")]
HELPED = [(), *((name,) for name in get_group(application()).commands), *PARTS]


@pytest.mark.parametrize("command", HELPED, ids=" ".join)
def test_help_fits_a_terminal_and_its_examples_can_be_given(
    command: tuple[str, ...], accept: Callable[[list[str]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    told = CliRunner().invoke(application(), [*command, "--help"]).stdout
    assert [line for line in told.split("\n") if len(line) > 80] == []
    examples = [args for line, args in commands(told) if re.match(r"  \S", line)]
    assert examples or command in {("models",), ("prompts",)}
    for args in examples:
        accept(args)
