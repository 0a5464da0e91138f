"""Applications are started for real and asked through their socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from prompts.task import Limits
from sandbox.application.serving import Application, NotServed
from sandbox.isolation.protocol import Isolation
from sandbox.trial import Laboratory, Project

SERVER = """
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"port %d" % PORT)
PORT = {port}
{before}
http.server.HTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
"""
LIMITS = Limits(seconds=20)


@asynccontextmanager
async def served(
    files: dict[str, str], isolation: Isolation, start: str = "python3 server.py"
) -> AsyncIterator[Application | NotServed]:
    project = Project(files, start=start, limits=LIMITS)
    async with Laboratory(isolation) as laboratory, laboratory.serve(project, 20) as application:
        yield application


async def ask(application: Application) -> str:
    reader, writer = await asyncio.open_unix_connection(application.socket)
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    answer = (await asyncio.wait_for(reader.read(), 5)).decode()
    writer.close()
    return answer.rpartition("\r\n\r\n")[2]


async def test_it_answers_on_the_port_it_was_told(any_isolation: Isolation) -> None:
    files = {"server.py": SERVER.format(port='int(os.environ["PORT"])', before="")}
    async with served(files, any_isolation) as application:
        assert isinstance(application, Application)
        assert await ask(application) == f"port {application.start.port}"


async def test_it_answers_on_a_port_of_its_own_choice(any_isolation: Isolation) -> None:
    files = {"server.py": SERVER.format(port="43917", before="")}
    async with served(files, any_isolation) as application:
        assert isinstance(application, Application)
        assert await ask(application) == "port 43917"


async def test_why_it_did_not_come_up_is_said(any_isolation: Isolation) -> None:
    async with served({"server.py": "raise SystemExit('no such setting')"}, any_isolation) as application:
        assert isinstance(application, NotServed)
        assert "exit code 1\nno such setting" in application.reason


async def test_a_link_in_place_of_the_socket_leads_nowhere_else(any_isolation: Isolation) -> None:
    """The folder with the socket is the application's to write to; our way in stays what it was."""
    tamper = """
import glob
for place in glob.glob("/run/backsmith-entrance/*") + glob.glob("/tmp/backsmith-*/trial-*/in/entrance/*"):
    os.unlink(place); os.symlink("/run/some-other.sock", place)
"""
    files = {"server.py": SERVER.format(port=8000, before=tamper)}
    async with served(files, any_isolation) as application:
        if isinstance(application, Application):
            assert await ask(application) == "port 8000"
        else:
            assert "exit code" in application.reason or "no answer" in application.reason


async def test_nothing_of_it_is_left(any_isolation: Isolation) -> None:
    files = {"server.py": SERVER.format(port=8000, before="")}
    async with served(files, any_isolation) as application:
        assert isinstance(application, Application)
        assert application.ended == ""
    assert application.ended != ""
    with pytest.raises(OSError):
        await asyncio.open_unix_connection(application.socket)
