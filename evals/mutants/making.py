"""All mutants of one file, by the maker of its language."""

import re
from typing import TYPE_CHECKING

from evals.code.files import LARGEST, CodeFile
from evals.code.grammars import parser_for
from evals.code.nodes import Language
from evals.mutants.mutant import Mutant

if TYPE_CHECKING:
    from evals.mutants.maker import Maker

# Cargo builds these beside the program; none of its tests run them.
_BESIDE = re.compile(r"(?:^|/)(?:build\.rs$|benches/.*\.rs$|examples/.*\.rs$)")


def mutants_of(file: CodeFile) -> tuple[Mutant, ...]:
    """None for tests, for languages without a maker, for what does not parse or is too large, and without a grammar."""
    if (
        file.language is None
        or file.part != "source"
        or len(file.text) > LARGEST
        or _BESIDE.search(file.path)
    ):
        return ()
    if file.language == "python":
        from evals.mutants.python_mutants import python_mutants

        return python_mutants(file.path, file.text)
    data = file.text.encode("utf-8", "surrogatepass")
    try:
        parser = parser_for(file.path, file.language)
    except ModuleNotFoundError:
        return ()
    maker = _maker(file.language, file.path, data)
    return tuple(maker.all(parser.parse(data).root_node)) if maker else ()


def _maker(language: Language, path: str, data: bytes) -> "Maker | None":
    if language == "java":
        from evals.mutants.java_mutants import JavaMaker

        return JavaMaker(path, data)
    if language == "rust":
        from evals.mutants.rust_mutants import RustMaker

        return RustMaker(path, data)
    if language in {"javascript", "typescript", "go"}:
        from evals.mutants.grammar_mutants import GrammarMaker

        return GrammarMaker(path, data, go=language == "go")
    return None
