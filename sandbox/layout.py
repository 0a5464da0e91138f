"""Texts that a model wrote become files in a folder of ours."""

from collections.abc import Mapping
from pathlib import Path

from prompts.errors import UnsafePathError


def lay_out(files: Mapping[str, str], folder: Path) -> None:
    """Write files into a fresh folder of ours. Paths are plain and relative, as the parser gives them.

    Raises UnsafePathError for one that leads out of the folder all the same.
    """
    for path, text in files.items():
        target = folder / path
        if not target.resolve().is_relative_to(folder.resolve()):
            raise UnsafePathError(f"{path!r} leads out of the workspace")
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("w", encoding="utf-8", errors="surrogatepass", newline="") as file:
            file.write(text)
