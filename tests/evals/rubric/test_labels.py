"""The rubric and the labelled set that ship, and what the errors in one's own say."""

from collections import Counter
from pathlib import Path

import pytest

from evals.rubric.labels import load_labels
from evals.rubric.rubric import load_rubric
from prompts.errors import ConfigError

RUBRIC = load_rubric()
SHIPPED = load_labels(RUBRIC)

PART = """\
topic: one
parts:
- id: {id}
  framework: FastAPI
  asked: How are passwords stored?
  text: Passwords are hashed with Argon2id, 19 MiB and two passes, off the event loop.
  labels:
    {criterion}: {{verdict: {verdict}, why: The measure is named and right.}}
"""


def test_the_shipped_set_is_large_and_varied() -> None:
    assert len(SHIPPED.parts) >= 60
    assert len({part.framework for part in SHIPPED.parts}) >= 7
    for criterion in RUBRIC.criteria:
        labels = [part.labels[criterion.id].verdict for part in SHIPPED.parts if criterion.id in part.labels]
        assert len(labels) >= 12, criterion.id
        assert set(labels) == {"pass", "fail", "not-applicable"}, criterion.id
    verdicts = Counter(label.verdict for part in SHIPPED.parts for label in part.labels.values())
    assert (
        verdicts.most_common(1)[0][1] < 0.6 * SHIPPED.labels
    )  # who always says the same thing agrees by chance only


def test_no_two_parts_are_the_same_text() -> None:
    assert len({" ".join(part.text.split()) for part in SHIPPED.parts}) == len(SHIPPED.parts)


def test_the_digests_follow_what_they_stand_for(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(PART.format(id="one", criterion="security", verdict="pass"), encoding="utf-8")
    first = load_labels(RUBRIC, tmp_path)
    path.write_text(PART.format(id="one", criterion="security", verdict="fail"), encoding="utf-8")
    assert load_labels(RUBRIC, tmp_path).digest != first.digest
    changed = RUBRIC.model_copy(update={"criteria": RUBRIC.criteria[:-1]})
    assert changed.digest != RUBRIC.digest


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "holds no labelled answers"),
        ({"a.yaml": PART.format(id="one", criterion="beauty", verdict="pass")}, "one is labelled by beauty"),
        (
            {"a.yaml": PART.format(id="one", criterion="security", verdict="good")},
            "parts.0.labels.security.verdict",
        ),
        (
            {n: PART.format(id="one", criterion="security", verdict="pass") for n in ("a.yaml", "b.yaml")},
            "b.yaml: the part one stands in the set twice",
        ),
        ({"a.yaml": "topic: [\n"}, "a.yaml cannot be read"),
    ],
)
def test_errors_name_the_file(files: dict[str, str], message: str, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_labels(RUBRIC, tmp_path)
    assert message in str(caught.value)


def test_a_rubric_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    entry = "{id: tone, asks: a, passes: b, fails: c, not_applicable: d}"
    path.write_text(f"name: own\nversion: '1'\ncriteria: [{entry}]\n", encoding="utf-8")
    assert [c.id for c in load_rubric(path).criteria] == ["tone"]
    path.write_text(f"name: own\nversion: '1'\ncriteria: [{entry}, {entry}]\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="tone stands there twice"):
        load_rubric(path)
