"""The checklist: one file an item, each a pure function from the view of the code to a verdict."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evals.code.view import CodeView
    from evals.verdict import CheckResult


def judge(view: "CodeView") -> "tuple[CheckResult, ...]":
    """The verdict of every item on one view, in a fixed order."""
    from evals.checklist.registry import judge as by_all

    return by_all(view)
