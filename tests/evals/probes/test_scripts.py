"""Probes that people write: read with the line of every mistake, put in order, judged by what they expect."""

from pathlib import Path

import pytest

from evals.code.view import build_view
from evals.findings import findings_of
from evals.judgement import judge_answer
from evals.probes.client import Answer
from evals.probes.conduct import probe
from evals.probes.report import ProbeReport
from evals.probes.script import Script
from evals.probes.script_file import load_scripts, read_scripts
from evals.probes.scripted import run_scripts
from evals.score import score_of
from evals.verdict import Verdict
from prompts.errors import ConfigError
from prompts.task import Limits
from sandbox.trial import Laboratory, Project
from tests.evals.test_judgement import ANSWER, GOOD
from tests.isolations import working_bubblewrap

SERVER = (Path(__file__).parent / "submissions" / "server.py").read_text(encoding="utf-8")
SCRIPTS = load_scripts(Path(__file__).parent / "shop.probes.yaml")


class Told:
    """An application that gives the same answer to everything."""

    def __init__(self, answer: Answer, left: float = 1.0) -> None:
        self.answer = answer
        self.left = left
        self.asked: list[object] = []

    def ask(self, ask: object) -> Answer:
        self.asked.append(ask)
        return self.answer


def script(text: str) -> tuple[Script, ...]:
    return read_scripts(text, "probes.yaml")


def one_step(expect: str) -> tuple[Script, ...]:
    return script(
        f"probes:\n  - name: p\n    steps:\n      - request: GET /x\n        expect: {{json: {expect}}}\n"
    )


def verdict(expect: str, body: bytes) -> Verdict:
    [result] = run_scripts(one_step(expect), Told(Answer(200, {}, body)))  # type: ignore[arg-type]
    return result.verdict


@pytest.mark.parametrize(
    ("expect", "body"),
    [
        ("{a: 1}", b'{"a": 1.0}'),
        ("{a: '1'}", b'{"a": "1"}'),
        ("{a: true}", b'{"a": true}'),
        ("{a: null}", b'{"a": null}'),
        ("{a: {not: 2}}", b'{"a": 1}'),
        ("{a: {equals: {b: [1, {c: 2}]}}}", b'{"a": {"b": [1, {"c": 2}]}}'),
        ("{a.1.b: {type: string, length: 2}}", b'{"a": [0, {"b": "xy"}]}'),
        ("{a: {contains: 3}}", b'{"a": [1, 3]}'),
        ("{a: {contains: ell}}", b'{"a": "hello"}'),
        ("{'.': {contains: a}}", b'{"a": 1}'),
        ("{b: {absent: true}}", b'{"a": 1}'),
        ("{a: {absent: false}}", b'{"a": null}'),
        ("{a: {at_least: 1, at_most: 1}}", b'{"a": 1}'),
    ],
)
def test_conditions_that_hold(expect: str, body: bytes) -> None:
    assert verdict(expect, body) is Verdict.PASS


@pytest.mark.parametrize(
    ("expect", "body"),
    [
        ("{a: 1}", b'{"a": true}'),
        ("{a: 1}", b'{"a": "1"}'),
        ("{a: '1'}", b'{"a": 1}'),
        ("{a: 1}", b"no JSON"),
        ("{a: {not: 1}}", b'{"a": 1}'),
        ("{a: {not: 1}}", b"{}"),
        ("{a: {type: integer}}", b'{"a": true}'),
        ("{a: {length: 1}}", b'{"a": 1}'),
        ("{a: {contains: x}}", b'{"a": 1}'),
        ("{a: {absent: true}}", b'{"a": null}'),
        ("{a: {at_least: 1}}", b'{"a": "2"}'),
        ("{a: {at_most: 1}}", b'{"a": 2}'),
        ("{a.9.b: 1}", b'{"a": [1]}'),
    ],
)
def test_conditions_that_do_not(expect: str, body: bytes) -> None:
    assert verdict(expect, body) is Verdict.FAIL


GET = "probes:\n  - name: p\n    steps:\n      - request: GET /x\n"
POST = GET.replace("GET", "POST")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("probes: []\n", r"probes.yaml:1: `probes`"),
        (GET.replace("GET", "fetch"), r":4: `request` must be a method and a path"),
        (GET + "        expects: {}\n", r":5: unknown field `expects`"),
        (GET.replace("name: p\n    ", ""), r":2: the field `name` is missing"),
        (GET + "        expect: {status: 99}\n", r":5: .*status"),
        (GET + "        expect: {json: {a: {least: 1}}}\n", r":5: unknown field `least`"),
        (GET.replace("/x", "/${ids}"), r":4: no earlier step saves `ids`"),
        (
            POST + "        save: {id: id}\n      - request: PUT /x\n        json: {a: ['${ib}']}\n",
            r":6: no earlier step saves `ib`",
        ),
        (POST + "        json: {}\n        body: x\n", r":4: the step has a `json` and a `body`"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        script(text)


def test_a_value_that_is_missing_fails_where_it_was_to_be_saved() -> None:
    [probe_script] = script(
        "probes:\n  - name: p\n    steps:\n      - request: POST /x\n        save: {id: id}\n"
        "      - request: GET /x/${id}\n"
    )
    application = Told(Answer(201, {}, b"{}"))
    [result] = run_scripts([probe_script], application)  # type: ignore[arg-type]
    assert result.verdict is Verdict.FAIL
    assert "there is no `id` in the JSON, which later steps need; step 1 of 2" in result.message
    assert len(application.asked) == 1


def test_a_saved_value_cannot_lead_to_another_path_or_header() -> None:
    [probe_script] = script(
        "probes:\n  - name: p\n    steps:\n      - request: POST /x\n        save: {id: id}\n"
        "      - request: GET /x/${id}\n"
    )
    application = Told(Answer(200, {}, b'{"id": "../admin?a=b#c"}'))
    run_scripts([probe_script], application)  # type: ignore[arg-type]
    assert application.asked[1].target == "/x/..%2Fadmin%3Fa%3Db%23c"  # type: ignore[attr-defined]


@pytest.mark.parametrize("nested", [b"[" * 900 + b"]" * 900, b"[" * 200_000])
def test_answers_that_are_nested_deeply_are_only_answers(nested: bytes) -> None:
    [probe_script] = script(
        "probes:\n  - name: p\n    steps:\n      - request: POST /x\n        save: {a: '.'}\n"
        "      - request: POST /x\n        json: {a: '${a}'}\n        expect: {json: {'.': '${a}'}}\n"
    )
    [result] = run_scripts([probe_script], Told(Answer(200, {}, nested)))  # type: ignore[arg-type]
    assert result.verdict in {Verdict.PASS, Verdict.FAIL}


def test_what_was_not_asked_for_want_of_time_is_inconclusive() -> None:
    told = Told(Answer(0, silence="the time for probes was used up"), left=0)
    [result] = run_scripts(one_step("{a: 1}"), told)  # type: ignore[arg-type]
    assert result.verdict is Verdict.INCONCLUSIVE


def test_a_probe_that_fails_fails_the_answer_and_is_not_shown_to_the_model() -> None:
    results = run_scripts(one_step("{secret: 1}"), Told(Answer(200, {}, b"{}")))  # type: ignore[arg-type]
    judgement = judge_answer(ANSWER, GOOD, (), probes=ProbeReport(results, start="app"))
    assert judgement.verdict is Verdict.FAIL
    assert judgement.reasons[0].message.startswith("probe p: `secret` in the JSON is absent")
    [finding] = findings_of(score_of(judgement))
    assert "1 of 1 probes that you cannot see fail" in finding.title
    assert "secret" not in finding.title + finding.detail


async def shop(flaw: str, server: str = SERVER) -> ProbeReport:
    isolation = working_bubblewrap()
    project = Project(
        {"server.py": server},
        start="exec python3 server.py",
        extra_env={"FLAW": flaw},
        limits=Limits(seconds=60),
    )
    async with Laboratory(isolation) as laboratory:
        view = build_view(project.files)
        return await probe(project, view, laboratory, 20, scripts=SCRIPTS, explore=False)


async def test_a_sound_application_answers_as_the_task_s_writer_wants() -> None:
    report = await shop("")
    assert [(r.probe, r.verdict) for r in report.own] == [
        ("a book is sold by its owner alone", Verdict.PASS),
        ("what is no JSON is refused", Verdict.PASS),
    ]
    assert report.requests == 9


@pytest.mark.parametrize(
    ("flaw", "failing", "said"),
    [
        (
            "no-owner",
            "a book is sold by its owner alone",
            "the status must be 403; step 8 of 8: PUT /books/1",
        ),
        ("schema", "a book is sold by its owner alone", "`price` in the JSON must be 12; step 3 of 8"),
        ("malformed", "what is no JSON is refused", "the status must be 4xx; step 1 of 1"),
    ],
)
async def test_what_is_answered_otherwise_fails_with_its_request(flaw: str, failing: str, said: str) -> None:
    [result] = (await shop(flaw)).failures
    assert result.probe == failing
    assert result.message.startswith(said)


async def test_an_application_that_does_not_start_leaves_the_probes_open() -> None:
    report = await shop("", server="raise SystemExit('the settings are wrong')")
    assert {r.verdict for r in report.own} == {Verdict.INCONCLUSIVE}
    assert all("the settings are wrong" in r.message for r in report.own)
    judgement = judge_answer(ANSWER, GOOD, (), probes=report)
    assert judgement.verdict is Verdict.INCONCLUSIVE
