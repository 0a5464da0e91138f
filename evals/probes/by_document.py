"""Asks by the OpenAPI document that the application serves, with schemathesis in a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping

from evals.probes.board import Board
from evals.probes.credentials import is_login, leaves
from evals.probes.explorer import Explorer
from evals.probes.targets import Target

EXAMPLES = 12
"""Requests for each operation."""

_SECONDS = 20.0
_LEAST_SECONDS = 2.0
_RESPONSES = "response-models"
_ERRORS = "error-handling"


def probe_by_document(explorer: Explorer, board: Board) -> None:
    """Every operation of the document but those that take credentials away."""
    if explorer.document is None or explorer.alone():
        return
    targets = {t.name: t for t in explorer.judged if t.known and not leaves(t) and not is_login(t)}
    told, why = _run(explorer, list(targets))
    for line in told:
        target = targets.get(str(line.get("operation")))
        if target is not None:
            _judge(board, target, line)
            targets.pop(target.name)
    for target in targets.values() if why else ():
        board.unclear(_RESPONSES, "document", target, why)


def _judge(board: Board, target: Target, line: Mapping[str, object]) -> None:
    wrong = line.get("wrong")
    if wrong:
        if line.get("fault") and board.failed_anything(target):
            return  # the same fault by another way in
        item = _ERRORS if line.get("fault") else _RESPONSES
        board.told(
            item, "document", target, f"{wrong}: {line.get('request')} answered {line.get('response')}"
        )
    elif line.get("checked"):
        counts = (
            f"{line.get('checked')} of {line.get('asked')} requests that its document allows were granted"
        )
        board.seen(_RESPONSES, "document", target, f"{target.name}: {counts}, and answered as it declares")


def _run(explorer: Explorer, names: list[str]) -> tuple[list[dict[str, object]], str]:
    """What the process found, and why it did not get to everything."""
    seconds = min(_SECONDS, explorer.client.left)
    if seconds < _LEAST_SECONDS:
        return [], "the time for probes was used up"
    order = {
        "socket": explorer.client.socket,
        "seconds": seconds,
        "document": explorer.document.raw if explorer.document else {},
        "headers": dict(explorer.credentials),
        "names": names,
        "examples": EXAMPLES,
    }
    handle = int(explorer.client.socket.rpartition("/")[2])
    argv = [sys.executable, "-P", "-m", "evals.probes.document_child"]
    try:
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                argv,
                input=json.dumps(order).encode(),
                capture_output=True,
                timeout=seconds + _LEAST_SECONDS,
                pass_fds=(handle,),
                check=False,
                cwd=folder,
                env={"PATH": os.defpath, "HYPOTHESIS_STORAGE_DIRECTORY": folder},
            )
    except subprocess.TimeoutExpired as late:
        return list(_lines(late.stdout or b"")), "asking by the document took too long"
    said = done.stderr.decode("utf-8", "replace").strip().split("\n")
    why = next((line for line in reversed(said) if "Error" in line or "Exception" in line), said[-1])
    return list(_lines(done.stdout)), f"the document cannot be used: {why[:200]}" if done.returncode else ""


def _lines(output: bytes) -> Iterator[dict[str, object]]:
    for line in output.split(b"\n"):
        try:
            said = json.loads(line)
        except ValueError:
            continue  # the last line of a process that was killed
        if isinstance(said, dict):
            yield said
