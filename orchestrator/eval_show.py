"""Shows a person what an eval found; the whole of it is in ``backsmith report``."""

from collections import Counter
from collections.abc import Iterator

from evals.metrics.summary import Rate, Summary, summarize
from evals.reports.sources import counted, sources_named
from evals.results import MOST_ERRORS, RunResults
from evals.verdict import Verdict
from orchestrator.exit_codes import FALLS_SHORT, INCONCLUSIVE, VERIFIED
from prompts.quoting import one_line

_MOST_ERRORS_SHOWN = 3
_MOST_NOTES_SHOWN = 5


def eval_exit_code(results: RunResults) -> int:
    """3 where samples are missing or too many got no verdict, 1 where some fall short, 0 where all are verified."""
    if results.partial or results.inconclusive:
        return INCONCLUSIVE
    if any(sample.verdict is Verdict.FAIL for sample in results.samples):
        return FALLS_SHORT
    left_open = any(not sample.counted and sample.error is None for sample in results.samples)
    return INCONCLUSIVE if left_open else VERIFIED


def summaries_of(results: RunResults) -> list[Summary]:
    """The metrics of each agent."""
    return [
        summarize(agent.id, [sample for sample in results.samples if sample.agent.id == agent.id])
        for agent in results.agents
    ]


def result_lines(results: RunResults) -> Iterator[str]:
    """What the run found, line by line."""
    yield f"{results.suite}: {counted(len(results.tasks), 'task')}, {counted(results.epochs, 'epoch')}"
    width = max((len(agent.id) for agent in results.agents), default=0)
    for summary in summaries_of(results):
        yield f"  {summary.name:<{width}}  verified {_rate(summary.verified)}; {_amounts(summary)}"
        yield from _at_work(summary)
    yield from _by_task(results)
    sources = dict.fromkeys(source for sample in results.samples for source in sample.sources)
    if sources:
        yield f"  answered   {sources_named(sources)}"
    yield from _notes(results)
    yield from _errors(results)
    if results.partial:
        missing = results.planned - len(results.samples)
        yield f"  NOT FINISHED: {missing} of {results.planned} samples are missing; the same command goes on"
    yield f"  run        {results.folder}"


def _at_work(summary: Summary) -> Iterator[str]:
    """What probes and mutants came to, where any were judged."""
    if summary.probes.of:
        yield f"    probes   {_share(summary.probes)} answered as they must be"
    if summary.mutants.of:
        yield f"    mutants  {_share(summary.mutants)} noticed by the tests"


def _by_task(results: RunResults) -> Iterator[str]:
    """One line a task, while that is a table that somebody reads."""
    if len(results.tasks) > 40:
        return
    width = max(len(task.id) for task in results.tasks)
    for task in results.tasks:
        found = [sample for sample in results.samples if sample.task.id == task.id]
        counts = [
            f"{sum(sample.verdict is verdict for sample in found)} {verdict}"
            for verdict in (Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE)
            if any(sample.verdict is verdict for sample in found)
        ]
        failed = next((sample for sample in found if sample.verdict is Verdict.FAIL), None)
        why = f"  ({one_line(failed.reasons[0], 100)})" if failed and failed.reasons else ""
        yield f"    {task.id:<{width}}  {', '.join(counts) or 'no sample'}{why}"


def _notes(results: RunResults) -> Iterator[str]:
    """What is worth to be told of how the tests ran, the most frequent first."""
    told = Counter(one_line(note, 200) for sample in results.samples for note in dict.fromkeys(sample.notes))
    for note, count in told.most_common(_MOST_NOTES_SHOWN):
        yield f"  {count:>3} x {note}"
    if len(told) > _MOST_NOTES_SHOWN:
        yield f"  and {len(told) - _MOST_NOTES_SHOWN} more notes, in the report"


def _errors(results: RunResults) -> Iterator[str]:
    errors = results.errors
    if not errors:
        return
    share = len(errors) / len(results.samples)
    yield f"  {len(errors)} of {len(results.samples)} samples got no verdict ({share:.1%}): not counted"
    for text in list(dict.fromkeys(one_line(sample.error or "", 200) for sample in errors))[
        :_MOST_ERRORS_SHOWN
    ]:
        yield f"    {text}"
    if share > MOST_ERRORS:
        yield f"  INCONCLUSIVE: more than {MOST_ERRORS:.0%} of the samples got no verdict"


def _rate(rate: Rate) -> str:
    if rate.value is None:
        return "nothing (none was judged)"
    return f"{rate.count}/{rate.of} = {rate.value:.1%} (95%: {rate.low:.1%} to {rate.high:.1%})"


def _share(rate: Rate) -> str:
    return f"{rate.value:.0%} ({rate.count} of {rate.of})"


def _amounts(summary: Summary) -> str:
    cost = summary.cost_usd
    parts = ["cost unknown" if cost.total is None else f"${cost.total:.4f}"]
    if cost.total is not None and cost.unknown:
        parts[0] += f" and {cost.unknown} of unknown cost"
    if summary.tokens_out.total is not None:
        parts.append(f"{summary.tokens_in.total} tokens in, {summary.tokens_out.total} out")
    if summary.latency.p50 is not None:
        parts.append(f"{summary.latency.p50:.1f} s a sample (median)")
    return "; ".join(parts)
