"""A run as JUnit XML, which every CI system shows: one suite an agent, one test a sample.

Names are made of what stays the same when a prompt or a model's settings change, so that a CI system's history
of a test goes on. Layout: https://github.com/testmoapp/junitxml
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from evals.results import AgentInfo, RunResults, SampleResult
from evals.verdict import Verdict
from prompts.quoting import visible

# What XML 1.0 cannot hold, however it is escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST = 20_000


def junit(run: RunResults) -> str:
    """The XML. An infrastructure error is an ``error``, a missing sample of a partial run too."""
    names = _agent_names(run.agents)
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
    for kind in ("tests", "failures", "errors", "skipped"):
        root.set(kind, str(sum(int(part.get(kind, "0")) for part in root)))
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _agent_names(agents: Sequence[AgentInfo]) -> dict[str, str]:
    told = {agent.id: f"{agent.model}, {agent.role}, {agent.team}" for agent in agents}
    counts = Counter(told.values())
    return {key: name if counts[name] == 1 else f"{name}, {key}" for key, name in told.items()}


def _suite(name: str, suite: str, agent: str, samples: Sequence[SampleResult]) -> Xml.Element:
    element = Xml.Element("testsuite", name=_plain(name))
    counts = Counter[str]()
    for sample in samples:
        case = Xml.SubElement(
            element,
            "testcase",
            classname=_plain(f"{suite}.{sample.task.id}"),
            name=_plain(f"epoch {sample.epoch} [{agent}]"),
            time=f"{(sample.latency or 0.0) + sum(sample.timings.values()):.3f}",
        )
        counts[_outcome(case, sample)] += 1
        out = Xml.SubElement(case, "system-out")
        out.text = _plain(
            f"sample {sample.name}; answers: {', '.join(sample.sources) or 'none'}; "
            f"rounds: {sample.rounds}; branch: {sample.branch}"
        )
    for kind in ("failures", "errors", "skipped"):
        element.set(kind, str(counts[kind]))
    element.set("tests", str(len(samples)))
    return element


def _outcome(case: Xml.Element, sample: SampleResult) -> str:
    """Say in ``case`` how the sample ended; returns under what that counts."""
    if sample.verdict is Verdict.PASS:
        return "passed"
    kind = "failure" if sample.verdict is Verdict.FAIL else "error"
    failure = sample.first_failure
    told = (
        sample.error or next(iter(sample.reasons), "") or (failure.test if failure else str(sample.verdict))
    )
    element = Xml.SubElement(case, kind, message=_plain(told)[:500], type=str(sample.verdict))
    lines = [sample.error or "", *sample.reasons]
    if failure:
        lines += [failure.test, failure.message]
    element.text = _plain("\n".join(line for line in lines if line))[:_LONGEST]
    return f"{kind}s"


def _unfinished(suite: str, told: str) -> Xml.Element:
    element = Xml.Element("testsuite", name=_plain(suite), tests="1", errors="1", failures="0", skipped="0")
    case = Xml.SubElement(element, "testcase", classname=_plain(suite), name="the run is finished")
    Xml.SubElement(case, "error", message=told, type="partial").text = told
    return element


def _plain(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", visible(text))
