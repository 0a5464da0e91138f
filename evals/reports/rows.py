"""A run as rows, one a sample, for a DataFrame or a spreadsheet."""

import csv
import io
import json
from collections.abc import Mapping, Sequence

from evals.results import RunResults, SampleResult
from prompts.errors import ConfigError

Value = str | int | float | bool | None

_COUNTS = frozenset((
    "epoch", "rounds", "rounds_to_verified", "tests_passed", "tests_failed", "tests_errored", "tests_skipped",
    "probes_passed", "probes_failed", "mutants_killed", "mutants_survived", "tokens_in", "tokens_out", "tokens_cached",
))  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def rows(run: RunResults) -> list[dict[str, Value]]:
    """The rows, all with the same columns; ``item:NAME`` has a checklist item's verdict, None where it has none."""
    items = list(dict.fromkeys(item for sample in run.samples for item in sample.items))
    stages = list(dict.fromkeys(stage for sample in run.samples for stage in sample.timings))
    found = (_row(run, sample, items, stages) for sample in run.samples)
    return [
        {name: _plain(value) if isinstance(value, str) else value for name, value in row.items()}
        for row in found
    ]


def _row(
    run: RunResults, sample: SampleResult, items: Sequence[str], stages: Sequence[str]
) -> dict[str, Value]:
    task, agent, tests = sample.task, sample.agent, sample.tests
    failure, probes, mutants = sample.first_failure, sample.probes, sample.mutants
    return {
        "run": run.folder,
        "suite": run.suite,
        "sample": sample.name,
        "task": task.id,
        "task_hash": task.hash,
        "tests_hash": task.tests_hash,
        "family": task.family,
        "framework": task.framework,
        "database": task.database,
        "agent": agent.id,
        "model": agent.model,
        "team": agent.team,
        "role": agent.role,
        "role_version": agent.role_version,
        "role_hash": agent.role_hash,
        "epoch": sample.epoch,
        "verdict": str(sample.verdict),
        "verified": sample.verified if sample.counted else None,
        "error": sample.error,
        "rounds": sample.rounds,
        "rounds_to_verified": sample.rounds_to_verified,
        "adherence": sample.adherence,
        "tests_passed": tests.passed,
        "tests_failed": tests.failed,
        "tests_errored": tests.errored,
        "tests_skipped": tests.skipped,
        "probes_passed": probes.passed if probes else None,
        "probes_failed": probes.failed if probes else None,
        "mutants_killed": mutants.killed if mutants else None,
        "mutants_survived": mutants.survived if mutants else None,
        "first_failure": failure.test if failure else None,
        "reason": sample.reasons[0] if sample.reasons else None,
        "cost_usd": None if sample.cost is None else float(sample.cost),
        "tokens_in": sample.tokens_in,
        "tokens_out": sample.tokens_out,
        "tokens_cached": sample.tokens_cached,
        "latency": sample.latency,
        "sources": " ".join(sample.sources),
        "prompt_hash": sample.prompt_hash,
        "grader_hash": sample.grader_hash,
        "environment": sample.environment,
        "commit": sample.commits[sample.best_round - 1]
        if 0 < sample.best_round <= len(sample.commits)
        else None,
        **{
            f"item:{item}": str(sample.items[item].verdict) if item in sample.items else None
            for item in items
        },
        **{f"seconds:{stage}": sample.timings.get(stage) for stage in stages},
    }


def csv_text(found: Sequence[Mapping[str, Value]]) -> str:
    """The rows as CSV with a head; None is an empty cell, a truth value is true or false.

    No text begins like a spreadsheet's formula, as models wrote some of them: such gets an apostrophe.
    """
    out = io.StringIO(newline="")
    if found:
        writer = csv.DictWriter(out, list(found[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in found)
    return out.getvalue()


def jsonl_text(found: Sequence[Mapping[str, Value]]) -> str:
    """The rows as JSON, one a line."""
    return "".join(json.dumps(row, ensure_ascii=True) + "\n" for row in found)


def parquet_bytes(found: Sequence[Mapping[str, Value]]) -> bytes:
    """The rows as Parquet; a column has the same type in every file, so that those of several runs can be joined.

    Raises ConfigError where pyarrow is not installed, which only this needs.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ConfigError(
            "Parquet needs pyarrow, which is not installed", "install backsmith[parquet], or write .csv"
        ) from error
    types = {int: pyarrow.int64(), float: pyarrow.float64(), bool: pyarrow.bool_(), str: pyarrow.string()}
    schema = pyarrow.schema([(name, types[_type(name)]) for name in (found[0] if found else ())])
    table = pyarrow.Table.from_pylist([dict(row) for row in found], schema=schema)
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(table, sink)
    return bytes(sink.getvalue().to_pybytes())


def _type(column: str) -> type:
    """What stands in a column beside None."""
    if column in _COUNTS:
        return int
    if column in {"cost_usd", "latency"} or column.startswith("seconds:"):
        return float
    return bool if column == "verified" else str


def _plain(text: str) -> str:
    """The text without what other readers do not take: lone surrogates and NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")


def _cell(value: Value) -> Value:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
