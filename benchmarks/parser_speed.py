"""How fast answers are read, and whether the time grows with the length alone.

    python benchmarks/parser_speed.py [--megabytes 5] [--repeat 3]

Each text is read at one size and at twice the size; the ratio of the two times should stay near 2. The naive
pattern that stops at the first '---' is timed beside it where it comes to an end at all.
"""

import argparse
import gc
import re
import time
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from agents.fileblock import Stream, parse

NAIVE = re.compile(r"^FILE: ([^\n]+)\n---\n(.*?)\n---$", re.DOTALL | re.MULTILINE)
MEGABYTE = 1_000_000

FUNCTION = '''\
def handler_{n}(request: Request, limit: int = 20) -> Response:
    """Answer one request.

    Looks at the limit first.
    """
    if limit > 100:  # the page would be too long
        raise ApiError(400, "INVALID_LIMIT", f"limit must be at most {{limit}}")
    rows = session.execute(select(Item).where(Item.owner == request.user.id).limit(limit))
    return jsonify(items=[as_dict(row) for row in rows], total=len(rows))


'''


def plain(size: int) -> str:
    """An ordinary answer: Python files of some 10 kB each, and the sections."""
    body = "".join(FUNCTION.format(n=n) for n in range(25))
    block = "FILE: app/module_{n}.py\n---\n" + body.replace("{", "{{").replace("}", "}}") + "---\n\n"
    blocks = "".join(block.format(n=n) for n in range(size // len(block) + 1))
    return blocks + "DEPENDENCIES:\npip install flask sqlalchemy\n\nENV_VARS:\nPORT=8000\n"


def repeated(piece: str, before: str = "", after: str = "") -> Callable[[int], str]:
    """A maker of texts of a given size from one piece."""
    return lambda size: before + piece * (size // len(piece)) + after


def growing_fences(size: int) -> str:
    """Fences that each need a longer one to close."""
    lines = []
    total = 0
    while total < size:
        lines.append("`" * (3 + len(lines) % 3000) + "x\nFILE: a.py\n---")
        total += len(lines[-1]) + 1
    return "\n".join(lines)


def growing_delimiters(size: int) -> str:
    """Blocks that open with delimiters of ever other lengths and never close."""
    lines = []
    total = 0
    while total < size:
        lines.append(f"FILE: f{len(lines)}.md\n" + "-" * (4 + len(lines)))
        total += len(lines[-1]) + 1
    return "\n".join(lines)


def growing_pieces(size: int) -> str:
    """EDIT blocks whose pieces each begin with longer signs, none of which ends before the answer's end."""
    lines: list[str] = []
    total, count = 0, 0
    while total < size:
        count += 1
        lines.append(f"EDIT: a.py\n---\n{'<' * (9 + count % 3000)} SEARCH\nx")
        total += len(lines[-1]) + 1
    return "\n".join(lines) + "\n" + "\n".join(">" * (9 + n) + " REPLACE" for n in range(1, min(count, 3000)))


TEXTS: dict[str, Callable[[int], str]] = {
    "plain answer": plain,
    "'---' lines only": repeated("---\n"),
    "'---' lines in a block": repeated("---\n", "FILE: a.md\n---\n"),
    "'---' lines in a string": repeated("---\n", 'FILE: a.py\n---\n"""\n'),
    "headers alone": repeated("FILE: a.py\n"),
    "headers that open": repeated("FILE: a.py\n---\n"),
    "headers that open strings": repeated('FILE: a.py\n---\n"""\n'),
    "headers in fences": repeated("```x\nFILE: a.md\n---\n"),
    "small blocks": repeated("FILE: a.py\n---\nx\n---\n"),
    "one line": repeated("x", "FILE: a.md\n---\n", "\n---\n"),
    "one line of hyphens": repeated("-"),
    "one line of backticks": repeated("`"),
    "one string": repeated("a\\n", 'FILE: a.py\n---\nx = "', '"\n---\n'),
    "open strings": repeated("\"'", "FILE: a.js\n---\n", "\n---\n"),
    "growing fences": growing_fences,
    "growing delimiters": growing_delimiters,
    "growing pieces": growing_pieces,
    "edits": repeated("EDIT: a.py\n---\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n---\n"),
    "edits that open": repeated("EDIT: a.py\n---\n<<<<<<< SEARCH\n"),
    "edits that end at the end": repeated(
        "EDIT: a.py\n---\n<<<<<<< SEARCH\n", "", "=======\n>>>>>>> REPLACE\n"
    ),
    "dividers in a piece": repeated(
        "=======\n", "EDIT: a.py\n---\n<<<<<<< SEARCH\n", ">>>>>>> REPLACE\n---\n"
    ),
    "deletions": repeated("DELETE: a.py\n", "FILE: a.md\n---\n---\n"),
    "deletions behind blanks": repeated("\n\nDELETE: a.py\n", "FILE: a.md\n---\n---\nx\n"),
    "thinking": repeated("<think>\n"),
    "escapes": repeated("\x1b["),
    "escape lines": repeated("\x1b[1m---\n"),
    "elision words": repeated("# the existing rest of the remaining\n", "FILE: a.py\n---\n", "---\n"),
    "sections": repeated("DEPENDENCIES:\na\nENV_VARS:\nA=b\nMIGRATIONS:\nc\n"),
    "packages": repeated("pip install a b c\n", "DEPENDENCIES:\n"),
    "carriage returns": repeated("\r", "FILE: a.md\n---\n", "\n---\n"),
    "carriage return lines": repeated("\r\r\r\n", "FILE: a.md\n---\n", "\n---\n"),
    "blank lines": repeated("\n", "FILE: a.md\n---\n"),
    "spaces": repeated(" ", "FILE: a.md", "\n---\n---\n"),
}


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--megabytes", type=float, default=5)
    options.add_argument("--repeat", type=int, default=3)
    chosen = options.parse_args()
    size = int(chosen.megabytes * MEGABYTE)
    parse(plain(10_000))
    table = Table("text", "MB", "seconds", "twice the text", "ratio", "MB/s", "naive MB/s", "streamed MB/s")
    for name, make in TEXTS.items():
        once, twice = make(size), make(2 * size)
        first = second = float("inf")
        for _ in range(chosen.repeat):  # in turns, so that both meet the same machine
            first, second = min(first, timed(parse, once, 1)), min(second, timed(parse, twice, 1))
        is_plain = name == "plain answer"
        naive = f"{size / MEGABYTE / timed(find_naive, once, 1):.0f}" if is_plain else ""
        streamed = f"{size / MEGABYTE / timed(stream, once, 1):.0f}" if is_plain else ""
        speed = len(twice) / MEGABYTE / second
        table.add_row(
            name,
            f"{len(once) / MEGABYTE:.1f}",
            f"{first:.2f}",
            f"{second:.2f}",
            f"{second / first:.2f}",
            f"{speed:.1f}",
            naive,
            streamed,
        )
    Console(width=120).print(table)


def timed(read: Callable[[str], object], text: str, repeat: int) -> float:
    """The shortest time of several, in seconds."""
    times = []
    for _ in range(repeat):
        gc.collect()
        start = time.process_time()
        read(text)
        times.append(time.process_time() - start)
    return min(times)


def find_naive(text: str) -> object:
    """What is usually written instead."""
    return dict(NAIVE.findall(text))


def stream(text: str) -> object:
    """Read the text in pieces of a token's size."""
    arriving = Stream()
    for start in range(0, len(text), 5):
        arriving.feed(text[start : start + 5])
    return arriving.finish()


if __name__ == "__main__":
    main()
