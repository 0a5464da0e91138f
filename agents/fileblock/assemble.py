"""From blocks and sections to an Answer. Rules A1 to A6 of docs/fileblock.md."""

import re
from collections.abc import Iterable, Sequence

from agents.fileblock.bodies import Body, plain_lines, says_none
from agents.fileblock.choice import reads_as_prose
from agents.fileblock.conflicts import Named, line_of, without_conflicts
from agents.fileblock.content import find_flaw, without_fence
from agents.fileblock.dependencies import ecosystem_of, read_dependencies
from agents.fileblock.diagnosis import diagnose, quote
from agents.fileblock.edits import read_edit
from agents.fileblock.env_vars import read_env_vars
from agents.fileblock.marks import Mark
from agents.fileblock.migrations import read_migrations
from agents.fileblock.paths import BadPathError, looks_like_path, plain_or_none, plain_path
from agents.fileblock.source import Source
from agents.fileblock.walk import Block, Found, LoneHeader, Section, is_diff_line
from agents.submission import Answer, Deletion, Diagnostic, Edit, SourceFile, Submission

_CUT_OFF = frozenset({"length", "filter"})
_REFUSAL = re.compile(
    r"(?:I(?:'|’)?m sorry|I am sorry|sorry|apologies|I apologi[sz]e|unfortunately|I (?:can(?:no|')t|can’t|am unable|"
    r"will not|won(?:'|’)t|must decline|refuse)|I(?:'|’)m (?:unable|not able))\b",
    re.IGNORECASE,
)


def read_block(block: Block, lines: list[str]) -> tuple[SourceFile | Edit | None, list[Diagnostic]]:
    """The file or the edit that a block holds, or None where it cannot be used."""
    path, told = read_header(block.header)
    if path is None:
        return None, told
    number = block.header.line + 1
    if block.end == "end":
        return None, [*told, *block.diagnostics, diagnose("truncated", number, path)]
    if block.header.rest:
        edit, more = read_edit(block, path, lines)
        return edit, told + more
    told += block.diagnostics
    first, stop = block.content
    content, fenced = (
        without_fence(lines[first:stop], path) if not block.verbatim else (lines[first:stop], False)
    )
    if fenced:
        told.append(diagnose("fenced-content", first + 1, path))
        first += 1
    text = "\n".join(content).rstrip("\n")
    text = text + "\n" if text else ""
    flaw = find_flaw(text, path)
    if flaw is not None:
        return None, [*told, diagnose(flaw.code, first + flaw.line + 1, path, text=quote(flaw.text))]
    return SourceFile(path, text, (number, block.last + 1)), told


def read_header(header: Mark) -> tuple[str | None, list[Diagnostic]]:
    """The plain path that a header names, or None where it is not safe."""
    number = header.line + 1
    told: list[Diagnostic] = []
    if " " in header.text and not looks_like_path(header.text):
        reason = "reads as prose; write 'FILE:' and the path alone on the line"
        return None, [diagnose("unsafe-path", number, "", raw=quote(header.text), reason=reason)]
    try:
        path = plain_path(header.text)
    except BadPathError as error:
        reason = str(error)
        return None, [diagnose("unsafe-path", number, "", raw=quote(header.text), reason=reason)]
    if not header.exact:
        told.append(diagnose("header-style", number, path))
    if path != header.text:
        told.append(diagnose("path-style", number, path, raw=quote(header.text)))
    return path, told


def assemble(
    read: Sequence[Named], found: list[Found], source: Source, told: list[Diagnostic], stop_reason: str | None
) -> Answer:
    """The whole answer, from what its blocks and lines name and everything else that was found."""
    lines = source.lines
    blocks = [item for item in found if isinstance(item, Block)]
    if stop_reason in _CUT_OFF:
        read, told = _cut_off(read, found, told)
    kept, more = without_conflicts(read)
    told = [*told, *more, *_lone_headers(found, blocks), *_escapes(source, blocks)]
    sections = [item for item in found if isinstance(item, Section)]
    submission, more = _read_sections(sections, lines, kept)
    told += more
    if not blocks and not kept and not any(d.severity == "error" for d in told):
        told.append(_nothing(lines, stop_reason))
    told.sort(key=lambda diagnostic: diagnostic.line)
    return Answer(submission, tuple(told))


def _cut_off(
    read: Sequence[Named], found: list[Found], told: list[Diagnostic]
) -> tuple[Sequence[Named], list[Diagnostic]]:
    last = found[-1] if found else None
    if isinstance(last, Block) and last.end != "end" and not last.certain:
        number = last.header.line + 1
        kept = [item for item in read if line_of(item) != number]
        path = next((item.path for item in read if line_of(item) == number), last.path)
        return kept, [*told, diagnose("truncated", number, path)]
    if isinstance(last, Block) and last.end == "end":
        return read, told
    return read, [*told, diagnose("truncated/length", 0)]


def _lone_headers(found: Iterable[Found], blocks: list[Block]) -> Iterable[Diagnostic]:
    """What headers without content mean, where their files are not sent otherwise."""
    sent = {block.path for block in blocks}
    for item in found:
        if not isinstance(item, LoneHeader) or not looks_like_path(item.mark.text):
            continue
        number, path = item.mark.line + 1, plain_or_none(item.mark.text)
        if path is None or path in sent:
            continue
        if is_diff_line(item.follows):
            yield diagnose("diff" if not item.mark.rest else "edit-unreadable/bare", number, path)
        elif item.follows and not reads_as_prose(item.follows):
            yield diagnose("undelimited", number, path)
        else:
            yield diagnose("header-alone", number, path)


def _escapes(source: Source, blocks: list[Block]) -> Iterable[Diagnostic]:
    """Whether escape sequences stand outside of the files' content."""
    at = 0
    for line in source.escaped:
        while at < len(blocks) and blocks[at].content[1] <= line:
            at += 1
        if at == len(blocks) or line < blocks[at].content[0]:
            yield diagnose("ansi", line + 1)
            return


def _read_sections(
    sections: list[Section], lines: list[str], named: Sequence[Named]
) -> tuple[Submission, list[Diagnostic]]:
    """The submission with what all sections of a name say together, and what is to be told about them."""
    told: list[Diagnostic] = []
    bodies: dict[str, Body] = {}
    for section in sections:
        mark = section.mark
        body = bodies.setdefault(mark.text, [])
        if not mark.exact or mark.rest:
            told.append(diagnose("section-style", mark.line + 1, name=mark.text))
        part = list(enumerate(lines[section.content[0] : section.content[1]], section.content[0]))
        if mark.text != "MIGRATIONS":
            part, delimiter = plain_lines(part)
            if delimiter is not None:
                told.append(diagnose("section-delimiters", delimiter + 1, name=mark.text))
        if mark.rest:
            part.insert(0, (mark.line, mark.rest))
        if not says_none(part):
            body += [*part, (section.content[1], "")]
    dependencies = migrations = env_vars = None
    if "DEPENDENCIES" in bodies:
        packages = read_dependencies(bodies["DEPENDENCIES"], ecosystem_of(item.path for item in named))
        dependencies = packages.dependencies
        told += [diagnose("dependency-unread", n + 1, text=quote(text)) for n, text in packages.unread]
    if "MIGRATIONS" in bodies:
        migrations = read_migrations(bodies["MIGRATIONS"])
    if "ENV_VARS" in bodies:
        variables = read_env_vars(bodies["ENV_VARS"])
        env_vars = variables.env_vars
        told += [diagnose("env-unread", n + 1, text=quote(text)) for n, text in variables.unread]
    return Submission(
        tuple(item for item in named if isinstance(item, SourceFile)),
        dependencies,
        migrations,
        env_vars,
        tuple(item for item in named if isinstance(item, Edit)),
        tuple(item for item in named if isinstance(item, Deletion)),
    ), told


def _nothing(lines: list[str], stop_reason: str | None) -> Diagnostic:
    if stop_reason == "refusal":
        return diagnose("refusal", 0)
    said = [line.strip() for line in lines if line.strip()]
    if not said:
        return diagnose("no-blocks/empty", 0)
    if any(_REFUSAL.match(line) for line in said[:3]):
        return diagnose("refusal", 0)
    return diagnose("no-blocks", 0)
