"""Answers and tasks for tests of the whole street: small, of our own writing, in the FILE-block format."""

TASK = """\
task: "Build a tiny greeting library"
requirements:
  - greet(name) returns a greeting
framework: "FastAPI"
limits:
  seconds: 30
"""

CODE = 'def greet(name: str) -> str:\n    return f"hello {name}"\n'
TEST = (
    "import pytest\n\nfrom greeting import greet\n\n\n"
    'def test_greet():\n    assert greet("ada") == "hello ada"\n\n\n'
    "def test_greet_needs_a_name():\n    with pytest.raises(TypeError):\n        greet()\n"
)


def answer(files: dict[str, str], rest: str = "") -> str:
    blocks = [f"FILE: {path}\n---\n{text.rstrip(chr(10))}\n---\n" for path, text in files.items()]
    return "\n".join(blocks) + "\nDEPENDENCIES:\npytest\n" + rest


GOOD = answer({"greeting.py": CODE, "tests/test_greeting.py": TEST})
BROKEN_TEST = answer(
    {"greeting.py": CODE, "tests/test_greeting.py": TEST.replace('== "hello ada"', '== "hi ada"')}
)
ENDLESS = answer(
    {"greeting.py": "def greet(name):\n    while True:\n        pass\n", "tests/test_greeting.py": TEST}
)

# The shape of many real answers: a router that imports a database, a model and a main module that it never sends.
MODULES_MISSING = answer(
    {
        "src/api/items.py": (
            "import os\n\nfrom fastapi import APIRouter, Depends\n\n"
            "from ..database import get_session\nfrom ..models.item import Item\n"
            "from ..core.tokens import read_token\n\n"
            'TOKEN_KEY = os.environ["TOKEN_KEY"]\nrouter = APIRouter(prefix="/items")\n\n\n'
            '@router.get("/")\ndef items(session=Depends(get_session)):\n    return session.query(Item).all()\n'
        ),
        "src/core/tokens.py": "def read_token(text: str) -> str:\n    return text\n",
        "tests/test_items.py": (
            "from fastapi.testclient import TestClient\n\nfrom ..main import app\n\nclient = TestClient(app)\n\n\n"
            'def test_items():\n    assert client.get("/items/").status_code == 200\n'
        ),
    },
    "\nENV_VARS:\nTOKEN_KEY=your-key-here\nDATABASE_URL=postgresql://user:pass@localhost/db\n",
).replace("DEPENDENCIES:\npytest", "DEPENDENCIES:\npip install fastapi httpx pytest")
