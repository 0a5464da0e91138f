"""A run as a log that Inspect AI reads (its JSON form, version 2), so that its viewer and analysis work on it.

The format is that of ``inspect_ai.log.EvalLog``: https://inspect.aisi.org.uk/eval-logs.html
"""

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from datetime import datetime

from evals.gate.baseline import only_agent
from evals.metrics.summary import summarize
from evals.results import RunResults, SampleResult
from evals.verdict import Verdict

Texts = Callable[[SampleResult], tuple[Sequence[tuple[str, str]], str]]
"""A sample's prompt (speaker and text of each message) and its answer."""

SCORER = "backsmith"
_VALUES = {Verdict.PASS: "C", Verdict.FAIL: "I"}


def inspect_log(run: RunResults, agent: str | None, texts: Texts, version: str, created: datetime) -> str:
    """The log of one agent's samples; ``created`` must know its time zone.

    The score ``backsmith`` is C for verified, I for not, and N where infrastructure kept the sample from a
    verdict; each checklist item is a score of its own, N where it does not apply or could not be judged.
    """
    samples = only_agent(run, agent)
    who = samples[0].agent if samples else run.agents[0]
    found = summarize("all", samples)
    rate = found.verified
    error = math.sqrt((rate.value or 0) * (1 - (rate.value or 0)) / rate.of) if rate.of else 0.0
    status = "started" if run.partial else "success"
    name = run.suite or (run.tasks[0].id if run.tasks else "backsmith")
    identity = hashlib.sha256(f"{run.folder} {who.id}".encode("utf-8", "replace")).hexdigest()[:22]
    log = {
        "version": 2,
        "status": status,
        "eval": {
            "eval_id": identity,
            "run_id": identity,
            "created": created.isoformat(timespec="seconds"),
            "task": name,
            "task_id": identity,
            "dataset": {
                "name": name,
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
        "results": {
            "total_samples": run.planned // max(1, len(run.agents)),
            "completed_samples": len(samples),
            "scores": [
                {
                    "name": SCORER,
                    "scorer": SCORER,
                    "scored_samples": rate.of,
                    "unscored_samples": len(samples) - rate.of,
                    "metrics": {
                        "accuracy": {"name": "accuracy", "value": rate.value or 0.0},
                        "stderr": {"name": "stderr", "value": error},
                    },
                }
            ],
        },
        "stats": {
            "started_at": created.isoformat(timespec="seconds"),
            "completed_at": created.isoformat(timespec="seconds"),
            "model_usage": {
                who.model: {
                    "input_tokens": int(found.tokens_in.total or 0),
                    "output_tokens": int(found.tokens_out.total or 0),
                    "total_tokens": int(found.tokens_in.total or 0) + int(found.tokens_out.total or 0),
                }
            },
        },
        "samples": [_sample(sample, *texts(sample)) for sample in samples],
    }
    return json.dumps(log, indent=1, ensure_ascii=True) + "\n"


def _sample(sample: SampleResult, prompt: Sequence[tuple[str, str]], answer: str) -> dict[str, object]:
    messages: list[dict[str, object]] = [{"role": speaker, "content": text} for speaker, text in prompt]
    reply = {"role": "assistant", "content": answer, "model": sample.agent.model, "source": "generate"}
    scores: dict[str, object] = {
        SCORER: {
            "value": _VALUES.get(sample.verdict, "N"),
            "explanation": "\n".join(filter(None, (sample.error, *sample.reasons))),
            "metadata": {
                "verdict": str(sample.verdict),
                "tests_passed": sample.tests.passed,
                "tests_total": sample.tests.total,
                "rounds": sample.rounds,
                "adherence": sample.adherence,
                "sources": list(sample.sources),
                "branch": sample.branch,
            },
        }
    }
    for item, result in sample.items.items():
        scores[item] = {"value": _VALUES.get(result.verdict, "N"), "explanation": result.reason}
    return {
        "id": sample.task.id,
        "epoch": sample.epoch,
        "input": messages or sample.task.title,
        "target": "",
        "messages": [*messages, reply],
        "output": {
            "model": sample.agent.model,
            "choices": [{"message": reply, "stop_reason": "stop"}],
            "completion": answer,
            "time": sample.latency,
        },
        "scores": scores,
        "metadata": {"framework": sample.task.framework, "database": sample.task.database},
        "total_time": (sample.latency or 0.0) + sum(sample.timings.values()),
    }
