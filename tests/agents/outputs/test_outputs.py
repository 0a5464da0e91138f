"""Answers from elsewhere. The logs among the cases were written by Inspect AI 0.3.285 with its mock model."""

import gzip
import json
import struct
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
    first, second = read_inspect(CASES / name, pytest.fail)
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
    first, _ = read_inspect(log, pytest.fail)
    assert (first.text, first.stop_reason, first.task) == ("FILE\n: a", "length", "other")


def test_tokens_and_cost_are_taken_over_in_our_terms(tmp_path: Path) -> None:
    usage = {
        "input_tokens": 1000, "output_tokens": 200, "total_tokens": 1257, "input_tokens_cache_read": 50,
        "input_tokens_cache_write": 7, "reasoning_tokens": 30, "total_cost": 0.0125,
    }  # fmt: skip
    output = {"choices": [{"message": {"content": "x"}}], "usage": usage, "time": 1.5}
    first, _ = read_inspect(rewritten(tmp_path / "l.json", {"output": output}), pytest.fail)
    assert first.usage == Usage(input=1057, output=200, cached=50, reasoning=30, cache_written=7)
    assert (first.cost, first.seconds) == (Decimal("0.0125"), 1.5)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"output": {}, "error": {"message": "no network"}}, "error before the model answered: no network"),
        ({"output": {"choices": []}, "limit": {"type": "operator", "limit": 1}}, "limit: operator"),
        ({"invalidation": {"author": "a"}}, "invalid"),
        ({"error": {"message": "the scorer failed"}}, ""),
        ({"output": {"choices": []}, "limit": {"type": "token", "limit": 1}}, ""),
    ],
)
def test_samples_without_an_answer_say_why_and_are_no_fault_of_the_model(
    tmp_path: Path, change: dict[str, object], problem: str
) -> None:
    first, second = read_inspect(rewritten(tmp_path / "l.json", change), pytest.fail)
    assert problem in first.problem
    assert bool(problem) == bool(first.problem)
    assert not second.problem


async def test_an_output_with_a_problem_is_no_answer() -> None:
    model = OutputModel("m", {("digest", 1): Output("log:3", "a", "", problem="no network")})
    with pytest.raises(CassetteMissError, match="log:3: no network"):
        await model.complete(request(1))


def test_samples_that_are_missing_are_told(tmp_path: Path) -> None:
    log = json.loads((CASES / "small.json").read_text(encoding="utf-8"))
    log["samples"].pop()
    log["status"] = "cancelled"
    path = tmp_path / "l.json"
    path.write_text(json.dumps(log), encoding="utf-8")
    told: list[str] = []
    assert len(list(read_inspect(path, told.append))) == 1
    assert told == [f"{path} has 1 of 2 samples (its eval: cancelled); no other is counted"]


def test_the_log_of_an_eval_that_was_killed_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "l.eval"
    log = json.loads((CASES / "small.json").read_text(encoding="utf-8"))
    start = json.dumps({key: log[key] for key in ("version", "eval", "plan")})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("_journal/start.json", start)
        archive.writestr("samples/", "")
        archive.writestr("samples/greeting_epoch_1.json", json.dumps(log["samples"][0]))
    told: list[str] = []
    [output] = read_inspect(path, told.append)
    assert (output.model, output.epoch) == ("mockllm/model", 1)
    assert len(told) == 1


def test_a_sample_that_was_written_twice_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "l.eval"
    log = json.loads((CASES / "small.json").read_text(encoding="utf-8"))
    later = {**log["samples"][0], "output": {"choices": [{"message": {"content": "later"}}]}}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("samples/1.json", json.dumps(log["samples"][0]))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("samples/1.json", json.dumps(later))
        archive.writestr("header.json", json.dumps({"eval": {"model": "m"}}))
    assert [output.text for output in read_inspect(path, pytest.fail)] == ["later"]


def test_numbers_that_are_none_and_depths_that_are_too_deep_are_no_crash(tmp_path: Path) -> None:
    log = (CASES / "small.json").read_text(encoding="utf-8")
    path = tmp_path / "l.json"
    path.write_text(
        log.replace('"scores": {', '"store": {"x": NaN, "y": -Infinity}, "scores": {'), encoding="utf-8"
    )
    assert len(list(read_inspect(path, pytest.fail))) == 2
    output = {"choices": [{"message": {"content": "x"}}], "time": float("nan")}
    with pytest.raises(ConfigError, match=r"samples\.0\.output\.time"):
        list(read_inspect(rewritten(path, {"output": output}), pytest.fail))
    path.write_text(
        log.replace('"scores": {', f'"store": {"[" * 9000}{"]" * 9000}, "scores": {{'), encoding="utf-8"
    )
    with pytest.raises(ConfigError, match="recursion limit"):
        list(read_inspect(path, pytest.fail))


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"eval": {}}', '{"version": 9, "eval": {"model": "m"}}', "[" * 100_000]
)
def test_what_is_no_log_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "l.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"l\.json is no"):
        list(read_inspect(path, pytest.fail))


def test_hostile_archives_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "l.eval"
    path.write_bytes(b"PK\x03\x04" + bytes(60))
    with pytest.raises(ConfigError, match=r"no \.eval file"):
        list(read_inspect(path, pytest.fail))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("samples/a.json", "{}")
    with pytest.raises(ConfigError, match=r"no _journal/start\.json"):
        list(read_inspect(path, pytest.fail))
    bomb = tmp_path / "bomb.eval"
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("header.json", "w") as member,
    ):
        for _ in range(65):
            member.write(bytes(1 << 20))
    with pytest.raises(ConfigError, match="larger than"):
        list(read_inspect(bomb, pytest.fail))


def test_damage_in_a_compressed_member_is_told(tmp_path: Path) -> None:
    data = bytearray((CASES / "small.eval").read_bytes())
    with zipfile.ZipFile(CASES / "small.eval") as archive:
        at = archive.getinfo("header.json").header_offset
    data[at + 60 : at + 90] = bytes(30)
    path = tmp_path / "l.eval"
    path.write_bytes(bytes(data))
    with pytest.raises(ConfigError, match=r"header\.json cannot be unpacked"):
        list(read_inspect(path, pytest.fail))


def test_a_byte_that_was_changed_within_an_answer_is_noticed(tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard")
    content = (CASES / "small.json").read_bytes()
    path = tmp_path / "l.eval"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("header.json", content)
    data = bytearray(path.read_bytes())
    at = data.index(content)
    packed = zstandard.ZstdCompressor(write_checksum=False).compress(content.replace(b"cannot", b"gannot"))
    assert len(packed) < len(content)
    data[at : at + len(content)] = packed + bytes(len(content) - len(packed))
    for signature, method in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        struct.pack_into("<H", data, data.index(signature) + method, 93)
    path.write_bytes(bytes(data))
    with pytest.raises(ConfigError, match="checksum"):
        list(read_inspect(path, pytest.fail))


def test_methods_of_compression_that_inspect_has_not_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "l.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("header.json", "{}")
    with pytest.raises(ConfigError, match="method 14"):
        list(read_inspect(path, pytest.fail))


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


def test_marks_of_order_line_ends_and_compression_are_no_matter(tmp_path: Path) -> None:
    line = json.dumps({"id": 1, "task": "a", "output": "x\r\ny"})
    path = tmp_path / "o.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + f"{line}\r\n\r\n".encode() + line.replace("1", "2").encode())
    assert [output.text for output in read_jsonl(path)] == ["x\r\ny", "x\r\ny"]
    packed = tmp_path / "o.jsonl.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert [output.task for output in read_jsonl(packed)] == ["a", "a"]
    packed.write_bytes(gzip.compress(path.read_bytes())[:-9])
    with pytest.raises(ConfigError, match=r"o\.jsonl\.gz cannot be read"):
        list(read_jsonl(packed))


def test_what_is_no_utf_8_is_told_by_line_and_half_characters_are_marked(tmp_path: Path) -> None:
    path = tmp_path / "o.jsonl"
    path.write_bytes(b'{"id": 1, "task": "a", "output": "\\ud83c cut \\\\ud83c \\ud83c\\udf89"}\n\xff\n')
    found = read_jsonl(path)
    assert next(found).text == "? cut \\ud83c \U0001f389"
    with pytest.raises(ConfigError, match=r"o\.jsonl:2 is no UTF-8"):
        next(found)


def test_an_output_that_stands_twice_is_refused(tmp_path: Path) -> None:
    line = {"id": 1, "task": "a", "output": "x"}
    with pytest.raises(ConfigError, match=r"o\.jsonl:2: the id 1 stands at .*o\.jsonl:1 already"):
        list(read_jsonl(lines(tmp_path / "o.jsonl", line, line)))
    other = {**line, "output": "y"}
    assert len(list(read_jsonl(lines(tmp_path / "o.jsonl", line, other)))) == 2, "two samples of one task"
    epochs = [{**line, "epoch": 1}, {**line, "epoch": 2}]
    assert len(list(read_jsonl(lines(tmp_path / "o.jsonl", *epochs)))) == 2


def test_places_are_one_line_whatever_the_file_calls_its_samples(tmp_path: Path) -> None:
    [output] = read_jsonl(lines(tmp_path / "o.jsonl", {"id": "a\x1b[2J\nb", "task": "a", "output": "x"}))
    assert output.place.isprintable()


def test_a_line_of_many_megabytes_is_read(tmp_path: Path) -> None:
    [output] = read_jsonl(lines(tmp_path / "o.jsonl", {"id": 1, "task": "a", "output": "x" * (50 << 20)}))
    assert len(output.text) == 50 << 20


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
