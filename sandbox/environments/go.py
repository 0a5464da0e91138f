"""Go environments: a tidied go.mod, the modules that it names, and a build cache in which they are compiled."""

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
from prompts.task import Limits
from sandbox.environments.cache import FolderCache, content_key
from sandbox.environments.indexes import file_mounts, network_env
from sandbox.environments.result import Prepared, Unprepared, explain_install
from sandbox.isolation.protocol import Command, Isolation, Mount
from sandbox.layout import lay_out

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
_OFFLINE = {"GOPROXY": "off"}
_TOO_NEW = "requires go >="
# Third-party and standard packages that the project imports, its tests included, compiled, vetted and linked once
# and for all by way of an empty test that imports them. It is linked and not run: no code of theirs is.
_COMPILE = """
mkdir backsmith_warm
go list -e -f '{{range .Imports}}{{println .}}{{end}}{{range .TestImports}}{{println .}}{{end}}\
{{range .XTestImports}}{{println .}}{{end}}' ./... | grep -vx C | sort -u |
  xargs -r go list -e -f '{{if and (ne .Name "main") (or .Standard (and .Module (not .Module.Main)))}}\
{{printf "import _ %q" .ImportPath}}{{end}}' | sed '/^$/d' > imports
{ echo 'package backsmith_warm'; cat imports; } > backsmith_warm/warm_test.go
exec go test -exec /bin/true ./backsmith_warm
"""


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
    tools = _tools(isolation)
    key = content_key("go", 2, tools.identity, manifests, imports, named)
    store = FolderCache(cache_folder() / "environments" / "go")
    kept = await store.kept(key, lambda building: _build(building, files, named, tools, isolation))
    if isinstance(kept, Unprepared):
        return kept
    mounts = [
        Mount(kept.folder / "mod", _MODULES),
        Mount(kept.folder / "build", _BUILT, scratch=True),
        *(Mount(kept.folder / "work" / name, f"{_WORK}/{name}") for name in ("go.mod", "go.sum")),
        *tools.mounts,
    ]
    env = {**_env(tools, isolation, mounts[0], mounts[1]), **_OFFLINE}
    return Prepared(key=key, mounts=tuple(mounts), env=env, cached=kept.cached)


async def _build(
    building: Path, files: Mapping[str, str], named: tuple[str, ...], tools: "_Tools", isolation: Isolation
) -> Unprepared | None:
    folders = {name: building / name for name in ("work", "mod", "build")}
    for folder in folders.values():
        folder.mkdir()
    lay_out(files, folders["work"])
    work = Mount(folders["work"], _WORK, writable=True)
    modules = Mount(folders["mod"], _MODULES, writable=True)
    built = Mount(folders["build"], _BUILT, writable=True)
    env = _env(tools, isolation, modules, built)
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
            mounts=(work, modules, built, *file_mounts(settings), *tools.mounts),
            limits=_INSTALL,
            network=True,
            toolchain="go",
        )
    )
    if not done.ok:
        return explain_install(done, _UNHAVEABLE, (_TOO_NEW,))
    # A failure here is no verdict: the same compilation is part of the tests, and is told there.
    await isolation.run(
        Command(
            argv=("/bin/sh", "-c", _COMPILE),
            cwd=isolation.inside(work),
            env={**env, **_OFFLINE},
            mounts=(work, modules, built, *tools.mounts),
            limits=_INSTALL,
            toolchain="go",
        )
    )
    return None


def _env(tools: "_Tools", isolation: Isolation, modules: Mount, built: Mount) -> dict[str, str]:
    return {
        **tools.env,
        "GOMODCACHE": isolation.inside(modules),
        "GOCACHE": isolation.inside(built),
        "GOPATH": "/tmp/go",
        "GOFLAGS": "-mod=mod -buildvcs=false -modcacherw",
        "GOTOOLCHAIN": "local",
        "GOTELEMETRY": "off",
    }


def _index_settings() -> dict[str, str]:
    """Where this machine gets modules from, as its own go reads it from its environment and files."""
    names = ("GOPROXY", "GONOPROXY", "GOPRIVATE", "GOSUMDB", "GONOSUMDB", "GOINSECURE")
    settings: Mapping[str, str] = os.environ if go_problem() else _go_env()
    return {name: settings[name] for name in names if settings.get(name)}


@dataclass(frozen=True, slots=True)
class _Tools:
    """The Go that commands use: an image's, or this machine's with mounts to see it."""

    identity: str
    env: Mapping[str, str]
    mounts: tuple[Mount, ...] = ()


def _tools(isolation: Isolation) -> _Tools:
    plain = "/usr/local/bin:/usr/bin:/bin"
    image = isolation.image("go")
    if image:
        return _Tools(image, {"PATH": plain})
    root = Path(_go_env()["GOROOT"])
    home = root.resolve()
    return _Tools(
        _go_env()["GOVERSION"],
        {"PATH": f"{root}/bin:{plain}", "GOROOT": str(root)},
        () if home.is_relative_to("/usr") else (Mount(home, str(home)),),
    )


@cache
def _go_env() -> dict[str, str]:
    said = subprocess.run(["go", "env", "-json"], capture_output=True, text=True, check=True, cwd="/").stdout
    values = json.loads(said)
    return {str(name): str(value) for name, value in values.items()}
