"""Text that others wrote, shown to a model as data: it cannot end its quotation or pass for our words."""

import re

_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[@-Z\\-_])")
_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_UNSEEN = {
    code: None for code in (*range(9), 11, 12, *range(14, 32), *range(127, 160), *map(ord, _BIDI), 0xFEFF)
}
_BACKTICKS = re.compile(r"`{3,}")


def visible(text: str) -> str:
    """``text`` without terminal escapes, control and direction characters; line ends become LF."""
    plain = _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return plain.translate(_UNSEEN)


def fenced(text: str) -> str:
    """``text`` between code fences that are longer than any run of backticks in it."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}\n{text.rstrip(chr(10))}\n{fence}"


def barred(text: str, limit: int) -> str:
    """``text`` with ``| `` before each line, at most ``limit`` characters; cut in its middle if longer.

    Behind the bar no line is a heading, a fence or a FILE header. Empty for a limit under 40.
    """
    lines = visible(text).strip("\n").rstrip().split("\n")
    if lines == [""] or limit < 40:
        return ""
    whole = "\n".join("| " + line for line in lines)
    if len(whole) <= limit:
        return whole
    mark = "\n| [...]\n"
    keep = limit - len(mark) - 2
    head = whole[: keep // 2].rstrip("\n |")
    tail = whole[len(whole) - (keep - keep // 2) :].lstrip("\n")
    if not tail.startswith("| "):
        tail = "| " + tail.lstrip("| ")
    return head + mark + tail


def one_line(text: str, limit: int) -> str:
    """``text`` as one line of at most ``limit`` characters, cut with ``...`` where it is longer."""
    line = " ".join(visible(text[: limit * 8]).split())
    return line if len(line) <= limit else line[: limit - 3].rstrip() + "..."
