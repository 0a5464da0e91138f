"""From blocks and sections to an Answer. Rules A1 to A6 of docs/fileblock.md."""

import re
from collections import Counter
from collections.abc import Iterable

from agents.fileblock.content import extension, find_flaw, without_fence
from agents.fileblock.dependencies import read_dependencies
from agents.fileblock.diagnosis import diagnose, quote
from agents.fileblock.env_vars import read_env_vars
from agents.fileblock.migrations import read_migrations
from agents.fileblock.paths import BadPathError, collisions, plain_path
from agents.fileblock.walk import Block, LoneHeader, Section
from agents.submission import Answer, Diagnostic, Ecosystem, SourceFile, Submission

_REFUSAL = re.compile(
    r"(?:I(?:'|’)?m sorry|I am sorry|sorry|apologies|I apologi[sz]e|unfortunately|I (?:can(?:no|')t|can’t|am unable|"
    r"will not|won(?:'|’)t|must decline|refuse)|I(?:'|’)m (?:unable|not able))\b",
    re.IGNORECASE,
)
_ECOSYSTEMS: dict[str, Ecosystem] = {
    "py": "python",
    **dict.fromkeys(["js", "ts", "mjs", "cjs", "jsx", "tsx"], "npm"),
    "go": "go",
    "rs": "cargo",
    **dict.fromkeys(["java", "kt", "gradle"], "maven"),
    "rb": "rubygems",
    "cs": "nuget",
}


def read_block(block: Block, lines: list[str]) -> tuple[SourceFile | None, list[Diagnostic]]:
    """The file that a block holds, or None where it cannot be used."""
    header = block.header
    number = header.line + 1
    told: list[Diagnostic] = []
    try:
        path = plain_path(header.text)
    except BadPathError as error:
        reason = str(error)
        return None, [diagnose("unsafe-path", number, "", raw=quote(header.text), reason=reason)]
    if not header.exact:
        told.append(diagnose("header-style", number, path))
    if path != header.text:
        told.append(diagnose("path-style", number, path, raw=quote(header.text)))
    told += block.diagnostics
    if block.end == "end":
        return None, [*told, diagnose("truncated", number, path)]
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


def assemble(
    files: list[SourceFile],
    found: list[Block | Section | LoneHeader],
    lines: list[str],
    told: list[Diagnostic],
    stop_reason: str | None,
) -> Answer:
    """The whole answer, from the files of its blocks and everything else that was found."""
    blocks = [item for item in found if isinstance(item, Block)]
    if stop_reason == "length":
        files, told = _cut_off(files, found, told)
    kept, more = _without_conflicts(files)
    told = [*told, *more, *_lone_headers(found, blocks)]
    sections = [item for item in found if isinstance(item, Section)]
    submission = Submission(tuple(kept), *_sections(sections, lines, kept))
    told += [
        diagnose("section-style", item.mark.line + 1, name=item.mark.text)
        for item in sections
        if not item.mark.exact
    ]
    if not blocks and not any(d.severity == "error" for d in told):
        told.append(_nothing(lines))
    told.sort(key=lambda diagnostic: diagnostic.line)
    return Answer(submission, tuple(told))


def _cut_off(
    files: list[SourceFile], found: list[Block | Section | LoneHeader], told: list[Diagnostic]
) -> tuple[list[SourceFile], list[Diagnostic]]:
    last = found[-1] if found else None
    if isinstance(last, Block) and last.end != "end" and not last.certain:
        number = last.header.line + 1
        kept = [file for file in files if file.span[0] != number]
        path = next((file.path for file in files if file.span[0] == number), last.header.text)
        return kept, [*told, diagnose("truncated", number, path)]
    if isinstance(last, Block) and last.end == "end":
        return files, told
    return files, [*told, diagnose("cut-off", 0)]


def _without_conflicts(files: list[SourceFile]) -> tuple[list[SourceFile], list[Diagnostic]]:
    told: list[Diagnostic] = []
    first: dict[str, SourceFile] = {}
    dropped: set[str] = set()
    for file in files:
        other = first.setdefault(file.path, file)
        if other is file:
            continue
        if other.text == file.text:
            told.append(diagnose("duplicate", file.span[0], file.path))
        else:
            told.append(diagnose("conflict", file.span[0], file.path, other=other.span[0]))
            dropped.add(file.path)
    for path, rival in collisions(first).items():
        told.append(diagnose("path-collision", first[path].span[0], path, other=rival))
        dropped.add(path)
    return [file for path, file in first.items() if path not in dropped], told


def _lone_headers(found: Iterable[Block | Section | LoneHeader], blocks: list[Block]) -> Iterable[Diagnostic]:
    sent = {block.header.text for block in blocks}
    for item in found:
        if not isinstance(item, LoneHeader) or item.mark.text in sent:
            continue
        number, path = item.mark.line + 1, item.mark.text
        if item.follows.startswith(("--- ", "diff --git ", "<<<<<<< ", "@@ -", "*** Begin Patch")):
            yield diagnose("diff", number, path)
        elif item.follows and item.mark.exact:
            yield diagnose("undelimited", number, path)


def _sections(sections: list[Section], lines: list[str], files: list[SourceFile]) -> tuple:  # type: ignore[type-arg]
    bodies: dict[str, list[str]] = {}
    for section in sections:
        body = bodies.setdefault(section.mark.text, [])
        first, stop = section.content
        if section.mark.rest:
            body.append(section.mark.rest)
        body += lines[first:stop]
        body.append("")
    dependencies = migrations = env_vars = None
    if "DEPENDENCIES" in bodies:
        dependencies = read_dependencies(_content(bodies["DEPENDENCIES"]), _hint(files))
    if "MIGRATIONS" in bodies:
        migrations = read_migrations(_content(bodies["MIGRATIONS"]))
    if "ENV_VARS" in bodies:
        env_vars = read_env_vars(_content(bodies["ENV_VARS"]))
    return dependencies, migrations, env_vars


def _content(body: list[str]) -> list[str]:
    said = [line.strip().strip("`*-.()[] ").lower() for line in body if line.strip()]
    if all(word in {"none", "n/a", "nothing", "", "no", "none needed", "none required"} for word in said):
        return []
    return body


def _hint(files: list[SourceFile]) -> Ecosystem:
    votes = Counter(
        _ECOSYSTEMS[extension(file.path)] for file in files if extension(file.path) in _ECOSYSTEMS
    )
    return votes.most_common(1)[0][0] if votes else "unknown"


def _nothing(lines: list[str]) -> Diagnostic:
    said = [line.strip() for line in lines if line.strip()]
    if not said:
        return diagnose("empty", 0)
    if any(_REFUSAL.match(line) for line in said[:3]):
        return diagnose("refusal", 0)
    return diagnose("no-blocks", 0)
