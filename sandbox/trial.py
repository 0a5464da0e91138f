"""One trial: a project's files go into a sandbox with all that they need, and its tests run."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace

from prompts.errors import SandboxError
from prompts.task import Limits
from sandbox.environments.cache import reap_builds
from sandbox.environments.result import Prepared, Unprepared
from sandbox.isolation.protocol import Command, Finished, Isolation, Mount
from sandbox.migrations import MigrationKind, MigrationStep, migrate, sqlite_path
from sandbox.report import TestReport
from sandbox.scratch import ScratchFolder, reap
from sandbox.services.choose import all_services, unserved
from sandbox.services.protocol import Binding, Service
from sandbox.settings import fill_settings, schemes_of
from sandbox.toolchains.choose import find_toolchain
from sandbox.toolchains.protocol import RESULTS, WORK, Toolchain
from sandbox.workspace import lay_out


@dataclass(frozen=True, slots=True)
class Project:
    """What is to be tried. ``dependencies`` are (ecosystem, specifier) pairs that the answer lists by itself;
    ``hidden_tests`` are laid over the files before the tests run.
    """

    files: Mapping[str, str]
    dependencies: tuple[tuple[str, str], ...] = ()
    migrations: tuple[tuple[MigrationKind, str], ...] = ()
    env_vars: tuple[tuple[str, str], ...] = ()
    database: str = ""
    extra_env: Mapping[str, str] = field(default_factory=dict)
    hidden_tests: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Trial:
    """How a trial ended. ``timings`` are seconds by stage."""

    report: TestReport
    toolchain: str = ""
    environment: str = ""
    importable: frozenset[str] | None = None
    migrations: tuple[MigrationStep, ...] = ()
    notes: tuple[str, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)


class Laboratory:
    """Runs trials in one isolation and holds the services that they share; an async context manager."""

    def __init__(self, isolation: Isolation, on_stage: Callable[[str], None] = lambda _: None) -> None:
        self.isolation = isolation
        self._on_stage = on_stage
        self._services = all_services()

    async def __aenter__(self) -> "Laboratory":
        await self.isolation.reap()
        reap()
        reap_builds()
        return self

    async def __aexit__(self, *_: object) -> None:
        for service in self._services:
            await service.stop()

    async def run(self, project: Project) -> Trial:
        """Try one project: environment, services, migrations, tests.

        What is no fault of the project (a tool missing here, no network) is a report with ``ours`` set.
        """
        toolchain = find_toolchain(project.files)
        if toolchain is None:
            return _ours("no toolchain here knows this kind of project")
        if missing := self._lacking(toolchain):
            return _ours(missing, toolchain.name)
        if absent := unserved(project.database, self._services):
            return _ours(absent, toolchain.name)
        clock = _Clock(self._on_stage)
        clock.start("environment")
        named = [spec for ecosystem, spec in project.dependencies if ecosystem == toolchain.ecosystem]
        prepared = await toolchain.prepare(project.files, named, self.isolation)
        if isinstance(prepared, Unprepared):
            report = TestReport(problem=prepared.message, ours=prepared.ours)
            return Trial(report, toolchain.name, timings=clock.stop())
        async with AsyncExitStack() as stack:
            clock.start("services")
            servers = [(service, await self._bind(service, stack)) for service in self._wanted(project)]
            bindings = [binding for _, binding in servers]
            bench = _Bench(project, prepared, bindings, self.isolation, toolchain.name)
            stack.callback(bench.remove)
            bench.lay_out()
            clock.start("migrations")
            migrated = await migrate(project.migrations, servers, bench.sqlite_file(), bench.run)
            clock.start("tests")
            report = await bench.test(toolchain)
        return Trial(
            report=report,
            toolchain=toolchain.name,
            environment=prepared.key,
            importable=prepared.importable,
            migrations=migrated,
            notes=(*prepared.notes, *(note for binding in bindings for note in binding.notes)),
            timings=clock.stop(),
        )

    def _lacking(self, toolchain: Toolchain) -> str:
        """What the toolchain needs and neither an image nor this machine has."""
        try:
            brought = self.isolation.image(toolchain.name)
        except SandboxError as error:
            return f"{error}; {error.hint}"
        return "" if brought else toolchain.problem()

    def _wanted(self, project: Project) -> list[Service]:
        schemes = schemes_of(value for _, value in project.env_vars)
        # A URL among the answer's variables alone may be of no use to its tests: without its server they decide.
        return [
            service
            for service in self._services
            if service.wanted(project.database.lower(), schemes) and not service.problem()
        ]

    async def _bind(self, service: Service, stack: AsyncExitStack) -> Binding:
        binding = await service.bind(self.isolation)
        stack.push_async_callback(service.release, binding)
        return binding


class _Bench:
    """The place of one trial: a work folder, a results folder, and the environment of its commands."""

    def __init__(
        self,
        project: Project,
        prepared: Prepared,
        bindings: Sequence[Binding],
        isolation: Isolation,
        toolchain: str,
    ) -> None:
        self._project = project
        self._isolation = isolation
        self._scratch = ScratchFolder("trial")
        folder = self._scratch.path
        work = Mount(folder / "work", WORK, writable=True)
        results = Mount(folder / "results", RESULTS, writable=True)
        self._work_folder = work.source
        self._work = isolation.inside(work)
        self._results = results
        self.env = {
            **fill_settings(project.env_vars, project.extra_env, bindings),
            **prepared.env,
        }
        mounts = [work, results, *prepared.mounts]
        for binding in bindings:
            mounts += binding.mounts
        self._command = Command(
            argv=(),
            cwd=self._work,
            env=self.env,
            mounts=tuple(mounts),
            limits=project.limits,
            relays=tuple(relay for binding in bindings for relay in binding.relays),
            toolchain=toolchain,
        )

    def lay_out(self) -> None:
        """Write the project's files, and the hidden tests over them."""
        self._work_folder.mkdir()
        self._results.source.mkdir()
        lay_out(self._project.files, self._work_folder)
        lay_out(self._project.hidden_tests, self._work_folder)

    async def run(self, argv: tuple[str, ...]) -> Finished:
        """Run a command of the project's, in its work folder."""
        return await self._isolation.run(replace(self._command, argv=argv))

    async def test(self, toolchain: Toolchain) -> TestReport:
        """Run the project's tests and read what they say."""
        files = {**self._project.files, **self._project.hidden_tests}
        plan = toolchain.command(files, self._work, self._isolation.inside(self._results))
        if isinstance(plan, str):
            return TestReport(problem=plan)
        command = replace(self._command, argv=plan.argv, env={**self.env, **plan.env})
        finished = await self._isolation.run(command)
        return toolchain.read(files, self._results.source, finished)

    def sqlite_file(self) -> str | None:
        """The SQLite file that DATABASE_URL names, as an inside path."""
        return sqlite_path(self.env.get("DATABASE_URL", ""), self._work)

    def remove(self) -> None:
        """Remove the folders."""
        self._scratch.remove()


class _Clock:
    """Seconds by stage; tells each stage as it begins."""

    def __init__(self, on_stage: Callable[[str], None]) -> None:
        self._on_stage = on_stage
        self._timings: dict[str, float] = {}
        self._stage = ""
        self._since = 0.0

    def start(self, stage: str) -> None:
        self.stop()
        self._stage, self._since = stage, time.monotonic()
        self._on_stage(stage)

    def stop(self) -> dict[str, float]:
        if self._stage:
            self._timings[self._stage] = round(time.monotonic() - self._since, 4)
            self._stage = ""
        return self._timings


def _ours(problem: str, toolchain: str = "") -> Trial:
    return Trial(TestReport(problem=problem, ours=True), toolchain)
