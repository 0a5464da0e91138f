"""A run as a log that Inspect AI reads (its JSON form, version 2), so that its viewer and analysis work on it.

The format is that of ``inspect_ai.log.EvalLog``: https://inspect.aisi.org.uk/eval-logs.html. Its readers of headers
want every part that they name (``plan``, ``stats``), and all of them before the samples.
"""

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from evals.gate.baseline import of_agent
from evals.metrics.summary import Rate, Summary, summarize
from evals.results import AgentInfo, RunResults, SampleResult
from evals.verdict import Verdict

Texts = Callable[[SampleResult], tuple[Sequence[tuple[str, str]], str]]
"""A sample's prompt (speaker and text of each message) and its answer."""

SCORER = "backsmith"
_VALUES = {Verdict.PASS: "C", Verdict.FAIL: "I"}


def inspect_log(run: RunResults, agent: str | None, texts: Texts, version: str, created: datetime) -> str:
    """The log of one agent's samples; ``created`` must know its time zone.

    The score ``backsmith`` is C for verified and I for not; each checklist item is a score of its own. What has no
    verdict has no score, as Inspect would count any value: a sample that infrastructure kept from one has an error,
    and the sample's metadata has all verdicts.
    """
    run = of_agent(run, agent)
    [who], samples = run.agents, run.samples
    found = summarize("all", samples)
    identity = _identity(run, who)
    log = {
        "version": 2,
        "status": "started" if run.partial else "success",
        "eval": {
            "eval_id": identity,
            "run_id": identity,
            "created": created.isoformat(timespec="seconds"),
            "task": _name(run),
            "task_id": identity,
            "dataset": {
                "name": _name(run),
                "samples": len(run.tasks),
                "sample_ids": [task.id for task in run.tasks],
                "shuffled": False,
            },
            "model": who.model,
            "config": {"epochs": run.epochs},
            "packages": {"backsmith": version},
            "metadata": {
                "team": who.team,
                "role": f"{who.role} {who.role_version}",
                "sources": dict(found.sources),
            },
        },
        "plan": {"name": who.team},
        "results": {
            "total_samples": run.planned,
            "completed_samples": len(samples) - found.errors,
            "scores": _scores(found),
        },
        "stats": {
            "started_at": run.began,
            "completed_at": run.ended,
            "model_usage": _usage(
                who, found.tokens_in.total, found.tokens_out.total, found.tokens_cached.total
            ),
        },
        "samples": [_sample(sample, identity, *texts(sample)) for sample in samples],
    }
    # What models and their tests wrote may hold lone surrogates, which no other reader of JSON takes.
    return (json.dumps(log, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "replace").decode("utf-8")


def log_name(run: RunResults, agent: AgentInfo, created: datetime) -> str:
    """A name by which Inspect finds the log in a folder: when, what, and which."""
    safe = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in _name(run))[:80]
    return f"{created:%Y-%m-%dT%H-%M-%S}_{safe}_{_identity(run, agent)}.json"


def _name(run: RunResults) -> str:
    return run.suite or (run.tasks[0].id if run.tasks else "backsmith")


def _identity(run: RunResults, agent: AgentInfo) -> str:
    told = f"{run.identity or run.folder} {agent.id}"
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:22]


def _scores(found: Summary) -> list[dict[str, object]]:
    rates = {SCORER: found.verified, **{item: rate.passed for item, rate in found.items.items()}}
    return [
        {
            "name": name,
            "scorer": SCORER,
            "scored_samples": rate.of,
            "unscored_samples": found.samples - rate.of,
            "metrics": _metrics(rate),
        }
        for name, rate in rates.items()
    ]


def _metrics(rate: Rate) -> dict[str, object]:
    if rate.value is None:
        return {}
    error = math.sqrt(rate.value * (1 - rate.value) / rate.of)
    return {
        "accuracy": {"name": "accuracy", "value": rate.value},
        "stderr": {"name": "stderr", "value": error},
    }


_Tokens = Decimal | int | None


def _usage(agent: AgentInfo, given: _Tokens, made: _Tokens, cached: _Tokens) -> dict[str, object]:
    """Tokens in Inspect's terms, whose input leaves out what was read from a cache."""
    if given is None and made is None:
        return {}
    read, put, got = int(cached or 0), int(given or 0), int(made or 0)
    return {
        agent.model: {
            "input_tokens": max(0, put - read),
            "output_tokens": got,
            "total_tokens": put + got,
            "input_tokens_cache_read": None if cached is None else read,
        }
    }


def _sample(
    sample: SampleResult, identity: str, prompt: Sequence[tuple[str, str]], answer: str
) -> dict[str, object]:
    own = hashlib.sha256(f"{identity} {sample.name}".encode("utf-8", "replace")).hexdigest()[:22]
    messages: list[dict[str, object]] = [
        {"id": f"{own}-{number}", "role": speaker, "content": text}
        for number, (speaker, text) in enumerate(prompt)
    ]
    reply = {
        "id": f"{own}-reply",
        "role": "assistant",
        "content": answer,
        "model": sample.agent.model,
        "source": "generate",
    }
    replies = [reply] if answer or sample.error is None else []
    scores: dict[str, object] = {}
    if sample.counted:
        scores[SCORER] = {"value": _VALUES[sample.verdict], "explanation": "\n".join(sample.reasons)}
    for item, result in sample.items.items():
        if result.verdict in _VALUES:
            scores[item] = {"value": _VALUES[result.verdict], "explanation": result.reason}
    error = {"message": sample.error, "traceback": "", "traceback_ansi": ""} if sample.error else None
    return {
        "id": sample.task.id,
        "epoch": sample.epoch,
        "uuid": own,
        "input": messages or sample.task.title,
        "target": "",
        "messages": [*messages, *replies],
        "output": {
            "model": sample.agent.model,
            "choices": [{"message": message, "stop_reason": "stop"} for message in replies],
            "completion": answer,
            "time": sample.latency,
        },
        "scores": scores,
        "metadata": {
            "framework": sample.task.framework,
            "database": sample.task.database,
            "verdict": str(sample.verdict),
            "reasons": list(sample.reasons),
            "checklist": {item: str(result.verdict) for item, result in sample.items.items()},
            "tests_passed": sample.tests.passed,
            "tests_total": sample.tests.total,
            "rounds": sample.rounds,
            "adherence": sample.adherence,
            "cost_usd": None if sample.cost is None else float(sample.cost),
            "sources": list(sample.sources),
            "branch": sample.branch,
        },
        "model_usage": _usage(sample.agent, sample.tokens_in, sample.tokens_out, sample.tokens_cached),
        "error": error,
        "total_time": (sample.latency or 0.0) + sum(sample.timings.values()),
    }
