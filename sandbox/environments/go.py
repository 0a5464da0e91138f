"""Go environments: a tidied go.mod, the modules that it names, and a build cache in which they are compiled."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from prompts.task import Limits
from sandbox.environments.cache import FolderCache, cache_folder, content_key
from sandbox.environments.indexes import file_mounts, network_env
from sandbox.environments.result import Prepared, Unprepared
from sandbox.isolation.protocol import Command, Finished, Isolation, Mount
from sandbox.workspace import lay_out

_INSTALL = Limits(seconds=900, memory_mb=8192, processes=512, output_mb=16, disk_mb=8192)
_WORK, _MODULES, _BUILT = "/work", "/go/mod", "/go/build"
_IMPORTS = re.compile(r'^\s*(?:import\s+)?(?:[\w.]+\s+)?"([\w./~-]+)"\s*(?://.*)?$', re.ASCII | re.MULTILINE)
# What go says when a module itself cannot be had, as opposed to a network or a proxy that failed.
_UNHAVEABLE = (
    "unknown revision",
    "404 Not Found",
    "410 Gone",
    "no matching versions",
    "is not in std",
    "malformed",
    "invalid version",
    "errors parsing go.mod",
    "but does not contain package",
    "no required module provides",
    "expected 'package'",
    "syntax error",
    "checksum mismatch",
    "is not in your go.mod",
    "cannot find module providing package",
)
_TOO_NEW = "requires go >="
# Third-party and standard packages, tests' own included, compiled once and for all; no code of theirs runs.
_COMPILE = (
    "go list -deps -test -f '{{if and (not .ForTest) (or .Standard (and .Module (not .Module.Main)))}}"
    "{{.ImportPath}}{{end}}' ./... 2>/dev/null | grep -v '^$' | xargs -r go build"
)


def go_problem() -> str:
    """Why Go projects cannot be run here; empty where they can."""
    if shutil.which("go"):
        return ""
    return "go not found; install Go 1.21 or newer (Debian: golang-go)"


async def prepare_go(
    files: Mapping[str, str], named: Iterable[str], isolation: Isolation
) -> Prepared | Unprepared:
    """What ``go mod tidy`` makes of the project, its modules downloaded and compiled; go.sum need not be there."""
    named = tuple(sorted(named))
    imports = sorted(
        {name for path, text in files.items() if path.endswith(".go") for name in _IMPORTS.findall(text)}
    )
    manifests = {name: files[name] for name in ("go.mod", "go.sum") if name in files}
    key = content_key("go", _go_env()["GOVERSION"], manifests, imports, named)
    store = FolderCache(cache_folder() / "environments" / "go")
    folder = store.find(key)
    cached = folder is not None
    if folder is None:
        with store.building(key) as building:
            folder = store.find(key)
            if folder is None:
                failure = await _build(building, files, named, isolation)
                if failure is not None:
                    return failure
                folder = store.keep(building, key)
    mounts = [
        Mount(folder / "mod", _MODULES),
        Mount(folder / "build", _BUILT, scratch=True),
        *(Mount(folder / "work" / name, f"{_WORK}/{name}") for name in ("go.mod", "go.sum")),
        *_tool_mounts(),
    ]
    return Prepared(key=key, mounts=tuple(mounts), env=_env(isolation, mounts[0], mounts[1]), cached=cached)


async def _build(
    building: Path, files: Mapping[str, str], named: tuple[str, ...], isolation: Isolation
) -> Unprepared | None:
    folders = {name: building / name for name in ("work", "mod", "build")}
    for folder in folders.values():
        folder.mkdir()
    lay_out(files, folders["work"])
    work = Mount(folders["work"], _WORK, writable=True)
    modules = Mount(folders["mod"], _MODULES, writable=True)
    built = Mount(folders["build"], _BUILT, writable=True)
    env = _env(isolation, modules, built)
    settings = {**network_env(os.environ), **_index_settings()}
    tidy = ["go mod tidy", "touch go.sum"]
    if named:
        tidy.insert(0, 'go get "$@"')
    if "go.mod" not in files:
        tidy.insert(0, "go mod init submission")
    done = await isolation.run(
        Command(
            argv=("/bin/sh", "-ec", "\n".join(tidy), "sh", *named),
            cwd=isolation.inside(work),
            env={**env, **settings},
            mounts=(work, modules, built, *file_mounts(settings), *_tool_mounts()),
            limits=_INSTALL,
            network=True,
        )
    )
    if not done.ok:
        return _explain(done)
    # A failure here is no verdict: the same compilation is part of the tests, and is told there.
    await isolation.run(
        Command(
            argv=("/bin/sh", "-c", _COMPILE),
            cwd=isolation.inside(work),
            env=env,
            mounts=(work, modules, built, *_tool_mounts()),
            limits=_INSTALL,
        )
    )
    return None


def _env(isolation: Isolation, modules: Mount, built: Mount) -> dict[str, str]:
    return {
        "PATH": f"{_go_env()['GOROOT']}/bin:/usr/local/bin:/usr/bin:/bin",
        "GOROOT": _go_env()["GOROOT"],
        "GOMODCACHE": isolation.inside(modules),
        "GOCACHE": isolation.inside(built),
        "GOPATH": "/tmp/go",
        "GOFLAGS": "-mod=mod -buildvcs=false -modcacherw",
        "GOTOOLCHAIN": "local",
        "GOPROXY": "off",
        "GOTELEMETRY": "off",
    }


def _explain(done: Finished) -> Unprepared:
    said = done.output.strip() or f"exit code {done.exit_code}"
    if done.limit:
        return Unprepared(f"installing dependencies hit the {done.limit} limit: {done.detail}", ours=True)
    ours = _TOO_NEW in said or not any(sign in said for sign in _UNHAVEABLE)
    return Unprepared("the dependencies cannot be installed:\n" + said[-4000:], ours=ours)


def _index_settings() -> dict[str, str]:
    """Where this machine gets modules from, as its own go reads it from its environment and files."""
    names = ("GOPROXY", "GONOPROXY", "GOPRIVATE", "GOSUMDB", "GONOSUMDB", "GOINSECURE")
    return {name: _go_env()[name] for name in names if _go_env().get(name)}


@cache
def _go_env() -> dict[str, str]:
    said = subprocess.run(["go", "env", "-json"], capture_output=True, text=True, check=True, cwd="/").stdout
    values = json.loads(said)
    return {str(name): str(value) for name, value in values.items()}


def _tool_mounts() -> tuple[Mount, ...]:
    root = Path(_go_env()["GOROOT"]).resolve()
    return () if root.is_relative_to("/usr") else (Mount(root, str(root)),)
