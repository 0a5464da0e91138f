"""Runs inside the sandbox: knows what the test machinery looked like before any code of the project ran."""

import contextlib
import importlib
import operator
import os
from collections.abc import Callable
from typing import Any

# As they are now; what the project puts in their place later is not asked.
_all, _map, _is, _code_of = all, map, operator.is_, operator.attrgetter("__code__")


class Guard:
    """What the test machinery was like when this was made, and what of it the project changed.

    To be made before any of the project's code runs, and told then the ``folder`` of the project.
    """

    _MODULES = (
        "_pytest.runner",
        "_pytest.reports",
        "_pytest.python",
        "_pytest.main",
        "_pytest.nodes",
        "_pytest.unittest",
        "_pytest.outcomes",
        "_pytest.python_api",
        "_pytest.raises",
        "_pytest.recwarn",
        "_pytest.assertion.rewrite",
        "_pytest.assertion.util",
        "_pytest.config",
        "_pytest.fixtures",
        "_pytest.skipping",
        "pluggy._callers",
        "pluggy._hooks",
        "pluggy._manager",
        "pluggy._result",
        "unittest.case",
        "builtins",
        "backsmith_witness",
        "backsmith_guard",
        "__main__",
        "backsmith_pytest",  # in a zygote's child, which is not started as one
        "unittest.suite",
        "unittest.runner",
        "unittest.result",
    )
    # Hooks by which a project could decide what a test's outcome is. Others (options, fixtures, markers) are free.
    _HOOKS = (
        "pytest_pyfunc_call",
        "pytest_runtestloop",
        "pytest_runtest_protocol",
        "pytest_runtest_call",
        "pytest_runtest_setup",
        "pytest_runtest_makereport",
        "pytest_runtest_logreport",
        "pytest_report_teststatus",
        "pytest_pycollect_makeitem",
        "pytest_exception_interact",
        "pytest_assertion_pass",
        "pytest_cmdline_main",
    )
    # Setting a test up is everyday work for a project's hook; it is looked at only where it replaces the call.
    _FREE = ("pytest_runtest_setup", "pytest_exception_interact")

    def __init__(self) -> None:
        self.folder = ""
        self._holders: list[Holder] = []
        self._told: set[str] = set()
        for name in self._MODULES:
            with contextlib.suppress(ImportError):  # not every version of pytest has every module
                self._remember(importlib.import_module(name), name)

    def _remember(self, holder: object, module: str) -> None:
        found = {}
        for name, value in list(vars(holder).items()):
            if module == "builtins" and name == "_":
                continue
            if (
                isinstance(value, type)
                and getattr(value, "__module__", None) == module
                and module != "builtins"
            ):
                self._remember(value, module)
            if callable(value) or isinstance(value, (classmethod, staticmethod, property)):
                found[name] = value
        if found:
            self._holders.append(Holder(holder, found))

    def changes(self) -> list[str]:
        """What the project changed since the last look, in words."""
        # A plugin of the environment may patch pytest: that is its business and not the project's.
        return [
            f"{holder.name}.{name} was replaced"
            for holder in self._holders
            if not holder.is_as_it_was()
            for name, now in holder.news()
            if self._is_foreign(now)
        ]

    @property
    def _place(self) -> str:
        return self.folder + os.sep

    def _is_foreign(self, value: object) -> bool:
        inner = getattr(value, "__func__", value)
        code = getattr(inner, "__code__", None)
        if code is None:
            return True
        return code.co_filename.startswith((self._place, "<")) or not code.co_filename.startswith("/")

    def hooks(self, manager: Any) -> list[str]:
        """Hooks of the project's own that could decide outcomes, each told once."""
        found = []
        for name in self._HOOKS:
            if name in self._FREE:
                continue
            caller = getattr(manager.hook, name, None)
            for implementation in caller.get_hookimpls() if caller is not None else ():
                code = getattr(implementation.function, "__code__", None)
                place = code.co_filename if code is not None else "?"
                if place.startswith((self._place, "<")) or code is None:
                    found.append(f"{place.removeprefix(self._place)} defines {name}")
        fresh = [what for what in found if what not in self._told]
        self._told.update(fresh)
        return fresh


class Holder:
    """A module or class, and what some of its names stood for when we looked last."""

    def __init__(self, holder: object, values: "dict[str, Any]") -> None:
        self.name = getattr(holder, "__qualname__", None) or getattr(holder, "__name__", "")
        self._names = vars(holder)  # a live view
        self._values = values
        self._codes = {
            name: value.__code__
            for name, value in values.items()
            if getattr(value, "__code__", None) is not None
        }
        self._whole()

    def _whole(self) -> None:
        """What ``is_as_it_was`` needs, so that it takes no step of Python's for each name."""
        names = tuple(self._values)
        self._get: Callable[[Any], Any] = operator.itemgetter(*names, names[0])  # a tuple also of one name
        self._got = self._get(self._values)
        self._functions = tuple(self._values[name] for name in self._codes)
        self._their_codes = tuple(self._codes.values())

    def is_as_it_was(self) -> bool:
        """Whether every name stands for the same thing with the same code; asked after each test."""
        try:
            now = self._get(self._names)
            same = _all(_map(_is, now, self._got))
            return same and _all(_map(_is, _map(_code_of, self._functions), self._their_codes))
        except (KeyError, AttributeError):
            return False

    def news(self) -> "list[tuple[str, Any]]":
        """Each name that changed, with what it stands for now (None for nothing), which is what is held from now on."""
        found = []
        for name, value in self._values.items():
            now = self._names.get(name)
            code = getattr(now, "__code__", None)
            if now is not value or code is not self._codes.get(name):
                found.append((name, now, code))
        for name, now, code in found:
            self._values[name] = now
            self._codes.pop(name, None)
            if code is not None:
                self._codes[name] = code
        self._whole()
        return [(name, now) for name, now, _ in found]
