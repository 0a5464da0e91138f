"""What a refusal is about by the words of its error, where it names no status."""

import re

from evals.mutants.mutant import Kind

_LONGEST = 600
_WORDS = re.compile(
    r"(?P<guard>unauthori[sz]ed|forbidden|accessdenied|unauthenticated|authenticationexception)"
    r"|(?P<conflict>conflict|alreadyexists|already|duplicate|taken)"
    r"|(?P<validation>illegalargument|badrequest|validation|invalid|unprocessable|outofrange|toolong|tooshort)",
    re.IGNORECASE,
)


def said_kind(text: str) -> Kind | None:
    """By the first word that tells; None for long texts and those in which none does."""
    found = _WORDS.search(text) if len(text) <= _LONGEST else None
    match found.lastgroup if found else None:
        case "guard":
            return "guard"
        case "conflict":
            return "conflict"
        case "validation":
            return "validation"
    return None
