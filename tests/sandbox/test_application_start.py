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
    "cargo": ("rust", {"Cargo.toml": '[package]\nname = "x"\n', "src/main.rs": ""}, "", "cargo run"),
    "cargo's server among bins": (
        "rust",
        {"Cargo.toml": '[package]\nname = "x"\n', "src/bin/api.rs": "", "src/bin/a.rs": ""},
        "",
        "cargo run --bin api",
    ),
    "rackup": ("ruby", {"config.ru": ""}, "", "rackup"),
    "a manifest that cannot be read": (
        "rust",
        {"Cargo.toml": "[package", "src/main.rs": ""},
        "",
        "no package has",
    ),
    "cargo's default": (
        "rust",
        {
            "Cargo.toml": '[package]\nname = "shop"\ndefault-run = "b"\n',
            "src/main.rs": "",
            "src/bin/b/main.rs": "",
        },
        "",
        "cargo run --bin b",
    ),
    "a program of a workspace": (
        "rust",
        {
            "Cargo.toml": '[workspace]\nmembers = ["core", "web"]\n',
            "core/Cargo.toml": '[package]\nname = "core"\n',
            "core/src/lib.rs": "",
            "web/Cargo.toml": '[package]\nname = "web"\n',
            "web/src/main.rs": "",
        },
        "",
        "cargo run",
    ),
    "a main class": (
        "java",
        {
            "pom.xml": "",
            "src/main/java/x/Tool.java": "package x; class Tool { public static void main(String[] a) {} }",
            "src/main/java/x/Main.java": "package x; class Main { public static void main(String[] a) {} }",
            "src/test/java/x/AMain.java": "package x; class AMain { public static void main(String[] a) {} }",
        },
        "",
        "java x.Main",
    ),
    "Spring Boot's main class": (
        "java",
        {
            "pom.xml": "",
            "src/main/java/Main.java": "class Main { public static void main(String[] a) {} }",
            "src/main/java/x/Shop.java": "package x;\n@SpringBootApplication\n"
            "class Shop { public static void main(String[] a) {} }",
        },
        "",
        "java x.Shop",
    ),
    "no main class": ("java", {"pom.xml": ""}, "", "no class below src/main/java/ has a main"),
    "no pom": ("java", {"build.gradle": ""}, "", "only Maven projects are started"),
    "a script of Ruby that listens": (
        "ruby",
        {"server.rb": "require 'socket'\nTCPServer.new(80)\n"},
        "",
        "ruby server.rb",
    ),
    "bottle": (
        "python",
        {"app.py": "import bottle\napp = bottle.Bottle()\n"},
        "",
        "wsgiref app:app",
    ),
    "the file that listens": (
        "node",
        {"package.json": "{}", "index.js": "module.exports = 1", "src/app.js": "app.listen(1)"},
        "",
        "node src/app.js",
    ),
    "TypeScript by its compiler": (
        "node",
        {
            "package.json": '{"devDependencies": {"typescript": "5"}}',
            "tsconfig.json": "{}",
            "src/server.ts": "app.listen(1)",
        },
        "",
        "tsc, node src/server.ts",
    ),
    "TypeScript by ts-node": (
        "node",
        {"package.json": '{"devDependencies": {"ts-node": "10"}}', "server.ts": "app.listen(1)"},
        "",
        "ts-node server.ts",
    ),
    "npm run dev where nothing else is": (
        "node",
        {"package.json": '{"scripts": {"dev": "tsx watch lib/x.ts"}}'},
        "",
        "npm run dev",
    ),
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
