"""Node environments: one node_modules for each distinct manifest, made by npm with package scripts off."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from prompts.cache_folder import cache_folder
from prompts.errors import SandboxError
from prompts.task import Limits
from sandbox.environments.cache import FolderCache, content_key
from sandbox.environments.indexes import file_mounts, npm_env
from sandbox.environments.result import Prepared, Unprepared, explain_install
from sandbox.isolation.protocol import Command, Isolation, Mount

_INSTALL = Limits(seconds=600, memory_mb=4096, processes=512, output_mb=16, disk_mb=4096)
_LOCKS = ("package-lock.json", "npm-shrinkwrap.json")
_SECTIONS = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "overrides")
_UNHAVEABLE = (
    "E404",
    "ETARGET",
    "ERESOLVE",
    "EINVALIDTAGNAME",
    "EINVALIDPACKAGENAME",
    "EBADPLATFORM",
    "ENOVERSIONS",
)
_NAME = re.compile(r"^(@[a-z0-9~][\w.~-]*/)?[a-zA-Z0-9~][\w.~-]*$", re.ASCII)
_ELSEWHERE = ("git", "http:", "https:", "file:", "link:", "github:", "/", ".", "~")


def node_problem() -> str:
    """Why Node projects cannot be run here; empty where they can."""
    missing = [tool for tool in ("node", "npm") if shutil.which(tool) is None]
    if not missing:
        return ""
    return f"{' and '.join(missing)} not found; install Node.js 18 or newer with npm (Debian: nodejs npm)"


async def prepare_node(
    files: Mapping[str, str], named: Iterable[str], isolation: Isolation
) -> Prepared | Unprepared:
    """The node_modules folder for what package.json and the ``named`` packages ask for.

    Package scripts do not run. Packages that do not come from the registry are refused.
    """
    manifest, refusal = _manifest(files.get("package.json", "{}"), named)
    if refusal:
        return Unprepared(refusal, ours=False)
    locks = {name: files[name] for name in _LOCKS if name in files}
    tools = _tools(isolation)
    key = content_key("node", 2, tools.identity, manifest, locks)
    store = FolderCache(cache_folder() / "environments" / "node")
    kept = await store.kept(key, lambda building: _build(building, manifest, locks, tools, isolation))
    if isinstance(kept, Unprepared):
        return kept
    # Vite and others keep caches below node_modules: what they write there is thrown away.
    modules = Mount(kept.folder / "project" / "node_modules", "/work/node_modules", scratch=True)
    return Prepared(key=key, mounts=(modules, *tools.mounts), env={"PATH": tools.path}, cached=kept.cached)


async def fetch_package(spec: str, folder: Path, isolation: Isolation) -> Path | None:
    """The archive of one npm package, in ``folder``; None where it cannot be had. None of its code runs."""
    try:
        tools = _tools(isolation)
    except SandboxError:
        return None
    target = Mount(folder, "/download", writable=True)
    settings = npm_env(os.environ)
    done = await isolation.run(
        Command(
            argv=("npm", "pack", "--ignore-scripts", "--no-update-notifier", "--silent", spec),
            cwd=isolation.inside(target),
            env={
                **settings,
                "PATH": tools.path,
                "npm_config_cache": "/tmp/npm",
                "npm_config_fetch_retries": "0",  # there is a way to do without it, so no waiting
                "NO_COLOR": "1",
            },
            mounts=(target, *file_mounts(settings), *_npm_configuration(), *tools.mounts),
            limits=_INSTALL,
            network=True,
            toolchain="node",
        )
    )
    return next(folder.glob("*.tgz"), None) if done.ok else None


async def _build(
    building: Path,
    manifest: Mapping[str, object],
    locks: Mapping[str, str],
    tools: "_Tools",
    isolation: Isolation,
) -> Unprepared | None:
    project = building / "project"
    (project / "node_modules").mkdir(parents=True)
    (project / "package.json").write_text(json.dumps(manifest), encoding="utf-8")
    for name, text in locks.items():
        (project / name).write_text(text, encoding="utf-8")
    store = cache_folder() / tools.npm_cache
    store.mkdir(parents=True, exist_ok=True)
    settings = npm_env(os.environ)
    project_mount = Mount(project, "/project", writable=True)
    store_mount = Mount(store, "/var/cache/npm", writable=True)
    argv = (
        "npm",
        "install",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
        "--loglevel=error",
    )
    command = Command(
        argv=argv,
        cwd=isolation.inside(project_mount),
        env={
            **settings,
            "PATH": tools.path,
            "npm_config_cache": isolation.inside(store_mount),
            "NO_COLOR": "1",
        },
        mounts=(project_mount, store_mount, *file_mounts(settings), *_npm_configuration(), *tools.mounts),
        limits=_INSTALL,
        network=True,
        toolchain="node",
    )
    done = await isolation.run(command)
    if not done.ok:
        return explain_install(done, _UNHAVEABLE)
    if scripted := _with_install_scripts(project / "node_modules" / ".package-lock.json"):
        # Native modules are compiled here, by their packages' own scripts: without network, and with nothing in
        # reach but this environment. One that cannot be built is told by the tests that need it.
        await isolation.run(
            Command(
                argv=("npm", "rebuild", "--ignore-scripts=false", "--offline", *scripted),
                cwd=isolation.inside(project_mount),
                env={"PATH": tools.path, "npm_config_nodedir": tools.prefix, "NO_COLOR": "1"},
                mounts=(project_mount, *tools.mounts),
                limits=_INSTALL,
                toolchain="node",
            )
        )
    return None


def _with_install_scripts(lock: Path) -> list[str]:
    """The packages that npm says have an install script (docs.npmjs.com, package-lock.json)."""
    try:
        packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
        places = [place for place, about in packages.items() if about.get("hasInstallScript")]
    except (OSError, ValueError, KeyError, AttributeError, RecursionError):
        return []
    return sorted({place.rpartition("node_modules/")[2] for place in places})


def _manifest(text: str, named: Iterable[str]) -> tuple[dict[str, object], str]:
    """What of package.json decides the dependency set, the named packages added; or why it is refused."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        return {}, f"package.json cannot be read: {error}"
    if not isinstance(data, dict):
        return {}, "package.json must hold an object"
    manifest: dict[str, object] = {"name": "submission", "version": "0.0.0", "private": True}
    for section in _SECTIONS:
        if isinstance(data.get(section), dict):
            manifest[section] = data[section]
    known = {name for section in _SECTIONS[:2] for name in _entries(manifest.get(section))}
    added: dict[str, object] = {}
    for spec in named:
        name, _, version = spec.rpartition("@") if spec.rfind("@") > 0 else (spec, "", "")
        if name not in known:
            added[name] = version or "*"
    if added:
        manifest["dependencies"] = {**_entries(manifest.get("dependencies")), **added}
    for section in _SECTIONS[:4]:
        for package, wanted in _entries(manifest.get(section)).items():
            if not _NAME.match(package) or not isinstance(wanted, str) or wanted.startswith(_ELSEWHERE):
                return {}, f"package.json: {package[:80]}@{str(wanted)[:80]} does not come from the registry"
    return manifest, ""


def _entries(section: object) -> dict[str, object]:
    return {str(name): value for name, value in section.items()} if isinstance(section, dict) else {}


def _npm_configuration() -> tuple[Mount, ...]:
    user = Path(os.environ.get("NPM_CONFIG_USERCONFIG") or Path.home() / ".npmrc")
    return (Mount(user, "/home/sandbox/.npmrc"),) if user.is_file() else ()


@dataclass(frozen=True, slots=True)
class _Tools:
    """The Node.js that commands use: an image's, or this machine's with mounts to see it."""

    identity: str
    prefix: str
    path: str
    npm_cache: str
    mounts: tuple[Mount, ...] = ()


def _tools(isolation: Isolation) -> _Tools:
    """Raises SandboxError where there is none."""
    plain = "/usr/local/bin:/usr/bin:/bin"
    image = isolation.image("node")
    if image:
        # A cache of its own, since files of it may belong to another user.
        return _Tools(image, prefix="/usr/local", path=plain, npm_cache="npm-in-images")
    if problem := node_problem():
        raise SandboxError(problem)
    prefix = _node_prefix()
    # Version managers put it into the home folder.
    mounts = () if prefix.is_relative_to("/usr") else (Mount(prefix, str(prefix)),)
    return _Tools(
        _node_version(), prefix=str(prefix), path=f"{prefix / 'bin'}:{plain}", npm_cache="npm", mounts=mounts
    )


@cache
def _node_version() -> str:
    return subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()


@cache
def _node_prefix() -> Path:
    return Path(shutil.which("node") or "/usr/bin/node").resolve().parent.parent
