"""Small applications in every language are started for real, as their files say, and asked."""

import shutil

import pytest

from prompts.task import Limits
from sandbox.application.serving import Application
from sandbox.environments.maven import java_problem
from sandbox.environments.rust import rust_problem
from sandbox.trial import Laboratory, Project
from tests.isolations import working_bubblewrap
from tests.sandbox.test_application import ask
from tests.sandbox.test_java import POM

JAVA = """package shop;

import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;

public class Main {
    public static void main(String[] arguments) throws Exception {
        int port = Integer.parseInt(System.getenv("PORT"));
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.createContext("/", exchange -> {
            byte[] text = "java".getBytes();
            exchange.sendResponseHeaders(200, text.length);
            exchange.getResponseBody().write(text);
            exchange.close();
        });
        server.start();
    }
}
"""
RUST = """use std::io::{Read, Write};

fn main() {
    let listener = std::net::TcpListener::bind("127.0.0.1:39017").unwrap();
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\\r\\ncontent-length: 4\\r\\nconnection: close\\r\\n\\r\\nrust");
    }
}
"""
GO = """package main

import (
	"net"
	"os"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		panic(err)
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		connection.Read(make([]byte, 1024))
		connection.Write([]byte("HTTP/1.1 200 OK\\r\\nconnection: close\\r\\n\\r\\ngo"))
		connection.Close()
	}
}
"""
RUBY = """require 'webrick'

server = WEBrick::HTTPServer.new(Port: Integer(ENV.fetch('PORT')), BindAddress: '127.0.0.1')
server.mount_proc('/') { |_, response| response.body = 'ruby' }
server.start
"""
NODE = "require('http').createServer((_, answer) => answer.end('node')).listen(Number(process.env.PORT) || 3000);\n"
TYPESCRIPT = (
    "import * as http from 'http';\n\nconst port: number = Number(process.env.PORT);\n"
    "http.createServer((_: http.IncomingMessage, answer: http.ServerResponse) => { answer.end('typescript'); })"
    ".listen(port);\n"
)
FASTAPI = (
    "from fastapi import FastAPI\nfrom fastapi.responses import PlainTextResponse\n\n\n"
    "def build() -> FastAPI:\n    api = FastAPI()\n\n    @api.get('/', response_class=PlainTextResponse)\n"
    "    def root():\n        return 'fastapi'\n\n    return api\n"
)
FLASK = (
    "from flask import Flask\n\n\ndef create_app(config=None):\n    app = Flask(__name__)\n"
    "    app.add_url_rule('/', view_func=lambda: 'flask')\n    return app\n"
)
BOTTLE = "import bottle\n\napp = bottle.Bottle()\napp.route('/', callback=lambda: 'bottle')\n"
DJANGO = """import sys

from django.conf import settings
from django.http import HttpResponse
from django.urls import path

settings.configure(
    DEBUG=True, ROOT_URLCONF=__name__, SECRET_KEY="x", ALLOWED_HOSTS=["*"], INSTALLED_APPS=[], DATABASES={}
)
urlpatterns = [path("", lambda request: HttpResponse("django"))]

if __name__ == "__main__":
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
"""
# One environment for all of them; the server that FastAPI needs is not named.
PACKAGES = "bottle\ndjango\nfastapi\nflask\n"
JSON = '{"name": "x", "version": "1.0.0", %s}'
APPLICATIONS = {
    "java": {"pom.xml": POM, "src/main/java/shop/Main.java": JAVA},
    "rust": {
        "Cargo.toml": '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n',
        "src/main.rs": RUST,
    },
    "go": {"go.mod": "module shop\n\ngo 1.21\n", "cmd/server/main.go": GO},
    "ruby": {"server.rb": RUBY},
    "node": {"package.json": JSON % '"scripts": {"start": "node src/index.js"}', "src/index.js": NODE},
    "typescript": {
        "package.json": JSON % '"devDependencies": {"typescript": "^5", "@types/node": "^20"}',
        "tsconfig.json": '{"compilerOptions": {"target": "es2020", "module": "commonjs"}, "include": ["src"]}',
        "src/server.ts": TYPESCRIPT,
    },
    "fastapi": {"requirements.txt": PACKAGES, "src/shop/api.py": FASTAPI, "src/shop/__init__.py": ""},
    "flask": {"requirements.txt": PACKAGES, "app/__init__.py": FLASK},
    "bottle": {"requirements.txt": PACKAGES, "server.py": BOTTLE},
    "django": {"requirements.txt": PACKAGES, "manage.py": DJANGO},
}
LACKING = {
    "java": java_problem(),
    "rust": rust_problem(),
    "go": "" if shutil.which("go") else "go not found",
    "ruby": "" if shutil.which("ruby") else "ruby not found",
    "node": "" if shutil.which("npm") else "npm not found",
    "typescript": "" if shutil.which("npm") else "npm not found",
}


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.parametrize("name", APPLICATIONS)
async def test_it_is_started_as_its_files_say(name: str) -> None:
    isolation = working_bubblewrap(LACKING.get(name, ""))
    project = Project(APPLICATIONS[name], limits=Limits(seconds=120))
    async with Laboratory(isolation) as laboratory, laboratory.serve(project, 120) as application:
        assert isinstance(application, Application), application.reason
        assert await ask(application) == name
