"""The place of one trial: the project's files laid out, and all that its commands may see and use."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from prompts.task import Limits
from sandbox.application.start import Start
from sandbox.environments.result import Prepared
from sandbox.isolation.protocol import Command, Entrance, Finished, Isolation, Mount
from sandbox.layout import lay_out
from sandbox.migrations import MigrationKind, sqlite_path
from sandbox.report import TestReport
from sandbox.repository.layout import Carried, lay_out_carried
from sandbox.room import crowded_out, room
from sandbox.scratch import ScratchFolder, remove_tree
from sandbox.services.protocol import Binding, Remark
from sandbox.settings import fill_settings
from sandbox.toolchains.protocol import RESULTS, WORK, Toolchain
from sandbox.warm.zygotes import Zygotes

ENTRANCE = "/run/backsmith-entrance"
_SOCKET = "application.sock"


@dataclass(frozen=True, slots=True)
class Project:
    """What is to be tried. ``dependencies`` are (ecosystem, specifier) pairs that the answer lists by itself;
    ``hidden_tests`` are laid over the files before the tests run; ``start`` is the task's own command that starts
    the application. ``carried`` are files that are no text, ``executable`` the paths that have that mode.
    ``folder`` is the project's own within a repository whose files these are: its tests run there.
    """

    files: Mapping[str, str]
    dependencies: tuple[tuple[str, str], ...] = ()
    migrations: tuple[tuple[MigrationKind, str], ...] = ()
    env_vars: tuple[tuple[str, str], ...] = ()
    database: str = ""
    extra_env: Mapping[str, str] = field(default_factory=dict)
    hidden_tests: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    start: str = ""
    carried: tuple[Carried, ...] = ()
    executable: tuple[str, ...] = ()
    folder: str = ""
    around: Mapping[str, str] = field(default_factory=dict)


def rooted(project: Project) -> Project:
    """The project by paths within its folder; ``around`` are then the files of the repository beside it."""
    if not project.folder:
        return project
    start = f"{project.folder}/"
    return replace(
        project,
        files={
            path.removeprefix(start): text for path, text in project.files.items() if path.startswith(start)
        },
        hidden_tests={path.removeprefix(start): text for path, text in project.hidden_tests.items()},
        around={path: text for path, text in project.files.items() if not path.startswith(start)},
    )


class Bench:
    """A work folder, a results folder, and the environment of the commands that run there.

    ``limited``: one of the commands hit a limit. ``notes`` tell why tests did not run warm.
    """

    def __init__(
        self,
        project: Project,
        prepared: Prepared,
        bindings: Sequence[Binding],
        isolation: Isolation,
        toolchain: str,
        zygotes: Zygotes,
    ) -> None:
        self.limited = False
        self.notes: tuple[str, ...] = ()
        self._zygotes = zygotes
        self._prepared = prepared
        self._project = project
        self._isolation = isolation
        self._scratch = ScratchFolder("trial", sockets=True)
        folder = self._scratch.path
        self._free = room(folder)
        work = Mount(folder / "work", WORK, writable=True)
        results = Mount(folder / "results", RESULTS, writable=True)
        self._root = work.source
        self._within = f"{project.folder}/" if project.folder else ""
        self._work_folder = work.source / project.folder
        self._work = f"{isolation.inside(work)}/{self._within}".rstrip("/")
        self._results = results
        self.env = {
            **fill_settings(project.env_vars, project.extra_env, bindings),
            **prepared.env,
        }
        mounts = [work, results, *(self._moved(mount) for mount in prepared.mounts)]
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
        """Write the project's files, without the hidden tests."""
        self._root.mkdir()
        self._results.source.mkdir()
        lay_out(self._project.around, self._root)
        self._work_folder.mkdir(parents=True, exist_ok=True)
        lay_out(self._project.files, self._work_folder)
        lay_out_carried(self._project.carried, self._project.executable, self._root)

    def _moved(self, mount: Mount) -> Mount:
        """A mount in the work folder (``node_modules``), in the project's folder there."""
        inside = mount.target.removeprefix(f"{WORK}/")
        return mount if inside == mount.target else replace(mount, target=f"{WORK}/{self._within}{inside}")

    async def run(self, argv: tuple[str, ...]) -> Finished:
        """Run a command of the project's, in its work folder."""
        return self._noted(await self._isolation.run(replace(self._command, argv=argv)))

    async def test(self, toolchain: Toolchain) -> TestReport:
        """Run the project's tests and read what they say."""
        files = {**self._project.files, **self._project.hidden_tests}
        plan = toolchain.command(files, self._work, self._isolation.inside(self._results))
        if isinstance(plan, str):
            return TestReport(problem=plan)
        command = replace(
            self._command,
            argv=plan.argv,
            env={**self.env, **plan.env},
            mounts=(*self._command.mounts, *self._sealed()),
            serial=plan.serial,
        )
        _clear(plan.files, self._work_folder)
        lay_out(plan.files, self._work_folder)
        finished, note = await self._zygotes.test(command, plan, self._prepared, files)
        self.notes += (note,) if note else ()
        self._noted(finished)
        report = toolchain.read(files, self._results.source, finished)
        if touched := self._touched():
            return replace(report, problem=f"the tests changed {touched}, which is the task's")
        return report

    def _sealed(self) -> list[Mount]:
        """Lays out the hidden tests, and mounts that keep what runs from writing, moving or replacing them.

        A file is mounted on itself to be read only. Each folder above it is mounted on itself as well, since a
        folder in which something is mounted could still be moved away with it, and a mount's own place cannot.
        """
        hidden = self._project.hidden_tests
        source = self._scratch.path / "hidden"
        for folder in (source, self._work_folder):
            folder.mkdir(exist_ok=True)
            _clear(hidden, folder)
            lay_out(hidden, folder)
        places = [PurePosixPath(self._within + path) for path in hidden]
        above = {str(parent) for place in places for parent in place.parents} - {"."}
        mounts = [Mount(self._root / path, f"{WORK}/{path}", writable=True) for path in sorted(above)]
        return [*mounts, *(Mount(source / path, f"{WORK}/{self._within}{path}") for path in hidden)]

    def _touched(self) -> str:
        """A hidden test that is not as it was laid out. Only without isolation can there be one."""
        for path, text in self._project.hidden_tests.items():
            place = self._work_folder / path
            try:
                same = not place.is_symlink() and place.read_bytes() == text.encode("utf-8", "surrogatepass")
            except OSError:
                same = False
            if not same:
                return path
        return ""

    def _noted(self, finished: Finished) -> Finished:
        self.limited = self.limited or finished.limit is not None
        return finished

    def remarks(self) -> tuple[Remark, ...]:
        """What happened to the place where the tests ran, for which no answer is to blame."""
        crowded = crowded_out(self._scratch.path, self._free)
        return (Remark(crowded, ours=True),) if crowded else ()

    def application(self, start: Start, seconds: float) -> tuple[Command, Path]:
        """The command that runs the application for at most so long, and the socket that leads to it."""
        folder = Mount(self._scratch.path / "entrance", ENTRANCE, writable=True)
        folder.source.mkdir()
        env = {**self.env, **start.env, "PORT": str(start.port), **self._project.extra_env}
        limits = self._project.limits
        command = replace(
            self._command,
            argv=start.argv,
            env=env,
            mounts=(*self._command.mounts, folder),
            limits=limits.model_copy(update={"seconds": seconds, "output_mb": max(limits.output_mb, 16)}),
            entrance=Entrance(start.port, f"{self._isolation.inside(folder)}/{_SOCKET}"),
        )
        return command, folder.source / _SOCKET

    def sqlite_file(self) -> str | None:
        """The SQLite file that DATABASE_URL names, as an inside path."""
        return sqlite_path(self.env.get("DATABASE_URL", ""), self._work)

    def remove(self) -> None:
        """Remove the folders."""
        self._scratch.remove()


def _clear(paths: Iterable[str], folder: Path) -> None:
    """Take away what migrations, which run the answer's code, put where our own files are to be."""
    folder.chmod(0o755)
    for path in paths:
        parts = PurePosixPath(path).parts
        for depth in range(1, len(parts) + 1):
            place = folder.joinpath(*parts[:depth])
            is_folder = place.is_dir() and not place.is_symlink()
            if is_folder and depth < len(parts):
                place.chmod(0o755)
            elif is_folder:
                remove_tree(place)
            else:
                place.unlink(missing_ok=True)
