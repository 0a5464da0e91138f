"""A table of short cells that is never cut, however narrow the terminal is."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def show_table(console: "Console", heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print the rows; the first column stands to the left, all others to the right. A pipe is as wide as need be."""
    for line in table_lines(heads, rows, console.width if console.is_terminal else None):
        console.print(line)


def table_lines(
    heads: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None
) -> Iterator[str]:
    """The table's lines, its heads first.

    Where it is wider than ``width``, each row's first cell stands on a line of its own above the others; where those
    are too wide too, each of them has a line, behind its head.
    """
    if not rows:
        return
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    whole = sum(widths) + 2 * (len(widths) - 1)
    if width is None or whole <= width:
        for row in (heads, *rows):
            yield f"{row[0]:<{widths[0]}}{_right(row[1:], widths[1:])}".rstrip()
    elif whole - widths[0] <= width:
        yield heads[0]
        yield _right(heads[1:], widths[1:])
        for row in rows:
            yield row[0]
            yield _right(row[1:], widths[1:])
    else:
        wide = max(map(len, heads[1:]), default=0)
        for row in rows:
            yield row[0]
            for head, cell in zip(heads[1:], row[1:], strict=True):
                yield f"  {head:<{wide}}  {cell}"


def _right(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(f"  {cell:>{wide}}" for cell, wide in zip(cells, widths, strict=True))
