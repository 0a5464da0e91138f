"""docs/first-eval.md, pasted block by block as a newcomer would."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.agents.loopback import Loopback, Reply
from tests.orchestrator.conftest import cache_of_its_own

PAGE = Path(__file__).parent.parent.parent / "docs/first-eval.md"
ANSWER = '''\
FILE: requirements.txt
---
fastapi
httpx
---

FILE: app/__init__.py
---
---

FILE: app/main.py
---
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

app = FastAPI()
RATES = {"USD": 1.1, "GBP": 0.9}


class Rate(BaseModel):
    currency: str
    rate: float


@app.get("/rates/{currency}", response_model=Rate)
def read_rate(currency: str) -> Rate:
    if currency not in RATES:
        raise HTTPException(404, "unknown currency")
    return Rate(currency=currency, rate=RATES[currency])
---

FILE: tests/test_rates.py
---
from fastapi.testclient import TestClient

from app.main import app

client = TestClient(app)


def test_known() -> None:
    assert client.get("/rates/GBP").json() == {"currency": "GBP", "rate": 0.9}


def test_unknown() -> None:
    assert client.get("/rates/EUR").status_code == 404
---
'''  # fmt: skip


@pytest.mark.network
@pytest.mark.slow
async def test_the_page_runs_as_printed(tmp_path: Path, server: Loopback) -> None:
    server.usual = lambda _: Reply(text=ANSWER)
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    typed = "\n".join(blocks).replace("--epochs 3", "--epochs 1")  # a third of the time, the same steps
    env = {
        **os.environ,
        "BACKSMITH_CACHE": cache_of_its_own(tmp_path),
        "OPENAI_BASE_URL": server.v1,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    done = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-euc", typed],
        capture_output=True, text=True, check=False, cwd=tmp_path, env=env, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(server.seen) == 1
    assert done.stdout.count("verified 1/1") == 3, done.stdout
    assert "1 task" in done.stdout
    assert done.stdout.count("PASSED  runs/") == 2
    assert (tmp_path / "report.html").stat().st_size > 10_000
