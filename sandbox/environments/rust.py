"""Rust environments: vendored sources of the locked packages, and a target folder in which they are compiled.

The network step runs ``cargo vendor`` alone. Build scripts and procedural macros of packages run when they are
compiled, without network; none of an answer's own code has a part in what is kept.
"""

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
from sandbox.environments.cargo_manifest import manifests, refusal, stubs
from sandbox.environments.indexes import file_mounts, network_env
from sandbox.environments.result import Prepared, Unprepared, explain_install
from sandbox.isolation.protocol import Command, Isolation, Mount
from sandbox.layout import lay_out

_INSTALL = Limits(seconds=900, memory_mb=8192, processes=512, output_mb=16, disk_mb=8192)
_WORK, _CARGO, _TARGET = "/work", "/cargo", "/target"
_UNHAVEABLE = (
    "no matching package",
    "failed to select a version",
    "failed to parse manifest",
    "failed to load manifest",
    "does not have these features",
    "can't find",
    "invalid character",
    "no targets specified",
)
_UNREACHABLE = (
    "Could not resolve host",
    "Timeout",
    "timed out",
    "network failure",
    "download of config.json failed",
)
# The registry is replaced by what was vendored, wherever this machine got it from.
_VENDORED = """\
[source.crates-io]
replace-with = "vendored"

[source.vendored]
directory = "{folder}/vendor"

[net]
offline = true
"""


def rust_problem() -> str:
    """Why Rust projects cannot be run here; empty where they can."""
    missing = [tool for tool in ("cargo", "rustc", "cc") if shutil.which(tool) is None]
    if not missing:
        return ""
    return f"{' and '.join(missing)} not found; install Rust by rustup (or Debian's cargo) and a C compiler"


async def prepare_rust(
    files: Mapping[str, str], named: Iterable[str], isolation: Isolation
) -> Prepared | Unprepared:
    """The project's packages, vendored and compiled; a lock file need not be there."""
    if "Cargo.toml" not in files:
        return Unprepared("there is no Cargo.toml at the top", ours=False)
    if refused := refusal(files):
        return Unprepared(refused, ours=False)
    targets = sorted(path for path in files if path.endswith(".rs"))
    tools = _tools(isolation)
    key = content_key("rust", 2, tools.identity, manifests(files), targets)
    store = FolderCache(cache_folder() / "environments" / "rust")
    kept = await store.kept(key, lambda building: _build(building, stubs(files), tools, isolation))
    if isinstance(kept, Unprepared):
        return kept
    cargo = Mount(kept.folder / "cargo", _CARGO, scratch=True)
    target = Mount(kept.folder / "target", _TARGET, scratch=True)
    lock = Mount(kept.folder / "work" / "Cargo.lock", f"{_WORK}/Cargo.lock")
    return Prepared(
        key=key,
        mounts=(cargo, target, lock, *tools.mounts),
        env=_env(tools, isolation, cargo, target),
        cached=kept.cached,
        notes=_notes(files["Cargo.toml"], named),
    )


async def _build(
    building: Path, files: Mapping[str, str], tools: "_Tools", isolation: Isolation
) -> Unprepared | None:
    folders = {name: building / name for name in ("work", "cargo", "target")}
    for folder in folders.values():
        folder.mkdir()
    lay_out(files, folders["work"])
    work = Mount(folders["work"], _WORK, writable=True)
    cargo = Mount(folders["cargo"], _CARGO, writable=True)
    target = Mount(folders["target"], _TARGET, writable=True)
    inside = isolation.inside(cargo)
    settings = {**network_env(os.environ), **_index_settings()}
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    own = [name for name in ("config.toml", "config", "credentials.toml") if (home / name).is_file()]
    done = await isolation.run(
        Command(
            argv=(
                "cargo",
                "vendor",
                "--quiet",
                "--versioned-dirs",
                "--respect-source-config",
                f"{inside}/vendor",
            ),
            cwd=isolation.inside(work),
            env={**settings, **_env(tools, isolation, cargo, target), "CARGO_HOME": "/tmp/cargo"},
            mounts=(
                *(work, cargo, *file_mounts(settings), *tools.mounts),
                *(Mount(home / name, f"/tmp/cargo/{name}") for name in own),
            ),
            limits=_INSTALL,
            network=True,
            toolchain="rust",
        )
    )
    if not done.ok:
        return explain_install(done, _UNHAVEABLE, _UNREACHABLE)
    (folders["cargo"] / "vendor").mkdir(exist_ok=True)
    (folders["cargo"] / "config.toml").write_text(_VENDORED.format(folder=inside), encoding="utf-8")
    # A failure here is no verdict: the same compilation is part of the tests, and is told there.
    await isolation.run(
        Command(
            argv=(
                "cargo",
                "build",
                "--offline",
                "--workspace",
                "--lib",
                "--bins",
                "--tests",
                "--keep-going",
            ),
            cwd=isolation.inside(work),
            env=_env(tools, isolation, cargo, target),
            mounts=(work, cargo, target, *tools.mounts),
            limits=_INSTALL,
            toolchain="rust",
        )
    )
    return None


def _env(tools: "_Tools", isolation: Isolation, cargo: Mount, target: Mount) -> dict[str, str]:
    return {
        "PATH": tools.path,
        "CARGO_HOME": isolation.inside(cargo),
        "CARGO_TARGET_DIR": isolation.inside(target),
        "CARGO_TERM_COLOR": "never",
        "CARGO_INCREMENTAL": "0",
        # Smaller and quicker to link; a backtrace still names its lines.
        "CARGO_PROFILE_DEV_DEBUG": "line-tables-only",
        "CARGO_PROFILE_TEST_DEBUG": "line-tables-only",
    }


def _index_settings() -> dict[str, str]:
    """Which registries this machine uses, where its environment says so."""
    prefixes = ("CARGO_REGISTRIES_", "CARGO_REGISTRY_", "CARGO_HTTP_", "CARGO_SOURCE_")
    return {name: value for name, value in os.environ.items() if name.startswith(prefixes)}


def _notes(manifest: str, named: Iterable[str]) -> tuple[str, ...]:
    absent = [
        spec
        for spec in named
        if not re.search(rf"^[\"']?{re.escape(spec.partition('@')[0])}\b", manifest, re.MULTILINE)
    ]
    return tuple(f"DEPENDENCIES: Cargo.toml does not name {spec[:80]}; it is not added" for spec in absent)


@dataclass(frozen=True, slots=True)
class _Tools:
    """The Rust that commands use: an image's, or this machine's with mounts to see it."""

    identity: str
    path: str
    mounts: tuple[Mount, ...] = ()


def _tools(isolation: Isolation) -> _Tools:
    plain = "/usr/local/bin:/usr/bin:/bin"
    image = isolation.image("rust")
    if image:
        return _Tools(image, plain)
    root, version = _own()
    home = Path(root).resolve()
    mounts = () if home.is_relative_to("/usr") else (Mount(home, root),)
    return _Tools(f"{root} {version}", f"{root}/bin:{plain}", mounts)


@cache
def _own() -> tuple[str, str]:
    """This machine's Rust: where it is, past rustup's stand-ins, and its version."""
    said = [
        subprocess.run(
            ["rustc", *options], capture_output=True, text=True, check=True, cwd="/"
        ).stdout.strip()
        for options in (["--print", "sysroot"], ["-vV"])
    ]
    return said[0], said[1]
