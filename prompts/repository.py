"""What a model is told about the repository that it works in. Values alone; ``evals.context`` finds them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RepositoryContext:
    """What of a repository goes into the prompt.

    ``conventions`` are lines such as ``Tests: pytest``. ``models`` are the data models found in the code. ``map``
    lists files with their signatures, ``files`` holds the texts of those that the model sees whole. ``left_out`` are
    paths with the reason why their content is not shown. ``routes`` are lines such as ``POST /login  app/auth.py:9``.
    ``folder`` is that of the project within the repository (empty: its root), in which tests run.
    """

    name: str
    commit: str
    conventions: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    models: str = ""
    map: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[tuple[str, str], ...] = ()
    folder: str = ""
