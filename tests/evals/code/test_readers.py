"""Hostile and broken sources: read as far as possible, never run, never a crash."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.checklist import judge
from evals.code import nodes as n
from evals.code.view import build_view

PATHS = ("a.py", "a.js", "a.ts", "a.go", "A.java", "a.rs")
DEEP = {
    "a.py": "x = " + "(" * 80 + "1" + ")" * 80 + "\ny = a" + ".b" * 5000,
    "a.js": "x = " + "[" * 3000 + "]" * 3000,
    "a.ts": "type A = " + "{a: " * 2000 + "1" + "}" * 2000,
    "a.go": "package a\nfunc f() {" + "if x {" * 2000 + "}" * 2000 + "}",
    "A.java": "class A { int x = " + "(" * 3000 + "1" + ")" * 3000 + "; }",
    "a.rs": "fn f() { let x = " + "(" * 3000 + "1" + ")" * 3000 + "; }",
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


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "def f(x):\n match x:\n" + "".join(f"  case {i}:\n   y = {i}\n" for i in range(600))),
        ("a.js", "switch (x) {" + "".join(f"case {i}: y = {i}; break;" for i in range(600)) + "}"),
        (
            "a.go",
            "package a\nfunc f() { switch x {" + "".join(f"\ncase {i}: y()" for i in range(600)) + "} }",
        ),
        ("a.rs", "fn f() { match x {" + "".join(f" {i} => y()," for i in range(600)) + "} }"),
    ],
)
def test_a_switch_may_have_any_number_of_cases(path: str, text: str) -> None:
    view = build_view({path: text})
    assert len(n.only(view.modules[0], n.If)) == 600
    assert all(result.evidence for result in judge(view))


@pytest.mark.parametrize("path", PATHS)
@settings(deadline=None)  # the first text of a language loads its grammar
@given(text=st.text(alphabet="(){}[]<>;:,.='\"`$@#abc \n\t\\0\0\u2028é", max_size=300))
def test_no_text_makes_a_reader_fail(path: str, text: str) -> None:
    results = judge(build_view({path: text}))
    assert all(result.evidence for result in results)


def test_nothing_is_imported_or_run(tmp_path: object) -> None:
    trap = "import sys\nsys.modules['trapped'] = 1\nraise SystemExit(1)\n"
    judge(build_view({"trap.py": trap, "b.py": "import trap\n"}))
    import sys

    assert "trapped" not in sys.modules


RUST = """
use axum::{routing::get, Json as J};
#[derive(Validate)]
struct New { #[validate(length(min = 1))] name: String }
impl Store {
    async fn make(&self, Path((a, b)): Path<(i32, i32)>, Json(new): Json<New>) -> Result<Json<User>, Error> {
        let Some(user) = self.find(a).await? else { return Err(Error::Missing) };
        let key = match env::var("KEY") { Ok(v) => v, Err(_) => { warn!("none"); "dev".to_string() } };
        let text = format!("a {} {b:>4} {c} {{}}", a.x, c = n as i64);
        Ok(Json(user))
    }
}
#[cfg(test)]
mod tests { fn hidden() {} }
"""


def test_rust_is_read_to_the_same_nodes() -> None:
    module = build_view({"src/lib.rs": RUST}).modules[0]
    assert not module.problem
    assert not module.cut
    imports = [(i.module, i.names) for i in n.only(module, n.Import)]
    assert imports == [("axum.routing", (("get", "get"),)), ("axum", (("Json", "J"),))]
    function = n.only(module, n.Function)[0]
    assert (function.name, function.owner, function.is_async) == ("make", "Store", True)
    assert [(p.name, n.last(p.annotation)) for p in function.params] == [
        ("a", "Path"), ("b", "Path"), ("new", "Json"),
    ]  # fmt: skip
    given = {n.dotted(a.targets[0]): a.value for a in n.only(function, n.Assign)}
    assert {"user", "v", "key", "text"} == given.keys()
    assert n.dotted(given["key"]) == "?.to_string"  # the last branch's value
    text = given["text"]
    assert isinstance(text, n.Text)
    assert [n.dotted(p) if not isinstance(p, n.Const) else p.value for p in text.parts] == [
        "a ", "a.x", " ", "b", " ", "int", " {", "}",
    ]  # fmt: skip
    returns = [n.dotted(r.value) for r in n.only(function, n.Return)]
    assert returns == ["Err", "Ok"]
    assert "hidden" not in {f.name for f in n.only(module, n.Function)}


def test_a_chain_of_methods_is_not_as_deep_as_it_is_long() -> None:
    text = "fn r() -> Router { Router::new()" + "".join(f'.route("/{i}", get(h))' for i in range(80)) + " }"
    view = build_view({"src/main.rs": text})
    assert len(view.routes) == 80
    assert not view.modules[0].cut
