"""Which runner a Python project's tests are written for: pytest, Django's or unittest. Nothing of it is run."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Literal

Runner = Literal["pytest", "django", "unittest"]

_PYTEST_FILES = frozenset({"pytest.ini", ".pytest.ini", "pytest.toml"})
_PYTEST_SECTIONS = {
    "pyproject.toml": re.compile(r"^[ \t]*\[tool\.pytest\b", re.MULTILINE),
    "setup.cfg": re.compile(r"^[ \t]*\[tool:pytest\]", re.MULTILINE),
    "tox.ini": re.compile(r"^[ \t]*\[pytest\]", re.MULTILINE),
}
_IMPORTS_PYTEST = re.compile(r"^[ \t]*(?:import|from)[ \t]+pytest", re.MULTILINE)
_IMPORTS_UNITTEST = re.compile(r"^[ \t]*(?:import|from)[ \t]+unittest", re.MULTILINE)
_BARE_TEST = re.compile(
    r"^(?:async[ \t]+)?def[ \t]+test|^class[ \t]+Test\w*[ \t]*(?:\([ \t]*\))?[ \t]*:", re.MULTILINE
)
_QUOTED_PYTEST = re.compile(r"[\"']pytest")
_PYTEST_ITSELF = re.compile(r"^[ \t\"'\[,]*pytest", re.IGNORECASE | re.MULTILINE)


def find_runner(files: Mapping[str, str]) -> Runner:
    """The runner that the project's own files speak of.

    pytest runs unittest's cases as well, so it is the default. Django's runner is for projects with a
    ``manage.py`` and unittest's for those whose every test file is made of unittest's cases, both only where
    nothing in the project mentions pytest.
    """
    if _mentions_pytest(files):
        return "pytest"
    tests = [text for path, text in files.items() if _is_test(PurePosixPath(path).name)]
    if "django" in files.get("manage.py", ""):
        return "django"
    if tests and all(_IMPORTS_UNITTEST.search(text) and not _BARE_TEST.search(text) for text in tests):
        names = [PurePosixPath(path).name for path in files]
        return "pytest" if any(name.endswith("_test.py") for name in names) else "unittest"
    return "pytest"


def _is_test(name: str) -> bool:
    return name.endswith(".py") and (name.startswith("test") or name.endswith("_test.py"))


def _mentions_pytest(files: Mapping[str, str]) -> bool:
    return any(_names_pytest(path, text) for path, text in files.items())


def _names_pytest(path: str, text: str) -> bool:
    name = PurePosixPath(path).name
    if name in _PYTEST_FILES or name == "conftest.py":
        return True
    patterns = [
        pattern
        for applies, pattern in (
            (path in _PYTEST_SECTIONS, _PYTEST_SECTIONS.get(path)),
            (name.startswith("requirements"), _PYTEST_ITSELF),
            (path == "pyproject.toml", _QUOTED_PYTEST),
            (name.endswith(".py"), _IMPORTS_PYTEST),
        )
        if applies and pattern is not None
    ]
    return any(pattern.search(text) for pattern in patterns)
