"""The task: what a person wants built. Read from YAML by ``prompts.taskfile``."""

import hashlib
import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from prompts.access import Access
from prompts.endpoints import find_endpoints, parameter_style, same_shape

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


class Endpoint(BaseModel):
    """One endpoint that a requirement names: ``POST /auth/login - Login`` and its kin."""

    model_config = ConfigDict(frozen=True)

    method: Method
    path: str
    requirement: str


class Limits(BaseModel):
    """What one sandboxed command may use. Seconds are wall time, sizes are MiB."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: float = Field(default=120, gt=0, le=7200)
    memory_mb: int = Field(default=2048, ge=64, le=1_048_576)
    processes: int = Field(default=256, ge=1, le=65_536)
    output_mb: int = Field(default=4, ge=1, le=1024)
    disk_mb: int = Field(default=512, ge=1, le=1_048_576)


class Task(BaseModel):
    """One task. Only ``task`` and ``framework`` are required; all else may be absent.

    ``context`` and ``hidden_tests`` hold the text of the named files by their relative path; hidden tests are
    laid over the submission's files after the model has answered and are never shown to it. ``settings`` are
    model settings as they were written (``agents.settings`` reads them); they do not define the task. ``auth``
    says who may call what, over what the requirements are read to say; the model is not shown it. ``start``
    is the command that starts the application. ``folder`` is the project's within a repository that holds several.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: Text
    requirements: tuple[Text, ...] = ()
    framework: Text
    database: Text | None = None
    data_models: Text | None = None
    context: dict[str, str] = {}
    env: dict[str, str] = {}
    limits: Limits = Limits()
    hidden_tests: dict[str, str] = {}
    settings: dict[str, str | tuple[str, ...]] = {}
    auth: Access | None = None
    start: Text | None = None
    folder: Text | None = None

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The endpoints that the requirements name, in order, without repeats."""
        found: dict[tuple[str, str], Endpoint] = {}
        parameter = parameter_style(self.requirements)
        for text in self.requirements:
            for method, path in find_endpoints(text, parameter=parameter):
                endpoint = Endpoint.model_validate({"method": method, "path": path, "requirement": text})
                found.setdefault((method, same_shape(path)), endpoint)
        return tuple(found.values())

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of what defines the task; equal for tasks that ask for the same thing."""
        # What a task does not say is left out, so that tasks of older versions keep their digest.
        unsaid = {name for name in ("auth", "start", "folder") if getattr(self, name) is None}
        left_out = {"settings", *unsaid}
        return hashlib.sha256(self.model_dump_json(exclude=left_out).encode("utf-8")).hexdigest()

    @property
    def slug(self) -> str:
        """A short name that is safe in branch and folder names."""
        return f"{slug(self.task)}-{self.digest[:8]}"


def slug(title: str) -> str:
    """A title as a short name that is safe in branch and folder names."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return words[:48].rstrip("-") or "task"
