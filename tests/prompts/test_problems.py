"""What is wrong with a file, told as one error."""

import pytest
from pydantic import BaseModel, ValidationError

from prompts.errors import ConfigError
from prompts.problems import Problem, config_error, first_problem, problems_found, validated
from prompts.yamltext import read_mapping


class Book(BaseModel):
    title: str
    pages: int


def test_one_problem_keeps_its_hint_apart() -> None:
    error = config_error("a.yaml", [Problem(3, "unknown field `x`", "did you mean `y`?")])
    assert (str(error), error.hint) == ("a.yaml:3: unknown field `x`", "did you mean `y`?")


def test_several_stand_in_the_order_of_their_lines_and_what_has_no_line_comes_last() -> None:
    problems = [Problem(0, "no title", "add one"), Problem(9, "late"), Problem(2, "early", "mend it")]
    error = config_error("a.yaml", problems)
    assert str(error) == "a.yaml:2: early (mend it)\na.yaml:9: late\na.yaml: no title (add one)"
    assert error.hint == ""


def test_what_pydantic_finds_is_told_with_the_line_it_stands_on() -> None:
    root = read_mapping("# a book\npages: many\n", "a.yaml")
    with pytest.raises(ConfigError) as caught:
        validated(Book, {"pages": "many"}, root, "a.yaml", lambda names, found: (names[-1], found["type"]))
    assert str(caught.value) == "a.yaml:2: pages (int_parsing)\na.yaml: title (missing)"


def test_what_has_no_name_is_called_by_the_word_for_the_whole() -> None:
    with pytest.raises(ValidationError) as caught:
        Book.model_validate(["no mapping"])
    assert first_problem(caught.value, "the line").startswith("the line: Input should be")
    assert len(problems_found(caught.value, "the line")) == 1
