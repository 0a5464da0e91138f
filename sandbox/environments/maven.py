"""Maven itself: this machine's where it is current, else one that it fetches; and how it runs with network."""

import hashlib
import os
import re
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from prompts.cache_folder import cache_folder
from prompts.errors import SandboxError
from prompts.task import Limits
from sandbox.environments.cache import FolderCache
from sandbox.environments.indexes import file_mounts, network_env
from sandbox.isolation.protocol import Command, Finished, Isolation, Mount

DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
_INSTALL = Limits(seconds=900, memory_mb=4096, processes=256, output_mb=64, disk_mb=8192)
# Older ones default to compiler and test plugins that know neither Java 17 nor JUnit 5.
_CURRENT = (3, 9)
_VERSION = "3.9.11"
_SHA512 = (
    "03e2d65d4483a3396980629f260e25cac0d8b6f7f2791e4dc20bc83f9514db8d"
    "0f05b0479e699a5f34679250c49c8e52e961262ded468a20de0be254d8207076"
)
# Short runs of many processes: start quickly, take little.
_QUICK = {"JAVA_TOOL_OPTIONS": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"}
_NO_SETTINGS = Path(__file__).with_name("no-settings.xml")
# May hold logins; seen only by the step that has network.
_PRIVATE = frozenset({"settings.xml", "toolchains.xml"})


def java_problem() -> str:
    """Why Maven projects cannot be run here; empty where they can."""
    missing = [tool for tool in ("javac", "mvn") if shutil.which(tool) is None]
    if not missing:
        return ""
    return f"{' and '.join(missing)} not found; install a JDK and Maven (Debian: default-jdk-headless maven)"


@dataclass(frozen=True, slots=True)
class Maven:
    """One Maven with the JDK that it runs on; ``settings`` are this machine's, where it is not its own Maven.

    ``image`` identifies the image that brings both; ``home`` and ``jdk`` mean nothing then.
    """

    home: Path
    version: str
    jdk: Path
    settings: Path | None = None
    image: str = ""

    @property
    def env(self) -> dict[str, str]:
        """What a command needs to find both."""
        if self.image:
            return {"PATH": "/usr/local/bin:/usr/bin:/bin", **_QUICK}
        return {
            "PATH": f"{self.jdk}/bin:{self.home}/bin:/usr/local/bin:/usr/bin:/bin",
            "JAVA_HOME": str(self.jdk),
            **_QUICK,
        }

    def mounts(self, *, network: bool) -> tuple[Mount, ...]:
        """Both, where they lie outside /usr, and the files of /etc that they read."""
        if self.image:
            return ()
        found = [Mount(path, str(path)) for path in (self.jdk, self.home) if not path.is_relative_to("/usr")]
        found += [Mount(path, str(path)) for path in sorted(Path("/etc").glob("java-*-openjdk"))]
        if network and self.settings is not None:
            return (*found, Mount(self.settings, f"{self.home}/conf/settings.xml"))
        settings = (self.home / "conf").resolve()
        if settings.is_relative_to("/etc"):
            found += [
                Mount(path, str(path))
                for path in sorted(settings.iterdir())
                if network or path.name not in _PRIVATE
            ]
        elif not network and (settings / "settings.xml").is_file():
            found.append(Mount(_NO_SETTINGS, str(settings / "settings.xml")))
        return tuple(found)


async def current_maven(jdk: Path, repository: Path, isolation: Isolation) -> Maven:
    """A Maven of version 3.9 or newer. Raises SandboxError where none can be had."""
    home, version = _own()
    own = Maven(home, version, jdk)
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) >= _CURRENT:
        return own
    store = FolderCache(cache_folder() / "apache-maven")
    folder = store.find(_VERSION)
    if folder is None:
        async with store.building(_VERSION) as building:
            if (folder := store.find(_VERSION)) is None:
                await _fetch(own, building, repository, isolation)
                folder = store.keep(building, _VERSION)
    settings = (home / "conf" / "settings.xml").resolve()
    return Maven(folder / f"apache-maven-{_VERSION}", _VERSION, jdk, settings if settings.is_file() else None)


async def _fetch(own: Maven, building: Path, repository: Path, isolation: Isolation) -> None:
    """Maven's own release, which the registry of its packages holds as well, unpacked into ``building``."""
    name = f"org.apache.maven:apache-maven:{_VERSION}:zip:bin"
    goals = (f"{DEPENDENCY_PLUGIN}:get", f"-Dartifact={name}", "-Dtransitive=false")
    done = await run_maven(own, building, repository, isolation, *goals)
    archive = repository / f"org/apache/maven/apache-maven/{_VERSION}/apache-maven-{_VERSION}-bin.zip"
    if not done.ok or not archive.is_file():
        raise SandboxError(
            f"this machine's Maven {own.version} is too old, and {_VERSION} cannot be fetched: {done.output[-500:]}",
            "install Maven 3.9 or newer",
        )
    if hashlib.sha512(archive.read_bytes()).hexdigest() != _SHA512:
        raise SandboxError(f"what was fetched as Maven {_VERSION} is something else")
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(building)
    (building / f"apache-maven-{_VERSION}" / "bin" / "mvn").chmod(0o755)


async def run_maven(
    maven: Maven, project: Path, repository: Path, isolation: Isolation, *goals: str
) -> Finished:
    """Run Maven with network and with this machine's settings on a project that is known to run nothing else."""
    work = Mount(project, "/project", writable=True)
    local = Mount(repository, "/m2", writable=True)
    settings = network_env(os.environ)
    settings.update({name: os.environ[name] for name in ("MAVEN_OPTS", "MAVEN_ARGS") if os.environ.get(name)})
    user = Path.home() / ".m2"
    own = [name for name in ("settings.xml", "settings-security.xml") if (user / name).is_file()]
    return await isolation.run(
        Command(
            argv=("mvn", "-B", "-ntp", f"-Dmaven.repo.local={isolation.inside(local)}", *goals),
            cwd=isolation.inside(work),
            env={**settings, **maven.env},
            mounts=(
                work,
                local,
                *file_mounts(settings),
                *(Mount(user / name, f"/home/sandbox/.m2/{name}") for name in own),
                *maven.mounts(network=True),
            ),
            limits=_INSTALL,
            network=True,
            toolchain="java",
        )
    )


@cache
def _own() -> tuple[Path, str]:
    """This machine's Maven: its home and version."""
    said = subprocess.run(["mvn", "-B", "-v"], capture_output=True, text=True, check=True).stdout
    plain = re.sub(r"\x1b\[[0-9;]*m", "", said)
    home = re.search(r"^Maven home: (.+)$", plain, re.MULTILINE)
    version = re.search(r"^Apache Maven (\S+)", plain, re.MULTILINE)
    return Path(home.group(1) if home else "/usr/share/maven"), version.group(1) if version else "0"
