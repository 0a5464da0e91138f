"""Answers for tests of probes, and a server that gives them."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from socketserver import UnixStreamServer
from tempfile import TemporaryDirectory
from threading import Thread
from urllib.parse import parse_qsl, unquote, urlsplit

from evals.probes.client import Answer, Ask, Client


def answer(status: int, body: object) -> Answer:
    return Answer(status, {}, (body if isinstance(body, str) else json.dumps(body)).encode())


@contextmanager
def answering(reply: Callable[[Ask], Answer]) -> Iterator[Client]:
    """A client of a server on a Unix socket that answers by a function."""

    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65536)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            url = urlsplit(self.path)
            query = tuple(parse_qsl(url.query, keep_blank_values=True))
            said = reply(Ask(self.command, unquote(url.path), query))
            headers = {**said.headers, "content-length": str(len(said.body))}
            lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            self.wfile.write(f"HTTP/1.1 {said.status} X\r\n{lines}\r\n".encode())
            self.wfile.write(said.body)
            self.close_connection = True

    with TemporaryDirectory() as folder:
        place = f"{folder}/http.sock"
        with UnixStreamServer(place, Handler) as server:
            thread = Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            client = Client(place, 30)
            try:
                yield client
            finally:
                client.close()
                server.shutdown()
                thread.join()
