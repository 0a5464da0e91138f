"""Which endpoints a change touches."""

import pytest

from evals.code.view import build_view
from evals.touched import touched_endpoints
from prompts.task import Task

FASTAPI = {
    "app/main.py": """\
from fastapi import Depends, FastAPI
from app.models import Book, LIMIT
from app.store import save, find
from app.auth import user

app = FastAPI()


@app.post("/books")
def create(book: Book, who=Depends(user)):
    return save(book, who)


@app.get("/books/{id}")
def one(id: int):
    return find(id)


@app.get("/limit")
def limit():
    return {"limit": LIMIT}
""",
    "app/models.py": "from pydantic import BaseModel\n\nLIMIT = 5\n\n\nclass Book(BaseModel):\n    title: str\n",
    "app/store.py": "BOOKS = {}\n\n\ndef save(book, who):\n    BOOKS[1] = book\n    return book\n\n\n"
    "def find(id):\n    return BOOKS[id]\n",
    "app/auth.py": "def user(token: str = ''):\n    return token\n",
}
EXPRESS = {
    "src/app.js": """\
const express = require('express');
const { add } = require('./store');
const app = express();
app.get('/health', (req, res) => res.json({ ok: true }));
app.post('/items', (req, res) => {
  res.status(201).json(add(req.body));
});
""",
    "src/store.js": "const items = [];\nfunction add(item) {\n  items.push(item);\n  return item;\n}\n"
    "module.exports = { add };\n",
}


@pytest.mark.parametrize(
    ("path", "line", "touched"),
    [
        ("app/main.py", 10, {("POST", "/books")}),
        ("app/main.py", 15, {("GET", "/books/{}")}),
        ("app/store.py", 5, {("POST", "/books")}),
        ("app/store.py", 9, {("GET", "/books/{}")}),
        ("app/models.py", 7, {("POST", "/books")}),
        ("app/models.py", 3, {("GET", "/limit")}),
        ("app/auth.py", 2, {("POST", "/books")}),
        ("app/main.py", 6, {("POST", "/books"), ("GET", "/books/{}"), ("GET", "/limit")}),
        ("app/main.py", 12, set()),
        ("README.md", 1, set()),
    ],
)
def test_a_line_touches_the_endpoints_that_reach_it(
    path: str, line: int, touched: set[tuple[str, str]]
) -> None:
    assert touched_endpoints(build_view(FASTAPI), {path: frozenset({line})}) == touched


def test_express_too() -> None:
    view = build_view(EXPRESS)
    assert touched_endpoints(view, {"src/store.js": frozenset({3})}) == {("POST", "/items")}
    assert touched_endpoints(view, {"src/app.js": frozenset({4})}) == {("GET", "/health")}


def test_a_handler_that_is_not_read_is_touched_by_its_whole_file() -> None:
    files = {
        "src/main.rs": 'fn app() -> Router {\n    Router::new().route("/a", get(a))\n}\n\n'
        "async fn a() -> u8 {\n    1\n}\n"
    }
    assert touched_endpoints(build_view(files), {"src/main.rs": frozenset({6})}) == {("GET", "/a")}


def test_what_the_task_names_is_touched() -> None:
    task = Task(
        task="Limits", framework="FastAPI", requirements=("GET /books/{book_id} - at most 5 a second",)
    )
    assert touched_endpoints(build_view(FASTAPI, task=task), {}) == {("GET", "/books/{}")}
