"""Reading an answer while it arrives. The whole-text parse is the same code fed once."""

from agents.fileblock.assemble import assemble, read_block, read_header
from agents.fileblock.conflicts import Named
from agents.fileblock.diagnosis import diagnose
from agents.fileblock.walk import Block, Removal, Walk
from agents.submission import Answer, Deletion, Diagnostic, Edit, SourceFile


class Stream:
    """An answer that arrives in pieces.

    ``feed`` returns the files whose blocks became certain: no further text moves their ends or changes their
    content. A later block can still take back a file by contradicting it (``conflict``, ``path-collision``), which
    only ``finish`` can tell. However the text is cut, ``finish`` returns what ``parse`` returns for the whole.
    """

    def __init__(self) -> None:
        self._walk = Walk()
        self._pieces: list[str] = []
        self._read = 0
        self._told = 0
        self._named: list[Named] = []
        self._diagnostics: list[Diagnostic] = []

    def feed(self, chunk: str) -> tuple[SourceFile, ...]:
        """Take in the next piece of the answer, and return the files that became certain by it."""
        if "\n" not in chunk:
            if chunk:
                self._pieces.append(chunk)
            return ()
        whole, _, tail = chunk.rpartition("\n")
        self._add("".join([*self._pieces, whole]))
        self._pieces = [tail] if tail else []
        return self._new_files()

    def new_edits(self) -> tuple[Edit, ...]:
        """The edits that became certain since this was asked last."""
        new = tuple(item for item in self._named[self._told :] if isinstance(item, Edit))
        self._told = len(self._named)
        return new

    def finish(self, stop_reason: str | None = None) -> Answer:
        """The whole answer; no more text comes. ``stop_reason`` is the provider's (``length``: it was cut off)."""
        if self._pieces:
            self._add("".join(self._pieces))
            self._pieces = []
        self._walk.finish()
        self._new_files()
        return assemble(
            self._named,
            self._walk.found,
            self._walk.source,
            self._diagnostics + self._walk.diagnostics,
            stop_reason,
        )

    def _add(self, text: str) -> None:
        if not self._walk.source.lines and text.startswith("\ufeff"):
            text = text[1:]
            self._diagnostics.append(diagnose("bom", 1))
        self._walk.add(text)

    def _new_files(self) -> tuple[SourceFile, ...]:
        found = self._walk.found
        new: list[Named] = []
        while self._read < len(found):
            item = found[self._read]
            self._read += 1
            if isinstance(item, Block):
                named, told = read_block(item, self._walk.source.lines)
                self._diagnostics += told
                new += [named] if named is not None else []
            elif isinstance(item, Removal):
                path, told = read_header(item.mark)
                self._diagnostics += told
                new += [Deletion(path, item.mark.line + 1)] if path is not None else []
        self._named += new
        return tuple(item for item in new if isinstance(item, SourceFile))
