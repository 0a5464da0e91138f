"""What a model is told about a repository for a task."""

from evals.context.build import BUDGET, Built, build_context, read_outlines
from evals.context.cache import OutlineCache
from prompts.repository import RepositoryContext
from prompts.task import Task
from sandbox.environments.cache import cache_folder
from sandbox.repository.snapshot import Snapshot


def context_for(task: Task, snapshot: Snapshot, name: str, budget: int = BUDGET) -> RepositoryContext:
    """The context of a snapshot for a task."""
    return built_for(task, snapshot, name, budget).context


def built_for(task: Task, snapshot: Snapshot, name: str, budget: int = BUDGET) -> Built:
    """The same, with what it took."""
    outlines = read_outlines(snapshot.files, snapshot.blobs, OutlineCache(cache_folder()))
    words = "\n".join([task.task, *task.requirements, task.data_models or ""])
    return build_context(name, snapshot.commit, snapshot.files, outlines, words, budget)
