"""Python environments: one virtual environment for each distinct set of requirements, made by uv."""

import os
import platform
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from prompts.cache_folder import cache_folder
from prompts.task import Limits
from sandbox.environments.cache import FolderCache, content_key
from sandbox.environments.indexes import file_mounts, uv_env
from sandbox.environments.python_manifest import wanted
from sandbox.environments.result import Prepared, Unprepared, explain_install
from sandbox.isolation.bwrap_view import interpreter_folders
from sandbox.isolation.protocol import Command, Isolation, Mount

_INSTALL = Limits(seconds=600, memory_mb=4096, processes=256, output_mb=16, disk_mb=4096)
_TARGET = "/env"
# What uv says when the set itself cannot be had, as opposed to a network or an index that failed.
_UNHAVEABLE = (
    "No solution found when resolving",
    "was not found in the package registry",
    "was not found in the cache",
    "was not found in the provided package locations",
    "has no usable wheels",
    "Building source distributions is disabled",
    "building source distributions is disabled",
    "doesn't have a source distribution or wheel for the current platform",
)
_UNREACHABLE = ("error sending request", "dns error", "connect", "timed out", "Network is", "Connection")


async def prepare_python(
    files: Mapping[str, str], named: Iterable[str], isolation: Isolation
) -> Prepared | Unprepared:
    """The environment of a project: what its manifests and the ``named`` requirements ask for, and pytest.

    Built at most once for each set; only wheels are installed, so no package's own code runs meanwhile.
    """
    want = wanted(files, named)
    specs = (
        want.specs
        if any(spec.startswith("pytest") and not spec[6:7].isalpha() for spec in want.specs)
        else (
            *want.specs,
            "pytest",
        )
    )
    tools = _tools(isolation)
    key = content_key("python", tools.identity, specs)
    store = FolderCache(cache_folder() / "environments" / "python")
    kept = await store.kept(key, lambda building: _build(building, specs, tools, isolation))
    if isinstance(kept, Unprepared):
        return kept
    mount = Mount(kept.folder / "env", _TARGET)
    inside = isolation.inside(mount)
    return Prepared(
        key=key,
        mounts=(mount, *tools.interpreter),
        env={"PATH": f"{inside}/bin:/usr/local/bin:/usr/bin:/bin", "VIRTUAL_ENV": inside},
        importable=_importable(kept.folder / "env"),
        cached=kept.cached,
        notes=want.notes,
    )


@dataclass(frozen=True, slots=True)
class _Tools:
    """The Python and the uv that commands use: an image's, or this machine's with mounts to see them."""

    identity: tuple[str, ...]
    python: str
    uv: str
    uv_cache: str
    interpreter: tuple[Mount, ...] = ()
    installer: tuple[Mount, ...] = ()


def _tools(isolation: Isolation) -> _Tools:
    import uv

    image = isolation.image("python")
    if image:
        # A cache of its own, since files of it may belong to another user.
        return _Tools((image,), python="python3", uv="uv", uv_cache="uv-in-images")
    python = os.path.realpath(sys.executable)
    installer = Mount(Path(uv.find_uv_bin()), "/run/uv")
    return _Tools(
        (platform.python_version(), platform.machine(), python),
        python=python,
        uv=isolation.inside(installer),
        uv_cache="uv",
        interpreter=tuple(Mount(Path(path), path) for path in interpreter_folders()),
        installer=(installer,),
    )


async def _build(
    building: Path, specs: tuple[str, ...], tools: _Tools, isolation: Isolation
) -> Unprepared | None:
    env_folder = building / "env"
    env_folder.mkdir()
    (building / "wanted.txt").write_text("\n".join(specs) + "\n", encoding="utf-8")
    store = cache_folder() / tools.uv_cache
    store.mkdir(parents=True, exist_ok=True)
    settings = uv_env(os.environ)
    env_mount = Mount(env_folder, _TARGET, writable=True)
    store_mount = Mount(store, "/var/cache/uv", writable=True)
    list_mount = Mount(building / "wanted.txt", "/run/wanted.txt")
    mounts = (env_mount, store_mount, list_mount, *file_mounts(settings), *_uv_configuration())
    mounts += (*tools.interpreter, *tools.installer)
    program, target = tools.uv, isolation.inside(env_mount)
    env = {
        **settings,
        "UV_CACHE_DIR": isolation.inside(store_mount),
        "UV_LINK_MODE": "copy",  # the cache must not share files with an environment that hostile code sees
        "UV_NO_PROGRESS": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_ENV_FILE": "1",
        "NO_COLOR": "1",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
    }
    steps = (
        (program, "venv", "--quiet", "--python", tools.python, "--allow-existing", target),
        (
            program,
            "pip",
            "install",
            "--python",
            f"{target}/bin/python",
            "--no-build",
            "-r",
            isolation.inside(list_mount),
        ),
    )
    for argv in steps:
        done = await isolation.run(
            Command(
                argv=argv,
                cwd=target,
                env=env,
                mounts=mounts,
                limits=_INSTALL,
                network=True,
                toolchain="python",
            )
        )
        if not done.ok:
            return explain_install(done, _UNHAVEABLE, _UNREACHABLE)
    # Compiled beforehand, since the environment is read-only later. -S: no code of a package runs here.
    await isolation.run(
        Command(
            argv=(f"{target}/bin/python", "-I", "-S", "-m", "compileall", "-q", "-j", "0", f"{target}/lib"),
            cwd=target,
            mounts=(env_mount, *tools.interpreter),
            limits=_INSTALL,
            toolchain="python",
        )
    )
    return None


def _uv_configuration() -> tuple[Mount, ...]:
    """uv's own configuration files of this machine, at the places where uv looks inside."""
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "uv/uv.toml"
    places = {config: "/home/sandbox/.config/uv/uv.toml", Path("/etc/uv/uv.toml"): "/etc/uv/uv.toml"}
    return tuple(Mount(source, target) for source, target in places.items() if source.is_file())


def _importable(env: Path) -> frozenset[str]:
    names: set[str] = set()
    for site in env.glob("lib/python3.*/site-packages"):
        for entry in site.iterdir():
            if entry.name.endswith((".dist-info", ".pth", ".egg-info", ".libs", "__pycache__")):
                continue
            name = entry.name.split(".", 1)[0]
            if name.isidentifier():
                names.add(name)
    return frozenset(names)
