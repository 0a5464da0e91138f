"""Recording and replaying: what is kept, what is found again, and what is not answered."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.cassette.cassette import Cassette, open_cassette
from agents.cassette.entry import CALL, RESPONSE
from agents.cassette.key import key_of
from agents.cassette.replay import Recorder, ReplayModel
from agents.completion import Completion, Parameters, Request, Usage
from agents.models import ModelOptions, open_model
from agents.redaction import Redactor
from prompts.errors import CassetteMissError, ConfigError, StoreError
from prompts.taskfile import load_task
from tests.agents.conftest import request_for

PLAIN = Redactor({})
ANSWER = Completion(
    text="FILE: a.py\n---\nx = 1\r\n\u2028\x0c\n---\n",
    stop_reason="end",
    model="gpt-5-2026-01-01",
    reasoning="Think.",
    usage=Usage(input=10, output=5, cached=2, reasoning=1),
    cost=Decimal("0.0125"),
    request_id="req_1",
    first_token_seconds=0.25,
    seconds=1.5,
)


def recorded(folder: Path, *requests: Request, answer: Completion = ANSWER) -> Cassette:
    cassette = Cassette(folder)
    for request in requests:
        cassette.write(request, answer)
    return open_cassette(folder)


async def test_the_same_request_gets_the_same_completion(tmp_path: Path) -> None:
    request = request_for("openai/gpt-5")
    pieces: list[str] = []

    completion = await ReplayModel(recorded(tmp_path, request)).complete(request, pieces.append)

    assert completion == replace(ANSWER, source="replayed")
    assert "".join(pieces) == ANSWER.text


def test_an_entry_is_a_folder_of_readable_files(tmp_path: Path) -> None:
    request = request_for("openai/gpt-5", "Build it.", parameters=Parameters(temperature=0.5))
    recorded(tmp_path, request)

    (entry,) = (path for path in tmp_path.iterdir() if path.is_dir())
    assert entry.name == f"aaaaaaaaaaaa-backend-builder-r1-e1-{key_of(request, PLAIN)[:16]}"
    assert sorted(path.name for path in entry.iterdir()) == [
        "1-system.md",
        "2-user.md",
        "call.json",
        "reasoning.md",
        "response.md",
    ]
    assert (entry / "2-user.md").read_bytes() == b"Build it."
    assert (entry / RESPONSE).read_bytes() == ANSWER.text.encode()
    call = json.loads((entry / CALL).read_bytes())
    assert call["parameters"] == {"temperature": 0.5}
    assert call["cost"] == "0.0125"


@given(text=st.text())
async def test_every_answer_comes_back_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    request = request_for("openai/gpt-5")
    cassette = recorded(tmp_path_factory.mktemp("cassette"), request, answer=replace(ANSWER, text=text))
    assert (await ReplayModel(cassette).complete(request)).text == text


@pytest.mark.parametrize(
    "changed",
    [
        request_for("openai/gpt-5-mini"),
        request_for("openai/gpt-5", "Build it!"),
        request_for("openai/gpt-5", parameters=Parameters(temperature=0.1)),
        request_for("openai/gpt-5", epoch=2),
    ],
    ids=["model", "prompt", "settings", "epoch"],
)
async def test_a_request_that_differs_in_anything_is_a_miss(tmp_path: Path, changed: Request) -> None:
    cassette = recorded(tmp_path, request_for("openai/gpt-5"))
    with pytest.raises(CassetteMissError) as error:
        await ReplayModel(cassette).complete(changed)
    assert error.value.exit_code == 3


async def test_a_miss_shows_the_nearest_request_and_how_it_differs(tmp_path: Path) -> None:
    near = request_for("openai/gpt-5", "Build a wallet.\nUse FastAPI.\nUse PostgreSQL.")
    far = request_for("openai/gpt-5", "Write a poem.", task="b" * 64)
    cassette = recorded(tmp_path, far, near)

    with pytest.raises(CassetteMissError) as error:
        await ReplayModel(cassette).complete(
            request_for("openai/gpt-5", "Build a wallet.\nUse Flask.\nUse PostgreSQL.")
        )

    told = str(error.value)
    assert f"The nearest is aaaaaaaaaaaa-backend-builder-r1-e1-{key_of(near, PLAIN)[:16]}" in told
    assert "-Use FastAPI." in told
    assert "+Use Flask." in told
    assert "poem" not in told
    assert "--replay by-task" in error.value.hint


async def test_a_miss_stays_short_whatever_the_prompts(tmp_path: Path) -> None:
    before = "\n".join(f"old {number} " + "x" * 1000 for number in range(20_000))
    after = "\n".join(f"new {number} " + "y" * 1000 for number in range(20_000))
    cassette = recorded(tmp_path, request_for("openai/gpt-5", before))
    with pytest.raises(CassetteMissError) as error:
        await ReplayModel(cassette).complete(request_for("openai/gpt-5", after))
    assert len(str(error.value)) < 10_000


async def test_a_drifted_prompt_is_answered_only_when_asked_and_says_so(tmp_path: Path) -> None:
    cassette = recorded(tmp_path, request_for("openai/gpt-5", "Old prompt."))
    new = request_for("openai/gpt-5", "New prompt.")

    completion = await ReplayModel(cassette, by_task=True).complete(new)

    assert completion.source == "drifted"
    assert completion.text == ANSWER.text


@pytest.mark.parametrize(
    "elsewhere",
    [
        request_for("openai/gpt-5", "New prompt.", task="b" * 64),
        request_for("openai/gpt-5", "New prompt.", round=2),
        request_for("openai/gpt-5", "New prompt.", epoch=2),
    ],
    ids=["task", "round", "epoch"],
)
async def test_by_task_does_not_stretch_to_another_place(tmp_path: Path, elsewhere: Request) -> None:
    cassette = recorded(tmp_path, request_for("openai/gpt-5", "Old prompt."))
    with pytest.raises(CassetteMissError):
        await ReplayModel(cassette, by_task=True).complete(elsewhere)


async def test_by_task_prefers_the_exact_request(tmp_path: Path) -> None:
    old, new = request_for("openai/gpt-5", "Old prompt."), request_for("openai/gpt-5", "New prompt.")
    completion = await ReplayModel(recorded(tmp_path, old, new), by_task=True).complete(new)
    assert completion.source == "replayed"


async def test_by_task_refuses_to_choose(tmp_path: Path) -> None:
    cassette = recorded(tmp_path, request_for("openai/gpt-5", "One."), request_for("openai/gpt-5", "Two."))
    with pytest.raises(ConfigError, match="several recordings match"):
        await ReplayModel(cassette, by_task=True).complete(request_for("openai/gpt-5", "Three."))


async def test_plain_replay_takes_the_one_recorded_model(tmp_path: Path) -> None:
    cassette = recorded(tmp_path, request_for("openai/gpt-5"))
    assert (await ReplayModel(cassette).complete(request_for("replay"))).text == ANSWER.text


async def test_plain_replay_of_two_models_asks_which(tmp_path: Path) -> None:
    cassette = recorded(tmp_path, request_for("openai/gpt-5"), request_for("anthropic/claude-opus-5"))
    with pytest.raises(ConfigError, match=r"anthropic/claude-opus-5, openai/gpt-5") as error:
        await ReplayModel(cassette).complete(request_for("replay"))
    assert error.value.hint == "Say which: --model replay/anthropic/claude-opus-5"

    options = ModelOptions(cassette=tmp_path)
    model = open_model("replay/openai/gpt-5", options, environ={})
    assert (await model.complete(request_for("replay/openai/gpt-5"))).text == ANSWER.text


async def test_recordings_without_requests_match_by_task(tmp_path: Path) -> None:
    recording = tmp_path / "notes"
    recording.mkdir()
    (recording / "task.yaml").write_text("task: Build notes\nframework: Flask\n", encoding="utf-8")
    (recording / "response.md").write_bytes("FILE: é.py\r\n".encode())
    digest = load_task(recording / "task.yaml").digest
    cassette = open_cassette(tmp_path)

    completion = await ReplayModel(cassette, by_task=True).complete(request_for("replay", task=digest))
    assert completion.text == "FILE: é.py\r\n"
    assert completion.source == "drifted"

    with pytest.raises(CassetteMissError, match="recordings without their requests"):
        await ReplayModel(cassette).complete(request_for("replay", task=digest))


async def test_an_answer_that_was_changed_is_not_replayed(tmp_path: Path) -> None:
    request = request_for("openai/gpt-5")
    cassette = recorded(tmp_path, request)
    (path,) = tmp_path.glob(f"*/{RESPONSE}")
    path.write_text("Something else.", encoding="utf-8")
    with pytest.raises(StoreError, match="is not what was recorded"):
        await ReplayModel(cassette).complete(request)


async def test_a_damaged_entry_is_named(tmp_path: Path) -> None:
    request = request_for("openai/gpt-5")
    cassette = recorded(tmp_path, request)
    (path,) = tmp_path.glob(f"*/{CALL}")
    call = json.loads(path.read_bytes())
    path.write_text(json.dumps(call | {"stop_reason": "tired"}), encoding="utf-8")
    with pytest.raises(StoreError, match=r"call\.json: stop_reason: Input should be"):
        await ReplayModel(cassette).complete(request)


async def test_recording_keeps_what_was_answered(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    request = request_for("openai/gpt-5")
    recorder = Recorder(ReplayModel(recorded(source, request)), Cassette(target))

    completion = await recorder.complete(request)

    assert completion.text == ANSWER.text
    assert (await ReplayModel(open_cassette(target)).complete(request)).text == ANSWER.text


async def test_recording_refuses_reuses_or_overwrites(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    request = request_for("openai/gpt-5")
    fresh = ReplayModel(recorded(source, request, answer=replace(ANSWER, text="new")))
    recorded(target, request, answer=replace(ANSWER, text="old"))

    with pytest.raises(ConfigError, match="is recorded already"):
        await Recorder(fresh, Cassette(target)).complete(request)
    assert (await Recorder(fresh, Cassette(target), present="reuse").complete(request)).text == "old"
    assert (await Recorder(fresh, Cassette(target), present="overwrite").complete(request)).text == "new"
    assert (await ReplayModel(open_cassette(target)).complete(request)).text == "new"
    assert len([path for path in target.iterdir() if path.is_dir()]) == 1


def test_a_writer_that_died_leaves_no_entry(tmp_path: Path) -> None:
    request = request_for("openai/gpt-5")
    recorded(tmp_path, request)
    (tmp_path / ".writing-x1").mkdir()
    (tmp_path / ".writing-x1" / RESPONSE).write_text("half an ans", encoding="utf-8")
    assert len(open_cassette(tmp_path)) == 1


async def test_secrets_stay_out_of_the_cassette(tmp_path: Path) -> None:
    key = "sk-proj-THEKEY1234567890"
    redactor = Redactor.from_environment({"OPENAI_API_KEY": key})
    request = request_for("openai/gpt-5", f"My key is {key}.")
    cassette = Cassette(tmp_path, redactor)
    cassette.write(request, replace(ANSWER, text=f"KEY = '{key}'\n", reasoning=f"They sent {key}."))

    for path in tmp_path.rglob("*"):
        assert not path.is_file() or key.encode() not in path.read_bytes()
    replayed = await ReplayModel(Cassette(tmp_path, redactor)).complete(request)
    assert replayed.text == "KEY = '[redacted:OPENAI_API_KEY]'\n"


@pytest.mark.parametrize("kind", ["missing", "empty"])
def test_a_folder_without_recordings_is_a_configuration_error(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / kind
    if kind == "empty":
        folder.mkdir()
    with pytest.raises(ConfigError):
        open_cassette(folder)
