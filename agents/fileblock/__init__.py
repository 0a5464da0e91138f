"""The FILE-block format: from a model's text to a Submission with diagnostics, and back. See docs/fileblock.md."""

from agents.fileblock.parsing import parse
from agents.fileblock.rendering import render
from agents.fileblock.stream import Stream

__all__ = ["Stream", "parse", "render"]
