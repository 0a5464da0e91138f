"""Which judge it was: verdicts by different judges are not comparable."""

import hashlib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
# Everything that can turn the same submission into another verdict.
PARTS = (
    "agents/fileblock",
    "evals/checklist",
    "evals/code",
    "evals/judgement.py",
    "evals/mutants",
    "evals/observe.py",
    "evals/probes",
    "orchestrator/verify.py",
    "sandbox/application",
    "sandbox/hidden.py",
    "sandbox/migrations.py",
    "sandbox/settings.py",
    "sandbox/toolchains",
    "sandbox/trial.py",
)


@cache
def grader_hash() -> str:
    """A hash (16 hex digits) of the source of whatever judges: parser, toolchains, checks, probes."""
    total = hashlib.sha256()
    for part in PARTS:
        place = ROOT / part
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            if path.is_file():
                total.update(str(path.relative_to(ROOT)).encode("utf-8") + b"\0")
                total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:16]
