"""A run as JUnit XML, which every CI system shows: one suite an agent, one test a sample.

Names are made of what stays the same when a prompt or a model's settings change, so that a CI system's history
of a test goes on. Layout: https://github.com/testmoapp/junitxml; valid by the schema that Jenkins holds reports to
(junit-10.xsd of its xunit plugin).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as Xml

from evals.reports.agent_names import stable_names
from evals.reports.sources import sources_named
from evals.results import RunResults, SampleResult
from evals.verdict import Verdict
from prompts.quoting import visible

# What XML 1.0 cannot hold, however it is escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST = 20_000


def junit(run: RunResults) -> str:
    """The XML. An infrastructure error is an ``error``, a missing sample of a partial run too."""
    names = stable_names(run.agents)
    groups: dict[str, list[SampleResult]] = defaultdict(list)
    for sample in run.samples:
        groups[sample.agent.id].append(sample)
    suite = run.suite or "backsmith"
    root = Xml.Element("testsuites", name=_plain(suite))
    for agent in run.agents:
        root.append(_suite(f"{suite} [{names[agent.id]}]", suite, names[agent.id], groups[agent.id]))
    if run.partial:
        missing = run.planned - len(run.samples)
        root.append(
            _unfinished(suite, f"the run is not finished: {missing} of {run.planned} samples are missing")
        )
    for kind in ("tests", "failures", "errors"):  # the schema knows no `skipped` here
        root.set(kind, str(sum(int(part.get(kind, "0")) for part in root)))
    root.set("time", f"{sum(float(part.get('time', '0')) for part in root):.3f}")
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _suite(name: str, suite: str, agent: str, samples: Sequence[SampleResult]) -> Xml.Element:
    element = Xml.Element("testsuite", name=_plain(name))
    counts = Counter[str]()
    for sample in samples:
        case = Xml.SubElement(
            element,
            "testcase",
            classname=_plain(f"{suite}.{sample.task.id}"),
            name=_plain(f"epoch {sample.epoch} [{agent}]"),
            time=f"{_seconds(sample):.3f}",
        )
        counts[_outcome(case, sample)] += 1
        out = Xml.SubElement(case, "system-out")
        out.text = _cut("\n".join(_story(sample)))
    for kind in ("failures", "errors", "skipped"):
        element.set(kind, str(counts[kind]))
    element.set("tests", str(len(samples)))
    element.set("time", f"{sum(map(_seconds, samples)):.3f}")
    return element


def _seconds(sample: SampleResult) -> float:
    return (sample.latency or 0.0) + sum(sample.timings.values())


def _story(sample: SampleResult) -> Iterator[str]:
    """What a person wants to know of a test that is a sample, a line for each."""
    tests = sample.tests
    answers = sources_named(sample.sources)
    yield f"sample {sample.name}; answers: {answers}; rounds: {sample.rounds}; branch: {sample.branch}"
    yield f"tests: {tests.passed} passed, {tests.failed} failed, {tests.errored} errored, {tests.skipped} skipped"
    for item, found in sample.items.items():
        if found.verdict is Verdict.FAIL:
            yield f"checklist: {item} fails: {found.reason}"
    if sample.probes is not None:
        yield f"probes: {sample.probes.told}"
        yield from (f"  {r.verdict} {r.probe} at {r.endpoint}: {r.message}" for r in sample.probes.failures)
    if sample.mutants is not None:
        yield f"mutants: {sample.mutants.told}"
        yield from (f"  no test notices {m.shown} ({m.path}:{m.line})" for m in sample.mutants.survivors)
    yield from (f"note: {note}" for note in sample.notes)


def _outcome(case: Xml.Element, sample: SampleResult) -> str:
    """Say in ``case`` how the sample ended; returns under what that counts."""
    if sample.verdict is Verdict.PASS:
        return "passed"
    kind = "failure" if sample.verdict is Verdict.FAIL else "error"
    failure = sample.first_failure
    told = (
        sample.error or next(iter(sample.reasons), "") or (failure.test if failure else str(sample.verdict))
    )
    element = Xml.SubElement(case, kind, message=_plain(told[:4000])[:500], type=str(sample.verdict))
    lines = [sample.error or "", *sample.reasons]
    if failure:
        lines += [failure.test, failure.message]
    element.text = _cut("\n".join(line for line in lines if line))
    return f"{kind}s"


def _unfinished(suite: str, told: str) -> Xml.Element:
    counts = {"tests": "1", "errors": "1", "failures": "0", "skipped": "0", "time": "0.000"}
    element = Xml.Element("testsuite", counts, name=_plain(suite))
    case = Xml.SubElement(
        element, "testcase", classname=_plain(suite), name="the run is finished", time="0.000"
    )
    Xml.SubElement(case, "error", message=told, type="partial").text = told
    return element


def _cut(text: str) -> str:
    plain = _plain(text)
    return (
        plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}\n[{len(plain) - _LONGEST} more characters]"
    )


def _plain(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", visible(text))
