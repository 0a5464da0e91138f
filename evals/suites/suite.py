"""A suite: the tasks of an eval, read from a folder with ``suite.yaml``."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from evals.probes.script import Script
from prompts.task import Task

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class TaskEntry(BaseModel):
    """One task of a suite: a folder with ``task.yaml``, or a task file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: Text = Field(description="A folder with task.yaml, or a task file; relative to the suite.")
    id: Name | None = Field(default=None, description="The task's name in results; the folder's by default.")
    family: Name | None = Field(
        default=None,
        description="Tasks of one family are alike: error bars are clustered by it. The id by default.",
    )
    probes: bool | None = Field(
        default=None,
        description="Whether the application is started and probed; as the suite says by default.",
    )


def _entry(value: object) -> object:
    return {"task": value} if isinstance(value, str) else value


class SuiteFile(BaseModel):
    """What ``suite.yaml`` says. Only ``suite`` is required."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    suite: Name = Field(description="The suite's name.")
    description: Text | None = None
    tasks: tuple[
        Annotated[TaskEntry, BeforeValidator(_entry, json_schema_input_type=TaskEntry | str)], ...
    ] = Field(
        default=(),
        description="The tasks, in order; by default every folder below the suite that has a task.yaml.",
    )
    epochs: int = Field(default=1, ge=1, le=10_000, description="Samples of each task by each agent.")
    rounds: int = Field(default=1, ge=1, le=20, description="Answers at most in a sample, repairs included.")
    probes: bool = Field(default=True, description="Whether applications are started and probed over HTTP.")
    cassette: Text | None = Field(
        default=None, description="The folder of recorded answers that `--model replay` uses by default."
    )
    replay: Literal["exact", "by-task"] = Field(
        default="exact", description="How the cassette is matched; by-task where prompts may have changed."
    )


@dataclass(frozen=True, slots=True)
class SuiteTask:
    """A task and what only its judge knows. ``hidden_tests`` come on top of those that the task file names;
    ``probes``: the application is started and asked; ``scripts`` are the task's own probes.
    """

    id: str
    family: str
    task: Task
    hidden_tests: Mapping[str, str] = field(default_factory=dict)
    probes: bool = False
    scripts: tuple[Script, ...] = ()

    @property
    def judged(self) -> Task:
        """The task as its judge has it."""
        if not self.hidden_tests:
            return self.task
        return self.task.model_copy(update={"hidden_tests": {**self.task.hidden_tests, **self.hidden_tests}})

    @property
    def tests_hash(self) -> str:
        """SHA-256 (hex) of what the judge knows beyond the task: hidden tests, limits, probes."""
        judged = self.judged
        told = [sorted(judged.hidden_tests.items()), judged.limits.model_dump(), self.probes]
        # What a task does not have is left out, so that tasks of older versions keep their hash.
        told += [[script.model_dump_json() for script in self.scripts]] if self.scripts else []
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode("utf-8")).hexdigest()


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite as it was read. ``cassette`` is the folder that it ships recorded answers in."""

    name: str
    folder: Path
    description: str
    tasks: tuple[SuiteTask, ...]
    epochs: int = 1
    rounds: int = 1
    cassette: Path | None = None
    replay: Literal["exact", "by-task"] = "exact"
