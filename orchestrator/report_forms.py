"""The forms that a run's report can have, each written where a person said."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from evals.results import RunResults, SampleResult
from orchestrator.report_files import put_bytes, put_pieces, put_text
from orchestrator.results import read_results
from prompts.errors import ConfigError


class Forms:
    """Reads a run once and writes any of its forms.

    A run of one task has its whole story in Markdown and JSON; a suite's run its metrics and one line a sample.
    """

    def __init__(self, run: Path, agent: str | None = None) -> None:
        self._folder = run
        self._agent = agent

    @cached_property
    def _results(self) -> RunResults:
        return read_results(self._folder)

    def markdown(self, target: Path) -> None:
        """Markdown: the story of a single task, or a summary for a pull request."""
        from evals.reports.markdown import report_markdown
        from evals.reports.suite_markdown import suite_markdown
        from orchestrator.reporting import load_report

        if self._results.suite:
            put_text(target, suite_markdown(self._results))
        else:
            put_text(target, report_markdown(load_report(self._folder)))

    def json(self, target: Path) -> None:
        """JSON; see docs/json.md."""
        from evals.reports.run_report import report_json
        from evals.reports.suite_report import suite_json
        from orchestrator.reporting import load_report

        if self._results.suite:
            put_text(target, suite_json(self._results))
        else:
            put_text(target, report_json(load_report(self._folder)))

    def html(self, target: Path) -> None:
        """One HTML file with everything in it."""
        from evals.reports.html.document import document
        from orchestrator.run_objects import RunObjects
        from orchestrator.sample_pages import gather_pages

        with RunObjects(Path(self._results.repository)) as objects:
            found = gather_pages(self._results, objects)
        put_pieces(target, document(self._results, found.pages, found.texts, version("backsmith")))

    def junit(self, target: Path) -> None:
        """JUnit XML."""
        from evals.reports.junit import junit

        put_text(target, junit(self._results))

    def sarif(self, target: Path) -> None:
        """SARIF of the rounds that count; with several samples their files stand in folders of their names."""
        from evals.probes.report import own_result
        from evals.sarif import write_samples_sarif
        from orchestrator.results import read_scores

        best = {sample.name: sample.best_round for sample in self._results.samples}
        checks = {
            name: (*score.checklist, *own_result(score.probes))
            for name, number, score in read_scores(self._folder, frozenset(best))
            if best[name] == number
        }
        alone = len(best) == 1
        samples = [("" if alone else name, checks[name]) for name in best if name in checks]
        put_text(target, write_samples_sarif(samples, version("backsmith")))

    def rows(self, target: Path) -> None:
        """One row a sample; the file's ending says in which form."""
        from evals.reports.rows import csv_text, jsonl_text, parquet_bytes, rows

        found = rows(self._results)
        match target.suffix.lower():
            case ".csv":
                put_text(target, csv_text(found))
            case ".jsonl":
                put_text(target, jsonl_text(found))
            case ".parquet":
                put_bytes(target, parquet_bytes(found))
            case other:
                raise ConfigError(
                    f"rows cannot be written as {other or target}", "name a .csv, .jsonl or .parquet file"
                )

    def inspect(self, target: Path) -> None:
        """A log for Inspect AI; in a folder (what is not named .json) one of each agent, by names that it finds."""
        from evals.gate.baseline import of_agent
        from evals.reports.inspect_log import inspect_log, log_name
        from orchestrator.run_objects import RunObjects
        from orchestrator.sample_texts import answer_text, prompt_messages

        # The run's own time, so that a later report of it takes the place of an earlier one.
        created = datetime.fromisoformat(self._results.began) if self._results.began else datetime.now(UTC)
        wanted = {target: self._agent}
        if str(target) != "-" and target.suffix.lower() != ".json":
            run = self._results if self._agent is None else of_agent(self._results, self._agent)
            wanted = {target / log_name(run, agent, created): agent.id for agent in run.agents}
        with RunObjects(Path(self._results.repository)) as objects:

            def texts(sample: SampleResult) -> tuple[Sequence[tuple[str, str]], str]:
                return prompt_messages(objects, sample), answer_text(objects, sample)

            for place, agent_id in wanted.items():
                put_text(place, inspect_log(self._results, agent_id, texts, version("backsmith"), created))
