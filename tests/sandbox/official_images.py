"""Stand-ins for the official images that our Dockerfiles begin with, since tests reach no registry of images.

Each is a small Debian of this machine's packages, in which apt works, with a language's tools where the official image
has them and with the same variables.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from docker import APIClient

from tests.sandbox.docker_languages import go, maven
from tests.sandbox.image_packing import Tool, import_image, installed

_DEBIAN = ("apt", "base-files", "debian-archive-keyring", "libc-bin", "mawk", "passwd")
_SOURCES = (Path("/etc/apt/sources.list"), Path("/etc/apt/sources.list.d/debian.sources"))
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# For pip, which in the official image asks the index itself; here it may be behind this machine's certificates.
_CERTIFICATES = "PIP_CERT=/etc/ssl/certs/ca-certificates.crt"


@dataclass(frozen=True, slots=True)
class Official:
    """What an official image has beside a small Debian.

    ``env`` holds ``NAME=value`` settings, ``scripts`` the text of programs by their path.
    """

    tools: tuple[Tool, ...]
    packages: tuple[str, ...] = ()
    env: tuple[str, ...] = (f"PATH={_PATH}",)
    scripts: Mapping[str, str] = field(default_factory=dict)


def stand_in(toolchain: str) -> Official | str:
    """What stands in for the official image of a toolchain; else what is missing for it."""
    makers: Mapping[str, Callable[[], Official | str]] = {
        "python": _python, "node": _node, "go": _golang, "java": _java, "rust": _rust,
    }  # fmt: skip
    return makers[toolchain]()


def make_stand_in(api: APIClient, name: str, official: Official) -> None:
    """Import it under a name."""
    packages = installed((*_essential(), *_DEBIAN, *official.packages))
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder, "top")
        _lay_out_apt(top, packages)
        for place, text in official.scripts.items():
            script = top / place.lstrip("/")
            script.parent.mkdir(parents=True, exist_ok=True)
            script.write_text(text, encoding="utf-8")
            script.chmod(0o755)
        import_image(api, name, packages, official.tools, Path(folder), official.env)


def _python() -> Official | str:
    """``python:slim``: a Python of its own in /usr/local, with pip."""
    home = Path(sys.base_prefix)
    if home == Path("/usr"):
        return "this machine's Python is the system's own"
    libraries = home / "lib" / f"python3.{sys.version_info.minor}"
    without = r"/(?:test|tests|__pycache__|idlelib|tkinter|config-3[^/]*)(?:/|$)|/site-packages/(?!pip)"
    moved = {
        home / "bin" / "python3": "/usr/local/bin/python3",
        libraries: f"/usr/local/lib/{libraries.name}",
    }
    moved |= {library: f"/usr/local/lib/{library.name}" for library in (home / "lib").glob("libpython3*.so*")}
    moved[(home / "bin" / "python3").resolve()] = (
        f"/usr/local/bin/{(home / 'bin' / 'python3').resolve().name}"
    )
    tool = Tool(sys.version, moved, without=without)
    pip = {"/usr/local/bin/pip": '#!/bin/sh\nexec python3 -m pip "$@"\n'}
    needed = (
        "ca-certificates",
        "libbz2-1.0",
        "libffi8",
        "liblzma5",
        "libreadline8",
        "libsqlite3-0",
        "libssl3",
    )
    env = (f"PATH={_PATH}", "LD_LIBRARY_PATH=/usr/local/lib", _CERTIFICATES)
    return Official((tool,), (*needed, "libuuid1", "zlib1g"), env, pip)


def _node() -> Official | str:
    """``node:slim``: Node.js in /usr/local, and nothing else."""
    node, npm = (Path(shutil.which(name) or "/").resolve() for name in ("node", "npm"))
    home = next((folder for folder in npm.parents if folder.name == "npm"), None)
    if home is None or _libraries(node) - {"libc", "libm", "libdl", "libpthread", "libstdc++", "libgcc_s"}:
        return "there is no Node.js by itself, with npm"
    moved = {node: "/usr/local/bin/node", home: "/usr/local/lib/node_modules/npm"}
    links = {
        f"/usr/local/bin/{name}": f"../lib/node_modules/npm/bin/{name}-cli.js" for name in ("npm", "npx")
    }
    return Official((Tool("", moved, links),), ("libstdc++6",))


def _golang() -> Official | str:
    """``golang``: Go in /usr/local/go, on the PATH."""
    tool = go()
    if tool is None:
        return "there is no Go in one folder"
    return Official((Tool(tool.version, tool.moved, without=tool.without),), ("ca-certificates",), (
        f"PATH=/go/bin:/usr/local/go/bin:{_PATH}", "GOTOOLCHAIN=local", "GOPATH=/go",
    ))  # fmt: skip


def _java() -> Official | str:
    """``maven:eclipse-temurin``: a JDK in /opt/java/openjdk, named by JAVA_HOME, and Maven in /usr/share/maven."""
    javac, tool = shutil.which("javac"), maven()
    if javac is None or tool is None:
        return "there is no JDK with Maven"
    jdk, home = Path(javac).resolve().parent.parent, "/opt/java/openjdk"
    configured = {path: str(path) for path in Path("/etc").glob("java-*-openjdk")}
    links = {"/usr/bin/mvn": "/usr/share/maven/bin/mvn"}
    tools = (Tool("", {jdk: home, **configured}, without="/jmods/"), Tool(tool.version, tool.moved, links))
    env = (f"JAVA_HOME={home}", f"PATH={home}/bin:{_PATH}", "MAVEN_HOME=/usr/share/maven")
    return Official(tools, ("openjdk-17-jre-headless", "ca-certificates"), env)


def _rust() -> Official | str:
    """``rust:slim``: rustup's stand-ins on the PATH, the tools themselves below RUSTUP_HOME, and a C compiler."""
    rustup, homes = shutil.which("rustup"), ("/usr/local/rustup", "/usr/local/cargo")
    if rustup is None:
        return "there is no rustup"
    about = subprocess.run(["rustup", "show", "home"], capture_output=True, text=True, check=True).stdout
    home, root = Path(about.strip()), Path(_sysroot())
    kept = {home / "settings.toml": f"{homes[0]}/settings.toml"}
    kept |= {root / part: f"{homes[0]}/toolchains/{root.name}/{part}" for part in ("bin", "lib")}
    links = {f"{homes[1]}/bin/{name}": "rustup" for name in ("cargo", "rustc")}
    tool = Tool("", {**kept, Path(rustup).resolve(): f"{homes[1]}/bin/rustup"}, links)
    env = (f"RUSTUP_HOME={homes[0]}", f"CARGO_HOME={homes[1]}", f"PATH={homes[1]}/bin:{_PATH}")
    return Official((tool,), ("ca-certificates", "gcc", "libc6-dev"), env)


@cache
def _essential() -> tuple[str, ...]:
    listed = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Essential} ${Package}\n"], capture_output=True, text=True, check=True
    )
    return tuple(line.partition(" ")[2] for line in listed.stdout.split("\n") if line.startswith("yes "))


def _lay_out_apt(top: Path, packages: Iterable[str]) -> None:
    """What dpkg and apt know of the packages, users, and this machine's sources of Debian's."""
    database = Path("/var/lib/dpkg")
    kept = set(packages)
    (top / "usr/local/bin").mkdir(parents=True)
    info = top / "var/lib/dpkg/info"
    info.mkdir(parents=True)
    for file in (database / "info").iterdir():
        if file.name.rpartition(".")[0].partition(":")[0] in kept:
            shutil.copy(file, info / file.name)
    stanzas = (database / "status").read_text(encoding="utf-8").split("\n\n")
    held = [text for text in stanzas if text.partition("\n")[0].removeprefix("Package: ") in kept]
    (top / "var/lib/dpkg/status").write_text("\n\n".join(held) + "\n", encoding="utf-8")
    for name in ("passwd", "group"):
        (top / "etc").mkdir(exist_ok=True)
        shutil.copy(f"/usr/share/base-passwd/{name}.master", top / "etc" / name)
    for source in _SOURCES:
        if source.is_file():
            target = top / str(source).lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    said = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    proxies = "\n".join(re.findall(r"^Acquire::https?::.*;$", said, re.MULTILINE))
    (top / "etc/apt/apt.conf.d").mkdir(parents=True, exist_ok=True)
    (top / "etc/apt/apt.conf.d/90host").write_text(proxies + "\n", encoding="utf-8")


def _libraries(program: Path) -> set[str]:
    """The shared libraries of a program, by name alone."""
    said = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=False).stdout
    return set(re.findall(r"^\s*(\S+?)\.so[.\d]* =>", said, re.MULTILINE))


def _sysroot() -> str:
    return subprocess.run(
        ["rustc", "--print", "sysroot"], capture_output=True, text=True, check=True, cwd="/"
    ).stdout.strip()
