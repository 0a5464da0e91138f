"""All mutants of one file, by the maker of its language."""

import re
from typing import TYPE_CHECKING

from evals.code.files import LARGEST, CodeFile
from evals.code.grammars import parser_for
from evals.mutants.mutant import Mutant

if TYPE_CHECKING:
    from tree_sitter import Parser

    from evals.mutants.maker import Maker


_NO_SERVICE = re.compile(r"(?:^|/)(?:build\.rs$|benches/|examples/)")


def mutants_of(file: CodeFile) -> tuple[Mutant, ...]:
    """None for tests, for languages without a maker, for what does not parse or is too large, and without a grammar."""
    if file.part == "test" or len(file.text) > LARGEST:
        return ()
    if file.language == "python":
        from evals.mutants.python_mutants import python_mutants

        return python_mutants(file.path, file.text) if file.part == "source" else ()
    data = file.text.encode("utf-8", "surrogatepass")
    try:
        found = _maker(file, data)
    except ModuleNotFoundError:
        return ()
    if found is None:
        return ()
    maker, parser = found
    return tuple(maker.all(parser.parse(data).root_node))


def _maker(file: CodeFile, data: bytes) -> "tuple[Maker, Parser] | None":
    if file.path.endswith(".rs"):
        from evals.mutants.rust_mutants import RustMaker

        return None if _NO_SERVICE.search(file.path) else (RustMaker(file.path, data), _rust())
    if file.language is None or file.part != "source":
        return None
    if file.language == "java":
        from evals.mutants.java_mutants import JavaMaker

        return JavaMaker(file.path, data), parser_for(file.path, file.language)
    from evals.mutants.grammar_mutants import GrammarMaker

    maker = GrammarMaker(file.path, data, go=file.language == "go")
    return maker, parser_for(file.path, file.language)


def _rust() -> "Parser":
    import tree_sitter_rust
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_rust.language()))
