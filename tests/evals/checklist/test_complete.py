"""A submission that imports what it does not contain is told so, by file and line; odd layouts are not."""

import pytest

from evals.checklist.complete import check
from evals.code.view import build_view
from evals.verdict import Verdict

# The shape of an answer that looks whole and is not: a router and its helpers, without what both stand on.
HALF = {
    "service/http/orders.py": (
        "import os\n"
        "from decimal import Decimal\n\n"
        "from fastapi import APIRouter, Depends\n\n"
        "from ..storage import session\n"
        "from ..entities.order import Order\n"
        "from ..kernel.tokens import read_token\n"
    ),
    "service/kernel/tokens.py": "import jwt\n\n\ndef read_token(raw):\n    return jwt.decode(raw)\n",
    "checks/test_orders.py": "from fastapi.testclient import TestClient\nfrom ..entry import app\n",
}


Files = dict[str, str]


def places(files: Files, installed: frozenset[str] | None = None) -> tuple[Verdict, list[tuple[str, int]]]:
    result = check(build_view(files, installed=installed))
    return result.verdict, [(e.path, e.line) for e in result.evidence if e.path]


def test_missing_modules_are_named_by_file_and_line() -> None:
    result = check(build_view(HALF))
    assert result.verdict is Verdict.FAIL
    assert [(e.path, e.line) for e in result.evidence] == [
        ("checks/test_orders.py", 2),
        ("service/http/orders.py", 6),
        ("service/http/orders.py", 7),
    ]
    text = " ".join(e.message for e in result.evidence)
    assert "..storage" in text
    assert "..entities.order" in text
    assert "..entry" in text


def test_the_same_submission_with_its_modules_passes() -> None:
    whole = {
        **HALF,
        "service/storage.py": "def session(): ...\n",
        "service/entities/order.py": "class Order: ...\n",
        "entry.py": "app = object()\n",
    }
    assert check(build_view(whole)).verdict is Verdict.PASS


@pytest.mark.parametrize(
    "files",
    [
        {
            "src/shop/__init__.py": "",
            "src/shop/db.py": "x = 1\n",
            "tests/test_a.py": "from shop.db import x\n",
        },
        {"app/main.py": "from app.db import x\n", "app/db.py": "x = 1\n"},
        {"backend/api/run.py": "from core import x\n", "backend/core.py": "x = 1\n"},
        {
            "conftest.py": "import sys\nsys.path.insert(0, 'x')\n",
            "x/deep/mod.py": "y = 1\n",
            "t.py": "import mod\n",
        },
        {"a.py": "try:\n    from fast import x\nexcept ImportError:\n    x = None\n"},
        {"a.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ghost import X\n"},
        {"p/__init__.py": "from .m import *\n", "p/m.py": "x = 1\n", "a.py": "from p import x\n"},
        {"p/__init__.py": "def __getattr__(n): ...\n", "a.py": "from p import anything\n"},
        {"p/m.py": "x = 1\n", "a.py": "from p import m\n"},
        {"a.py": "import numpy, os.path\nfrom collections.abc import Iterator\n"},
    ],
)
def test_layouts_that_work_are_not_called_missing(files: Files) -> None:
    assert check(build_view(files)).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({"p/__init__.py": "", "p/m.py": "x = 1\n", "a.py": "from p.m import y\n"}, 1),
        ({"p/__init__.py": "", "a.py": "import os\nfrom p.gone import y\n"}, 2),
        ({"a.py": "from app.db import get_db\n"}, 1),
        ({"a.py": "from .b import c\n"}, 1),
        ({"a.js": "const b = require('./b');\n"}, 1),
        ({"a.ts": "\nimport { b } from '../b';\n", "b.py": ""}, 0),
        ({"src/a.ts": "\nimport { b } from './lib/b.js';\n"}, 2),
        ({"go.mod": "module shop\n", "main.go": 'package main\n\nimport "shop/store"\n'}, 3),
    ],
)
def test_what_is_missing_is_found_in_every_language(files: Files, line: int) -> None:
    verdict, found = places(files)
    if line:
        assert verdict is Verdict.FAIL
        assert [at for _, at in found] == [line]
    else:
        assert verdict is Verdict.PASS


def test_third_party_modules_are_judged_only_where_the_environment_is_known() -> None:
    files = {"a.py": "import httpx\nimport orders_core\n"}
    assert places(files)[0] is Verdict.PASS
    assert places(files, installed=frozenset({"httpx"})) == (Verdict.FAIL, [("a.py", 2)])


@pytest.mark.parametrize("text", ["def f(:\n", "x = 'a\n", "\0", "print 1\n"])
def test_a_file_that_does_not_parse_fails(text: str) -> None:
    assert places({"a.py": text})[0] is Verdict.FAIL


@pytest.mark.parametrize(
    "text", ["x = " + "-" * 5000 + "1", "a" + ".b" * 20000, "x = " + "[" * 150 + "]" * 150]
)
def test_hostile_nesting_is_inconclusive_or_harmless(text: str) -> None:
    assert places({"a.py": text})[0] is not Verdict.FAIL


def test_nothing_to_judge() -> None:
    assert places({"README.md": "# hello"})[0] is Verdict.NOT_APPLICABLE
