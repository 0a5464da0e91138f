"""What ``backsmith eval`` exits with; 130, for an eval that was interrupted, is in test_stopping.py."""

from pathlib import Path

import pytest

from orchestrator.cli import main
from tests.orchestrator import answers
from tests.orchestrator.suites import many, write_suite

BROKEN = "FILE: a.py\n---\nx"
REPLAYED = ["--model", "replay", "--no-tests"]
ONE = ["--task", "task-0000"]
# Nobody listens there: a call that is made in spite of the budget would be an error of another kind.
LIVE = ["--model", "compatible/tiny", "--base-url", "http://127.0.0.1:9/v1", "--no-cache", "--no-tests"]

CASES = {
    "every sample is verified": ("good", ["--model", "replay"], 0, "verified 1/1"),
    "some fall short, and a gate decides later": ("broken", [*REPLAYED, "--exit-zero"], 0, "1 fail"),
    "some fall short": ("broken", REPLAYED, 1, "1 fail"),
    "no such suite": ("nowhere", REPLAYED, 2, "there is no such suite"),
    "no such task": ("good", [*REPLAYED, "--task", "task-0001"], 2, "did you mean task-0000?"),
    "an option that is none": ("good", [*REPLAYED, "--epochs", "0"], 2, "--epochs"),
    "an amount that is none": ("good", [*LIVE, "--budget", "money=nan"], 2, "money=NaN is no amount"),
    "a budget below nothing": ("good", [*LIVE, "--budget", "calls=-1"], 2, "calls=-1 is no amount"),
    "a budget that is no number": ("good", [*LIVE, "--budget", "calls=few"], 2, "holds no number"),
    "a folder that holds something else": ("good", [*REPLAYED, "--run", "good"], 2, "holds no run"),
    "samples that nobody judged": ("good", REPLAYED, 3, "1 inconclusive"),
    "no answer for any sample": ("empty", [*REPLAYED, *ONE], 3, "INCONCLUSIVE: more than 5%"),
    "errors alone, whatever is forgiven": (
        "empty",
        [*REPLAYED, *ONE, "--exit-zero"],
        3,
        "no recorded answer",
    ),
    "a budget that is used up": ("good", [*LIVE, "--budget", "calls=0"], 3, "go on with: --run"),
    "a folder that cannot be made": ("good", [*REPLAYED, "--run", "file/run"], 3, "with --run"),
}


@pytest.mark.parametrize(
    "case", [pytest.param(c, marks=[pytest.mark.network] if CASES[c][2] == 0 else []) for c in CASES]
)
def test_each_outcome_has_its_exit_code(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    suite, options, code, said = CASES[case]
    monkeypatch.chdir(tmp_path)
    recorded = {
        "good": many(1),
        "broken": {"broken": BROKEN},
        "empty": {"task-0000": "", "other": answers.GOOD},
    }
    if suite in recorded:
        write_suite(tmp_path / suite, recorded[suite])
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["backsmith", "eval", suite, *options])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr()
    assert ended.value.code == code, told.err
    assert said in told.out + told.err
    assert "Traceback" not in told.err


def test_a_budget_of_money_is_not_taken_for_one_where_the_price_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_suite(tmp_path / "good", {"good": answers.GOOD})
    for number, model in enumerate(("compatible/tiny", "openai/gpt-4o")):
        monkeypatch.setenv("OPENAI_API_KEY", "sk-nothing-0123456789")
        argv = [
            *LIVE[2:],
            "--model",
            model,
            "--budget",
            "money=0.5",
            "--budget",
            "calls=0",
            "--run",
            f"r{number}",
        ]
        monkeypatch.setattr("sys.argv", ["backsmith", "eval", "good", *argv])
        with pytest.raises(SystemExit):
            main()
        unknown = f"the price of {model} is unknown: limit its calls or tokens as well as money"
        assert (unknown in capsys.readouterr().err) == (model == "compatible/tiny")
