"""What this machine has of Go, Rust and Maven beside its packages, and where an image has it: as the official ones do.

Debian's packages bring the rest (``docker_image``). What is not on this machine is left out.
"""

import asyncio
import json
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from prompts.cache_folder import cache_folder
from prompts.errors import SandboxError
from sandbox.environments.maven import current_maven
from sandbox.isolation.bubblewrap import Bubblewrap
from tests.sandbox.image_packing import Tool

# What documents or tests the tools, or only serves to build them.
_OF_GO = r"/(?:testdata|doc|misc)/|_test\.go$|/go/(?:api|test|src/cmd)/"


def tools() -> list[Tool]:
    """The languages' tools."""
    return [tool for tool in (go(), rust(), maven()) if tool]


def go() -> Tool | None:
    """This machine's Go."""
    if not shutil.which("go"):
        return None
    about = json.loads(_said("go", "env", "-json"))
    root, home = Path(about["GOROOT"]), "/usr/local/go"
    if (root / "src").is_symlink():
        return None  # Debian's, which lies in several places
    return Tool(about["GOVERSION"], {root: home}, _linked(home, "go", "gofmt"), _OF_GO)


def rust() -> Tool | None:
    """This machine's Rust, past rustup."""
    if not shutil.which("rustc"):
        return None
    root = Path(_said("rustc", "--print", "sysroot").strip())
    home = "/usr/local/rust"
    moved = {root / part: f"{home}/{part}" for part in ("bin/cargo", "bin/rustc", "lib")}
    return Tool(_said("rustc", "-vV"), moved, _linked(home, "cargo", "rustc"))


def maven() -> Tool | None:
    """A Maven as new as the official image's, which Debian's may not be."""
    found = shutil.which("javac")
    if found is None or shutil.which("mvn") is None or Bubblewrap().problem():
        return None
    jdk = Path(found).resolve().parent.parent
    repository = cache_folder() / "maven"
    repository.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(1) as thread:  # the caller may be in an event loop
        try:
            own = thread.submit(asyncio.run, current_maven(jdk, repository, Bubblewrap())).result()
        except SandboxError:
            return None  # no registry answers
    home = "/usr/share/maven"
    return Tool(own.version, {own.home: home}, _linked(home, "mvn"))


def _linked(home: str, *programs: str) -> dict[str, str]:
    """Commands get a PATH of their own, as our Dockerfiles say."""
    return {f"/usr/local/bin/{program}": f"{home}/bin/{program}" for program in programs}


def _said(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True, cwd="/").stdout
