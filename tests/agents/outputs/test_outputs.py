"""Answers from elsewhere. The logs among the cases were written by Inspect AI 0.3.285 with its mock model."""

import json
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest

from agents.completion import CallTag, Message, Request, Usage
from agents.outputs.inspect_log import read_inspect
from agents.outputs.jsonl import read_jsonl
from agents.outputs.output import Output, OutputModel, numbered
from prompts.errors import CassetteMissError, ConfigError

CASES = Path(__file__).parent / "cases"


@pytest.mark.parametrize("name", ["small.eval", "small.json"])
def test_inspects_logs_are_read_in_both_of_their_forms(name: str) -> None:
    first, second = read_inspect(CASES / name)
    assert (first.task, first.epoch, first.model) == ("greeting", 1, "mockllm/model")
    assert first.text == "FILE: greeting.py\n---\nX = 1\n---\n"
    assert first.usage == Usage(input=11, output=7)
    assert (second.epoch, second.text) == (2, "I cannot do that.")
    assert first.stop_reason == "end"


def rewritten(path: Path, change: dict[str, object]) -> Path:
    log = json.loads((CASES / "small.json").read_text(encoding="utf-8"))
    log["samples"][0].update(change)
    path.write_text(json.dumps(log), encoding="utf-8")
    return path


def test_content_in_parts_a_stop_for_length_and_a_named_task_are_understood(tmp_path: Path) -> None:
    parts = [
        {"type": "reasoning", "reasoning": "hm"},
        {"type": "text", "text": "FILE"},
        {"type": "text", "text": ": a"},
    ]
    output = {"choices": [{"message": {"content": parts}, "stop_reason": "max_tokens"}]}
    log = rewritten(tmp_path / "l.json", {"output": output, "metadata": {"task": "other"}})
    first, _ = read_inspect(log)
    assert (first.text, first.stop_reason, first.task) == ("FILE: a", "length", "other")


def test_samples_that_failed_before_an_answer_are_left_out(tmp_path: Path) -> None:
    log = rewritten(tmp_path / "l.json", {"output": {}, "error": {"message": "no network"}})
    assert [output.epoch for output in read_inspect(log)] == [2]


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"eval": {}}', '{"version": 9, "eval": {"model": "m"}}', "[" * 100_000]
)
def test_what_is_no_log_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "l.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"l\.json is no"):
        list(read_inspect(path))


def test_hostile_archives_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "l.eval"
    path.write_bytes(b"PK\x03\x04" + bytes(60))
    with pytest.raises(ConfigError, match=r"no \.eval file"):
        list(read_inspect(path))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("samples/a.json", "{}")
    with pytest.raises(ConfigError, match=r"no header\.json"):
        list(read_inspect(path))
    bomb = tmp_path / "bomb.eval"
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("header.json", "w") as member,
    ):
        for _ in range(65):
            member.write(bytes(1 << 20))
    with pytest.raises(ConfigError, match="larger than"):
        list(read_inspect(bomb))


def test_damage_in_a_compressed_member_is_told(tmp_path: Path) -> None:
    data = bytearray((CASES / "small.eval").read_bytes())
    with zipfile.ZipFile(CASES / "small.eval") as archive:
        at = archive.getinfo("header.json").header_offset
    data[at + 60 : at + 90] = bytes(30)
    path = tmp_path / "l.eval"
    path.write_bytes(bytes(data))
    with pytest.raises(ConfigError, match=r"header\.json cannot be unpacked|is no log"):
        list(read_inspect(path))


def lines(path: Path, *values: object) -> Path:
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")
    return path


def test_json_lines_need_an_id_a_task_and_an_output(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "o.jsonl",
        {"id": 1, "task": "a", "output": "x\u2028y"},
        {
            "id": "2",
            "task": "a",
            "output": "",
            "model": "m",
            "epoch": 3,
            "cost_usd": 0.5,
            "tokens_out": 9,
            "more": 1,
        },
    )
    first, second = read_jsonl(path)
    assert (first.text, first.model, first.epoch) == ("x\u2028y", "elsewhere", None)
    assert (second.model, second.epoch, second.cost, second.usage.output) == ("m", 3, Decimal("0.5"), 9)


@pytest.mark.parametrize(
    ("line", "place"),
    [("{}", "id"), ("nonsense", "the line"), ('{"id": 1, "task": "a", "output": "x", "epoch": 0}', "epoch")],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, place: str) -> None:
    path = tmp_path / "o.jsonl"
    path.write_text('{"id": 1, "task": "a", "output": "x"}\n\n' + line + "\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"o\.jsonl:3: {place}"):
        list(read_jsonl(path))


def test_samples_without_a_number_are_taken_in_order() -> None:
    outputs = [
        Output("1", "a", "x"),
        Output("2", "a", "y", epoch=1),
        Output("3", "a", "z"),
        Output("4", "b", "w"),
    ]
    [known] = numbered(outputs).values()
    assert {key: output.text for key, output in known.items()} == {
        ("a", 1): "y", ("a", 2): "x", ("a", 3): "z", ("b", 1): "w",
    }  # fmt: skip


def test_one_epoch_claimed_twice_is_an_error() -> None:
    with pytest.raises(ConfigError, match="stands at one already"):
        numbered([Output("one", "a", "x", epoch=1), Output("two", "a", "y", epoch=1)])


async def test_the_model_answers_by_task_and_epoch_and_never_makes_one_up() -> None:
    model = OutputModel("m", {("digest", 2): Output("1", "a", "text", model="m", seconds=1.5)})
    pieces: list[str] = []
    done = await model.complete(request(2), pieces.append)
    assert (done.text, done.source, done.seconds, done.cost) == ("text", "manual", 1.5, None)
    assert pieces == ["text"]
    with pytest.raises(CassetteMissError, match="epoch 1"):
        await model.complete(request(1))


def request(epoch: int) -> Request:
    return Request("m", (Message("user", "x"),), CallTag("digest", "backend-builder", epoch=epoch))
