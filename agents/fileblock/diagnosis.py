"""What can be wrong with an answer: every code, its severity and its sentence. Section D of docs/fileblock.md."""

from agents.submission import Diagnostic, Severity

_WARNINGS = {
    "bom": "The answer begins with a byte order mark. Begin with plain text.",
    "ansi": "Terminal escape sequences stand in the answer. Send plain text.",
    "thinking": "Thinking stands in the answer; it was left out. Send only the answer.",
    "fenced-answer": "Blocks stand inside a code fence. Write FILE blocks as plain text, outside of any fence.",
    "header-style": "Write the header of {path} as exactly 'FILE: {path}', on a line of its own.",
    "path-style": "The path {raw} was read as {path}. Write paths with '/', relative, without './'.",
    "header-gap": "Put the line '---' directly below the header of {path}.",
    "fenced-content": "The content of {path} stands in a code fence, which was taken off. Leave the fence out.",
    "fence-for-delimiter": "{path} is enclosed by a code fence. Enclose it by '---' lines instead.",
    "missing-open": "The line '---' is missing between the header of {path} and its content.",
    "missing-close": "The line '---' that ends {path} is missing; it was taken to end before {next}.",
    "delimiter-mismatch": "{path} opens with {size} hyphens and closes with {other}. Use as many to close as to open.",
    "several-closings": "{count} lines of {size} hyphens could end {path}; line {chosen} was taken. If the content "
    "holds such lines, enclose it by longer ones ('-----').",
    "several-fences": "{count} code fences could end {path}; the one at line {chosen} was taken. Enclose files by "
    "'---' lines, not by fences.",
    "stray-delimiter": "A line of hyphens stands behind {path}, which ended at line {closed}. Put nothing but a blank "
    "line between blocks.",
    "header-in-content": "A header inside the content of {path} was taken as content. Enclose such a file by longer "
    "delimiters ('-----').",
    "section-in-content": "The line {name!r} inside {path} was taken as content. If the section begins there, end the "
    "file with '---' before it.",
    "header-alone": "A header for {path} stands here without content; it was taken as prose. Send the file, or leave "
    "the line out.",
    "section-style": "Write the section's name as exactly '{name}:', on a line of its own.",
    "section-delimiters": "Lines of hyphens stand inside the section {name}. Leave them out.",
    "duplicate": "{path} is sent twice with the same content. Send each file once.",
    "dependency-unread": "{text} could not be read as a package. Write one package, or one install command, a line.",
    "edit-style": "Write the pieces of {path} between exactly '<<<<<<< SEARCH', '=======' and '>>>>>>> REPLACE'.",
    "edit-text": "Text stands between the pieces of {path}; it was left out. Put nothing between pieces.",
    "edit-diff": "The EDIT of {path} holds a unified diff, which was read as pieces. Write SEARCH and REPLACE pieces.",
    "edit-nothing": "A piece for {path} replaces lines by the same lines. Leave it out.",
    "edit-blanks": "A piece for {path} differs from the file at the ends of lines {place}; it was used all the same. "
    "Copy the lines exactly.",
    "edit-indentation": "A piece for {path} is indented differently from the lines {place} of the file; it was moved "
    "to their indentation. Copy the lines exactly.",
    "delete-unknown": "{path} is to be deleted, but there is no such file.",
    "env-unread": "{text} could not be read as a variable. Write one NAME=value a line.",
}
_ERRORS = {
    "truncated": "{path} does not end: its closing '---' is missing. Send the file again, whole.",
    "truncated/length": "The answer was cut off at its length limit. Send what is missing.",
    "elided": "{path} leaves out code here: {text}. Send the whole file, with nothing left out.",
    "diff": "{path} holds a diff instead of a file. Send the whole file as it should be.",
    "edit-unreadable": "The EDIT of {path} {reason}. Write '<<<<<<< SEARCH', the lines as they are, '=======', the "
    "lines as they should be, '>>>>>>> REPLACE'; more signs in all three (ten or more) where the lines hold such ones.",
    "edit-unreadable/bare": "{path} has an EDIT header but no '---' lines around its pieces. Enclose them "
    "by '---' lines.",
    "edit-unreadable/empty": "A piece for {path} searches for nothing. Search for lines that are there and repeat them "
    "in the replacement, or send the file with FILE.",
    "edit-unknown-file": "There is no file {path} to edit{near}. Send new files with FILE.",
    "edit-no-match": "The SEARCH lines of this piece are not in {path}{near}. Copy them from the file exactly.",
    "edit-ambiguous": "The SEARCH lines of this piece stand {count} in {path} (lines {places}). Add lines above or "
    "below until only one place is meant.",
    "edit-overlap": "This piece changes lines of {path} that another piece (line {other}) changes as well. Make one "
    "piece of them.",
    "undelimited": "{path} has a header but no '---' lines around its content. Enclose the content by them.",
    "no-blocks": "The answer holds no FILE block. Answer with 'FILE: path', '---', the whole file, '---'.",
    "no-blocks/empty": "The answer is empty. Answer with 'FILE: path', '---', the whole file, '---'.",
    "refusal": "The answer refuses the task and holds no FILE block.",
    "conflict": "{path} is sent twice with different content (also at line {other}). Send one version of it.",
    "unsafe-path": "The path {raw} {reason}.",
    "path-collision": "{path} and {other} cannot stand side by side. Rename one of them.",
}

SEVERITIES: dict[str, Severity] = {
    **{case.partition("/")[0]: "warning" for case in _WARNINGS},
    **{case.partition("/")[0]: "error" for case in _ERRORS},
}


def diagnose(case: str, line: int, path: str = "", **details: object) -> Diagnostic:
    """The diagnostic at ``line`` (counted from 1; 0 for the whole answer).

    ``case`` is its code, followed by a slash and a word where a code has several sentences.
    """
    sentence = _WARNINGS.get(case) or _ERRORS[case]
    code = case.partition("/")[0]
    return Diagnostic(code, SEVERITIES[code], line, path, sentence.format(path=path, **details))


def quote(text: str, limit: int = 80) -> str:
    """The text for a message: on one line, shortened, quoted, with control characters made visible."""
    short = text if len(text) <= limit else text[: limit - 1] + "…"
    return ascii(short) if not short.isprintable() else f"'{short}'"
