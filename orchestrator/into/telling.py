"""What a model is told about a repository for a task."""

from evals.context.build import BUDGET, Built, build_context
from evals.context.cache import ContextCache
from evals.context.reading import Reading, Source
from prompts.cache_folder import cache_folder
from prompts.task import Task
from sandbox.repository.source import SourceRepository


def context_for(task: Task, source: Source, repository: SourceRepository, budget: int = BUDGET) -> Built:
    """The context of a commit of a repository for a task, and what it took."""
    reading = Reading(source, ContextCache(cache_folder()))
    words = "\n".join([task.task, *task.requirements, task.data_models or ""])
    return build_context(repository.name, reading, words, budget, task.folder, repository.within)
