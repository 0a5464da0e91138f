"""The hash of the judge: it names what is there, so that nothing moved away leaves it in silence."""

from evals import grader


def test_every_part_of_the_judge_is_there() -> None:
    missing = [part for part in grader.PARTS if not (grader.ROOT / part).exists()]
    assert missing == []
