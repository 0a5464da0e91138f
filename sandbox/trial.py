"""One trial: a project's files go into a sandbox with all that they need, and its tests run."""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace

from prompts.errors import SandboxError
from sandbox.application.serving import Application, NotServed, serving
from sandbox.application.start import find_start
from sandbox.bench import Bench, Project, rooted
from sandbox.environments.cache import need_cache, reap_builds
from sandbox.environments.result import Prepared, Unprepared
from sandbox.hidden import has_own_tests, joined, with_hidden_alone, without_hidden
from sandbox.isolation.protocol import Isolation
from sandbox.migrations import MigrationStep, migrate
from sandbox.report import TestReport
from sandbox.scratch import reap
from sandbox.services.choose import all_services, unserved
from sandbox.services.container import CONTAINER_SCRATCH, reap_containers
from sandbox.services.protocol import Binding, Remark, Service, Telling, heard
from sandbox.settings import schemes_of
from sandbox.toolchains.choose import find_toolchain
from sandbox.toolchains.protocol import Toolchain
from sandbox.trial_cache import KeptTrial, TrialCache, trial_key
from sandbox.warm.compare import differences
from sandbox.warm.mode import WarmMode
from sandbox.warm.place import ZygoteLostError
from sandbox.warm.zygotes import Zygotes

__all__ = ["Laboratory", "Project", "Trial"]


@dataclass(frozen=True, slots=True)
class Trial:
    """How a trial ended. ``timings`` are seconds by stage; ``cached``: its tests ran at an earlier time."""

    report: TestReport
    toolchain: str = ""
    environment: str = ""
    importable: frozenset[str] | None = None
    migrations: tuple[MigrationStep, ...] = ()
    notes: tuple[str, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    cached: bool = False


class Laboratory:
    """Runs trials in one isolation and holds the services that they share; an async context manager.

    ``cache`` keeps how trials ended; without one each is run. ``warm`` says which tests are forked from a process
    that has their packages imported; ``compare`` runs them both ways and notes what came out differently.
    """

    def __init__(
        self,
        isolation: Isolation,
        on_stage: Callable[[str], None] = lambda _: None,
        cache: TrialCache | None = None,
        warm: WarmMode = "auto",
    ) -> None:
        self.isolation = isolation
        self._on_stage = on_stage
        self._cache = cache
        self._services = all_services()
        for service in self._services:
            if isinstance(service, Telling):
                service.tell_by(on_stage)
        self._warm = warm
        self._zygotes = Zygotes(isolation, "always" if warm == "compare" else warm)
        self._cold = Zygotes(isolation, "off")

    async def __aenter__(self) -> "Laboratory":
        need_cache()
        await self.isolation.reap()
        if any(name.startswith(CONTAINER_SCRATCH) for name in reap()):
            await reap_containers()
        reap_builds()
        if self._cache:
            self._cache.prune()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._zygotes.close()
        for service in self._services:
            await service.stop()

    async def run(self, project: Project) -> Trial:
        """Try one project: environment, services, migrations, tests.

        What is no fault of the project (a tool missing here, no network) is a report with ``ours`` set.
        """
        project = rooted(project)
        clock = _Clock(self._on_stage)
        clock.start("environment")
        ready = await self._prepare(project)
        if isinstance(ready, TestReport):
            toolchain = find_toolchain(project.files)
            return Trial(ready, toolchain.name if toolchain else "", timings=clock.stop())
        toolchain, prepared = ready
        key = self._key(project, toolchain, prepared)
        found = self._cache.find(key) if self._cache and key else None
        told = found or await self._try(project, ready, clock, key)
        return Trial(
            report=told.report,
            toolchain=toolchain.name,
            environment=prepared.key,
            importable=prepared.importable,
            migrations=told.migrations,
            notes=(*prepared.notes, *told.notes),
            timings=clock.stop(),
            cached=found is not None,
        )

    def _key(self, project: Project, toolchain: Toolchain, prepared: Prepared) -> str:
        if self._cache is None or self._warm == "compare":
            return ""
        return trial_key(project, toolchain.name, prepared, self._wanted(project), self.isolation)

    async def _try(
        self, project: Project, ready: "tuple[Toolchain, Prepared]", clock: "_Clock", key: str
    ) -> KeptTrial:
        """The answer's own tests, then the task's hidden ones; kept under the key where all came to its end."""
        toolchain = ready[0]
        own = None
        if has_own_tests(project, toolchain):
            own = await self._once(without_hidden(project), ready, clock)
        told = own
        if project.hidden_tests and not (own and own.kept.report.ours):
            told = await self._hidden(project, toolchain, own, clock)
        assert told is not None  # noqa: S101 - there are own tests, or hidden ones
        if self._cache and key and not told.limited:
            self._cache.keep(key, told.kept)
        return told.kept

    async def _hidden(
        self, project: Project, toolchain: Toolchain, own: "_Ended | None", clock: "_Clock"
    ) -> "_Ended":
        """The hidden tests in a sandbox, with services, of their own: nothing is left of what ran before them."""
        clock.start("hidden-tests")
        alone = with_hidden_alone(project, toolchain)
        ready = await self._prepare(replace(alone, files={**alone.files, **alone.hidden_tests}))
        if isinstance(ready, TestReport):
            ended = _Ended(KeptTrial(ready), limited=True)
        else:
            ended = await self._once(alone, ready)
        report = joined(own.kept.report if own else None, ended.kept.report, project)
        first = own or ended
        return _Ended(replace(first.kept, report=report), limited=first.limited or ended.limited)

    async def _once(
        self, project: Project, ready: "tuple[Toolchain, Prepared]", clock: "_Clock | None" = None
    ) -> "_Ended":
        """Services, migrations and tests, once; to compare, once more before that, and warm."""
        if self._warm != "compare":
            return await self._through_warm(project, ready, clock)
        warm = await self._through_warm(project, ready)
        cold = await self._through(project, ready, self._cold, clock)
        notes = (*cold.kept.notes, *warm.kept.notes, *differences(warm.kept.report, cold.kept.report))
        return replace(cold, kept=replace(cold.kept, notes=tuple(dict.fromkeys(notes))))

    async def _through_warm(
        self, project: Project, ready: "tuple[Toolchain, Prepared]", clock: "_Clock | None" = None
    ) -> "_Ended":
        """Services, migrations and tests, warm where that can be; from the start, and cold, where a zygote is lost."""
        try:
            return await self._through(project, ready, self._zygotes, clock)
        except ZygoteLostError as error:
            ended = await self._through(project, ready, self._cold, clock)
            notes = (*ended.kept.notes, f"tests ran cold: {error}")
            return replace(ended, kept=replace(ended.kept, notes=notes))

    async def _through(
        self,
        project: Project,
        ready: "tuple[Toolchain, Prepared]",
        zygotes: Zygotes,
        clock: "_Clock | None" = None,
    ) -> "_Ended":
        """Services, migrations and tests. The stages are timed where there is a clock."""
        start = clock.start if clock else lambda _: None
        async with AsyncExitStack() as stack:
            start("services")
            servers = await self._bind_all(project, stack)
            bench = self._bench(project, ready, servers, stack, zygotes)
            bench.lay_out()
            start("migrations")
            migrated = await migrate(project.migrations, servers, bench.sqlite_file(), bench.run)
            start("tests")
            report = await bench.test(ready[0])
            remarks = (*heard(servers), *bench.remarks())
        notes = tuple(note for _, binding in servers for note in binding.notes)
        said = tuple(remark.text for remark in remarks)
        kept = KeptTrial(_in_their_light(report, remarks), migrated, (*notes, *said, *bench.notes))
        return _Ended(kept, bench.limited or bool(remarks))

    @asynccontextmanager
    async def serve(self, project: Project, seconds: float) -> "AsyncIterator[Application | NotServed]":
        """The project's application, started with services and migrations of its own, for at most ``seconds``.

        It answers, or there is a reason why not; nothing of it is left running afterwards.
        """
        self._on_stage("application")
        project = rooted(project)
        ready = await self._prepare(project)
        if isinstance(ready, TestReport):
            yield NotServed(ready.problem)
            return
        start = find_start(project.files, ready[0].name, project.start)
        if isinstance(start, str):
            yield NotServed(start)
            return
        if start.module and start.module not in (ready[1].importable or (start.module,)):
            # A server is no part of what the tests need, so that requirements often leave it out.
            also = (*project.dependencies, (ready[0].ecosystem, start.module))
            ready = await self._prepare(replace(project, dependencies=also))
            if isinstance(ready, TestReport):
                yield NotServed(ready.problem)
                return
        async with AsyncExitStack() as stack:
            try:
                servers = await self._bind_all(project, stack)
            except SandboxError as error:
                yield NotServed(str(error))
                return
            bench = self._bench(project, ready, servers, stack, self._cold)
            bench.lay_out()
            await migrate(project.migrations, servers, bench.sqlite_file(), bench.run)
            command, socket = bench.application(start, seconds)
            yield await stack.enter_async_context(serving(self.isolation, command, socket, start))

    async def _prepare(self, project: Project) -> "tuple[Toolchain, Prepared] | TestReport":
        """The project's toolchain and its environment, or why there is none."""
        toolchain = find_toolchain(project.files)
        if toolchain is None:
            return TestReport(problem="no toolchain here knows this kind of project", ours=True)
        if missing := self._lacking(toolchain) or unserved(project.database, self._services):
            return TestReport(problem=missing, ours=True)
        named = [spec for ecosystem, spec in project.dependencies if ecosystem == toolchain.ecosystem]
        prepared = await toolchain.prepare(project.files, named, self.isolation)
        if isinstance(prepared, Unprepared):
            return TestReport(problem=prepared.message, ours=prepared.ours)
        return toolchain, prepared

    def _bench(
        self,
        project: Project,
        ready: "tuple[Toolchain, Prepared]",
        servers: list[tuple[Service, Binding]],
        stack: AsyncExitStack,
        zygotes: Zygotes,
    ) -> Bench:
        toolchain, prepared = ready
        bindings = [binding for _, binding in servers]
        bench = Bench(project, prepared, bindings, self.isolation, toolchain.name, zygotes)
        stack.callback(bench.remove)
        return bench

    async def _bind_all(self, project: Project, stack: AsyncExitStack) -> list[tuple[Service, Binding]]:
        return [(service, await self._bind(service, stack)) for service in self._wanted(project)]

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


def _in_their_light(report: TestReport, remarks: tuple[Remark, ...]) -> TestReport:
    """A report that did not pass says nothing of the answer where a server of ours lacked something."""
    lacking = "; ".join(remark.text for remark in remarks if remark.ours)
    return report if report.passed or not lacking else replace(report, problem=lacking, ours=True)


@dataclass(frozen=True, slots=True)
class _Ended:
    """How services, migrations and tests ended; ``limited``: a limit was hit, so that it says nothing for later."""

    kept: KeptTrial
    limited: bool


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
