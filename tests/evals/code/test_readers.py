"""Hostile and broken sources: read as far as possible, never run, never a crash."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.checklist import judge
from evals.code import nodes as n
from evals.code.view import build_view

PATHS = ("a.py", "a.js", "a.ts", "a.go", "A.java")
DEEP = {
    "a.py": "x = " + "(" * 80 + "1" + ")" * 80 + "\ny = a" + ".b" * 5000,
    "a.js": "x = " + "[" * 3000 + "]" * 3000,
    "a.ts": "type A = " + "{a: " * 2000 + "1" + "}" * 2000,
    "a.go": "package a\nfunc f() {" + "if x {" * 2000 + "}" * 2000 + "}",
    "A.java": "class A { int x = " + "(" * 3000 + "1" + ")" * 3000 + "; }",
}


@pytest.mark.parametrize("path", PATHS)
def test_nesting_without_end_is_left_out_and_said(path: str) -> None:
    view = build_view({path: DEEP[path]})
    assert view.modules[0].problem or view.modules[0].cut
    assert all(result.evidence for result in judge(view))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "q = " + " + ".join(["'a'"] * 3000)),
        ("a.js", "q = " + " + ".join(["'a'"] * 3000)),
        ("a.go", "package a\nvar q = " + " + ".join(['"a"'] * 3000)),
    ],
)
def test_long_chains_are_flat(path: str, text: str) -> None:
    module = build_view({path: text}).modules[0]
    texts = [item for item in n.inside(module) if isinstance(item, n.Text)]
    if path == "a.py" and module.problem:  # the parser of this Python itself gives up
        assert "deeply" in module.problem
    else:
        assert len(texts) == 1
        assert len(texts[0].parts) == 3000


@pytest.mark.parametrize("path", PATHS)
@given(text=st.text(alphabet="(){}[]<>;:,.='\"`$@#abc \n\t\\0\0\u2028é", max_size=300))
def test_no_text_makes_a_reader_fail(path: str, text: str) -> None:
    results = judge(build_view({path: text}))
    assert all(result.evidence for result in results)


def test_nothing_is_imported_or_run(tmp_path: object) -> None:
    trap = "import sys\nsys.modules['trapped'] = 1\nraise SystemExit(1)\n"
    judge(build_view({"trap.py": trap, "b.py": "import trap\n"}))
    import sys

    assert "trapped" not in sys.modules
