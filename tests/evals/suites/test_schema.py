"""The JSON Schemas in docs/schema are those of the code; `python -m tests.evals.suites.test_schema` renews them."""

import json
from pathlib import Path
from typing import Any

import pytest

from evals.probes.script import ScriptFile
from evals.suites.suite import SuiteFile
from prompts.task_schema import task_schema

FOLDER = Path(__file__).parents[3] / "docs" / "schema"


def suite_schema() -> dict[str, Any]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **SuiteFile.model_json_schema()}


def probes_schema() -> dict[str, Any]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **ScriptFile.model_json_schema()}


SCHEMAS = {"probes.json": probes_schema, "suite.json": suite_schema, "task.json": task_schema}


def written(name: str) -> str:
    return json.dumps(SCHEMAS[name](), indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_in_docs_is_the_code_s(name: str) -> None:
    told = "renew it: python -m tests.evals.suites.test_schema"
    assert (FOLDER / name).read_text(encoding="utf-8") == written(name), told


if __name__ == "__main__":
    for each in SCHEMAS:
        (FOLDER / each).write_text(written(each), encoding="utf-8")
