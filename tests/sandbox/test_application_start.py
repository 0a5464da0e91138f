"""How an application is started, read from its files alone."""

import pytest

from sandbox.application.start import PORT, Start, find_start

UVICORN = f"python -m uvicorn --host 127.0.0.1 --port {PORT} "
FLASK = f"python -m flask --app {{}} run --port {PORT}"
FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n"
FACTORY = "from flask import Flask\ndef create_app(config=None):\n    app = Flask(__name__)\n    return app\n"
CASES = {
    "the task's word": ("python", {"main.py": FASTAPI}, "make serve", "make serve"),
    "a Procfile": (
        "python",
        {"Procfile": "release: x\nweb: gunicorn app:app\n", "app.py": ""},
        "",
        "gunicorn app:app",
    ),
    "an ASGI object": (
        "python",
        {"app/main.py": FASTAPI, "app/__init__.py": ""},
        "",
        UVICORN + "app.main:app",
    ),
    "src layout": ("python", {"src/shop/api.py": FASTAPI}, "", UVICORN + "shop.api:app"),
    "not the tests' object": (
        "python",
        {"tests/fake.py": FASTAPI, "server.py": FASTAPI},
        "",
        UVICORN + "server:app",
    ),
    "a factory that returns it": (
        "python",
        {
            "app/__init__.py": "from flask import Flask\n"
            "def create_app(c=None):\n    app = Flask(__name__)\n    return app\n"
        },
        "",
        FLASK.format("app:create_app()"),
    ),
    "an object that a factory made": (
        "python",
        {
            "app/__init__.py": FACTORY,
            "wsgi.py": "from flask import Flask\nfrom app import create_app\napplication = create_app()\n",
        },
        "",
        FLASK.format("wsgi:application"),
    ),
    "an ASGI factory": (
        "python",
        {"api.py": "from fastapi import FastAPI\ndef build():\n    return FastAPI()\n"},
        "",
        f"python -m uvicorn --factory --host 127.0.0.1 --port {PORT} api:build",
    ),
    "django": ("python", {"manage.py": "", "shop/settings.py": ""}, "", "python manage.py runserver"),
    "a script": (
        "python",
        {"serve.py": "import web\nif __name__ == '__main__':\n    web.run_app(app)\n"},
        "",
        "python serve.py",
    ),
    "nothing to start": ("python", {"lib.py": "x = 1\n"}, "", "no application object"),
    "a file that does not parse": ("python", {"lib.py": "def (:\n"}, "", "no application object"),
    "npm start": (
        "node",
        {"package.json": '{"scripts": {"start": "node src/x.js"}, "main": "y.js"}'},
        "",
        "npm start",
    ),
    "main": ("node", {"package.json": '{"main": "./lib/a.js"}', "lib/a.js": ""}, "", "node lib/a.js"),
    "TypeScript": ("node", {"package.json": "{}", "src/server.ts": ""}, "", "tsx src/server.ts"),
    "a hostile manifest": (
        "node",
        {"package.json": '{"scripts": ["x"], "main": 7}'},
        "",
        "package.json has no start",
    ),
    "deep JSON": ("node", {"package.json": "[" * 100_000}, "", "package.json cannot be read"),
    "go": ("go", {"main.go": "package main\n", "go.mod": ""}, "", "go run ."),
    "go below cmd": (
        "go",
        {
            "cmd/tool/main.go": "package main\n",
            "cmd/server/main.go": "package main\n",
            "a/a.go": "package a\n",
        },
        "",
        "go run ./cmd/server",
    ),
    "go's library": ("go", {"a.go": "package a\n"}, "", "no package main"),
    "cargo": ("rust", {"src/main.rs": ""}, "", "cargo run"),
    "cargo's server among bins": (
        "rust",
        {"src/bin/api.rs": "", "src/bin/a.rs": ""},
        "",
        "cargo run --bin api",
    ),
    "rackup": ("ruby", {"config.ru": ""}, "", "rackup"),
    "java": ("java", {"pom.xml": ""}, "", "applications in Java are not started here"),
    "an unknown language": ("cobol", {}, "", "how a cobol application is started"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_command_that_starts_it(case: str) -> None:
    toolchain, files, by_task, shown = CASES[case]
    start = find_start(files, toolchain, by_task)
    if isinstance(start, Start):
        assert start.shown == shown
    else:
        assert start.startswith(shown)


def test_what_is_only_there_once_built_is_built_first() -> None:
    manifest = '{"scripts": {"start": "node dist/main", "build": "tsc -p ."}}'
    start = find_start({"package.json": manifest, "src/main.ts": ""}, "node")
    assert isinstance(start, Start)
    assert start.argv[-1].endswith("(tsc -p .) && node dist/main")
