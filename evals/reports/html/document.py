"""The HTML file, piece by piece: markup, style and script of ours, and texts of others as compressed blocks.

Its policy lets just our own style and script run (by their hashes) and nothing be fetched, whatever a text holds.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files

from evals.metrics.breakdown import break_down
from evals.reports.agent_names import full_names
from evals.reports.html.overview import overview
from evals.reports.html.pages import packed
from evals.reports.html.plots import text
from evals.reports.sources import sources_named
from evals.results import RunResults, SampleResult
from evals.verdict import Verdict

SCRIPTS = ("elements.js", "difference.js", "sample.js", "report.js")
"""In this order they are one script; each uses what stands before it."""


def document(
    run: RunResults, pages: Mapping[int, str], texts: Mapping[str, str], version: str
) -> Iterator[str]:
    """The file's pieces, in order.

    ``pages`` has for samples (by their place in the run) what ``page_block`` made, ``texts`` by key the
    prompts' messages, packed. A sample without a page is told to be in the run's repository.
    """
    here = files("evals.reports.html")
    style = here.joinpath("report.css").read_text(encoding="utf-8")
    script = _script([here.joinpath(name).read_text(encoding="utf-8") for name in SCRIPTS])
    title = text(run.suite or (run.tasks[0].title if run.tasks else "") or "Run", 120)
    yield _HEAD.format(style_hash=_hash(style), script_hash=_hash(script), title=title, style=style)
    view = overview(run, break_down(run))
    yield f"<main id=main tabindex=-1><section id=overview><h2 tabindex=-1>Overview</h2>{view}</section>"
    yield _BODY
    where = f"Run {text(run.folder)}; all bytes that models wrote are in {text(run.repository)}"
    yield f"<footer>Backsmith {text(version)}. {where}.</footer>"
    yield _block("index", packed(_index(run)))
    for key, block in texts.items():
        yield _block(f"t-{key}", block)
    for place, block in pages.items():
        yield _block(f"s-{place}", block)
    yield f"<script>{script}</script></body></html>\n"


def _script(parts: Sequence[str]) -> str:
    return '"use strict";\n(() => {\n' + "\n".join(parts) + "})();"


def _block(key: str, data: str) -> str:
    return f'<script type="application/gzip" id="{key}">{data}</script>\n'


def _hash(content: str) -> str:
    return base64.b64encode(hashlib.sha256(content.encode("utf-8")).digest()).decode("ascii")


def _index(run: RunResults) -> dict[str, object]:
    places = {agent.id: number for number, agent in enumerate(run.agents)}
    names = full_names(run.agents)
    return {
        "agents": [names[agent.id] for agent in run.agents],
        "samples": [_row(sample, places[sample.agent.id]) for sample in run.samples],
    }


def _row(sample: SampleResult, agent: int) -> dict[str, object]:
    failure = sample.first_failure
    return {
        "name": sample.name,
        "title": sample.task.title,
        "task": sample.task.id,
        "agent": agent,
        "verdict": str(sample.verdict),
        "error": sample.error,
        "adherence": sample.adherence,
        "passed": sample.tests.passed,
        "failed": sample.tests.failed + sample.tests.errored,
        "items": [item for item, result in sample.items.items() if result.verdict is Verdict.FAIL],
        "rounds": sample.rounds,
        "best": sample.best_round,
        "cost": None if sample.cost is None else float(sample.cost),
        "tokens": [sample.tokens_in, sample.tokens_out],
        "latency": sample.latency,
        "sources": sources_named(sample.sources),
        "branch": sample.branch,
        "why": " ".join((*sample.reasons, failure.test if failure else ""))[:600],
        "probes": sample.probes.told if sample.probes else None,
        "mutants": sample.mutants.told if sample.mutants else None,
    }


_HEAD = """<!doctype html>
<html lang=en data-theme=light><head><meta charset=utf-8>
<meta http-equiv=Content-Security-Policy content="default-src 'none'; style-src 'sha256-{style_hash}'; \
script-src 'sha256-{script_hash}'; base-uri 'none'; form-action 'none'">
<meta name=viewport content="width=device-width,initial-scale=1"><meta name=referrer content=no-referrer>
<title>{title} - Backsmith</title><style>{style}</style></head>
<body><a class=skip href="#main">Skip to the content</a>
<header class=top><h1>{title}</h1><nav aria-label=Views><a href="#/" aria-current=page>Overview</a>
<a href="#/samples">Samples</a></nav><button type=button id=theme>Dark</button></header>
<noscript><p class=warning>The overview works without scripts; the samples need them.</p></noscript>
"""

_BODY = """<section id=samples hidden><h2 tabindex=-1>Samples</h2>
<div class=filters id=filters role=search aria-label="Filter samples"></div>
<p class=soft id=count aria-live=polite></p><div id=rows></div><div class=pager id=pager></div></section>
<section id=sample hidden></section></main>
"""
