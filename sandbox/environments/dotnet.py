""".NET environments: the NuGet packages that a project's files ask for, in a folder that tests restore from offline.

With network only ``dotnet restore`` runs, on projects rewritten to what names packages, frameworks and other
projects: MSBuild would run whatever else an answer's project files say.
"""

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element, SubElement, tostring

from prompts.cache_folder import cache_folder
from prompts.task import Limits
from sandbox.environments.cache import FolderCache, content_key
from sandbox.environments.indexes import file_mounts, network_env
from sandbox.environments.result import Prepared, Unprepared, explain_install
from sandbox.isolation.protocol import Command, Isolation, Mount
from sandbox.layout import lay_out

_INSTALL = Limits(seconds=900, memory_mb=8192, processes=512, output_mb=16, disk_mb=8192)
_WORK, _PACKAGES = "/work", "/nuget"
_MAX_BYTES = 1_000_000
_SDKS = frozenset({"Microsoft.NET.Sdk", "Microsoft.NET.Sdk.Web", "Microsoft.NET.Sdk.Worker"})
_PROPERTIES = frozenset(
    {
        "TargetFramework",
        "TargetFrameworks",
        "RuntimeIdentifier",
        "ManagePackageVersionsCentrally",
        "IsTestProject",
    }
)
_ITEMS = frozenset({"PackageReference", "PackageVersion", "ProjectReference", "FrameworkReference"})
_ATTRIBUTES = frozenset({"Include", "Update", "Version", "VersionOverride"})
_SHARED = ("Directory.Build.props", "Directory.Packages.props")
# NuGet's error codes (learn.microsoft.com, "NuGet errors and warnings") for packages that are not to be had.
_UNHAVEABLE = (
    "NU1101",
    "NU1102",
    "NU1103",
    "NU1107",
    "NU1202",
    "NU1605",
    "NETSDK1045",
    "NETSDK1013",
    "MSB4025",
)
_UNREACHABLE = ("NU1301", "timed out", "Name or service not known")
_QUIET = {
    "DOTNET_CLI_TELEMETRY_OPTOUT": "1",
    "DOTNET_NOLOGO": "1",
    "DOTNET_SKIP_FIRST_TIME_EXPERIENCE": "1",
    "DOTNET_CLI_UI_LANGUAGE": "en",
    "MSBUILDDISABLENODEREUSE": "1",
}


def dotnet_problem() -> str:
    """Why C# projects cannot be run here; empty where they can."""
    if shutil.which("dotnet"):
        return ""
    return (
        "dotnet not found; install the .NET SDK, version 8 or newer (learn.microsoft.com/dotnet/core/install)"
    )


async def prepare_dotnet(
    files: Mapping[str, str], named: Iterable[str], isolation: Isolation
) -> Prepared | Unprepared:
    """The packages of all of the project's own project files; ``named`` ones have to stand there."""
    projects = [path for path in files if path.endswith(".csproj")]
    if not projects:
        return Unprepared("there is no project file (.csproj)", ours=False)
    try:
        rewritten = {
            path: restorable(path, text)
            for path, text in files.items()
            if path.endswith(".csproj") or PurePosixPath(path).name in _SHARED
        }
    except UnreadableProjectError as error:
        return Unprepared(str(error), ours=False)
    env, tools, identity = _tools(isolation)
    key = content_key("dotnet", 1, identity, rewritten)
    store = FolderCache(cache_folder() / "environments" / "dotnet")
    kept = await store.kept(
        key, lambda building: _restore(building, rewritten, projects, env, tools, isolation)
    )
    if isinstance(kept, Unprepared):
        return kept
    packages = Mount(kept.folder / "packages", _PACKAGES, scratch=True)
    absent = [spec for spec in named if not any(_name(spec) in text for text in rewritten.values())]
    return Prepared(
        key=key,
        mounts=(packages, *tools),
        env={**env, "NUGET_PACKAGES": isolation.inside(packages)},
        cached=kept.cached,
        notes=tuple(f"DEPENDENCIES: no project names {spec[:80]}; it is not added" for spec in absent),
    )


async def _restore(
    building: Path,
    files: Mapping[str, str],
    projects: Iterable[str],
    env: Mapping[str, str],
    tools: tuple[Mount, ...],
    isolation: Isolation,
) -> Unprepared | None:
    folders = {name: building / name for name in ("work", "packages")}
    for folder in folders.values():
        folder.mkdir()
    lay_out(files, folders["work"])
    work = Mount(folders["work"], _WORK, writable=True)
    packages = Mount(folders["packages"], _PACKAGES, writable=True)
    settings = network_env(os.environ)
    own = Path.home() / ".nuget/NuGet/NuGet.Config"
    config = (Mount(own, "/home/sandbox/.nuget/NuGet/NuGet.Config"),) if own.is_file() else ()
    for project in projects:
        done = await isolation.run(
            Command(
                argv=("dotnet", "restore", "--nologo", project),
                cwd=isolation.inside(work),
                env={**settings, **env, "NUGET_PACKAGES": isolation.inside(packages)},
                mounts=(work, packages, *file_mounts(settings), *config, *tools),
                limits=_INSTALL,
                network=True,
                toolchain="csharp",
            )
        )
        if not done.ok:
            return explain_install(done, _UNHAVEABLE, _UNREACHABLE)
    shutil.rmtree(folders["work"])
    return None


class UnreadableProjectError(Exception):
    """A project file is no readable XML, or asks for something that is not restored; the text says which."""


def restorable(path: str, text: str) -> str:
    """A project file with the same packages, frameworks and references to projects, and nothing else.

    Raises UnreadableProjectError.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    if len(text) > _MAX_BYTES:
        raise UnreadableProjectError(f"{path} has more than {_MAX_BYTES} characters")
    try:
        root = fromstring(text.removeprefix("\ufeff"), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, RecursionError) as error:
        raise UnreadableProjectError(f"{path} cannot be read: {error}") from error
    sdk = root.get("Sdk", "")
    if path.endswith(".csproj") and sdk not in _SDKS:
        raise UnreadableProjectError(
            f"{path}: the SDK {sdk[:80] or '(none)'} is none of {', '.join(sorted(_SDKS))}"
        )
    kept = Element("Project", {"Sdk": sdk} if sdk in _SDKS else {})
    for group in root:
        wanted = {"PropertyGroup": _PROPERTIES, "ItemGroup": _ITEMS}.get(_plain(group), frozenset())
        inner = [child for child in group if _plain(child) in wanted]
        if inner:
            _copy(inner, SubElement(kept, _plain(group)))
    return tostring(kept, encoding="unicode")


def _copy(children: Iterable[Element], into: Element) -> None:
    """Names and versions alone: what MSBuild would compute (``$(...)``, ``@(...)``) is left out."""
    for child in children:
        attributes = {name: value for name, value in child.attrib.items() if name in _ATTRIBUTES}
        for inner in child:
            if _plain(inner) in _ATTRIBUTES:
                attributes[_plain(inner)] = inner.text or ""
        text = (child.text or "").strip() if _plain(child) in _PROPERTIES else ""
        if not any(sign in value for value in (text, *attributes.values()) for sign in ("$(", "@(", "%(")):
            copied = SubElement(into, _plain(child), attributes)
            copied.text = text or None


def _plain(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _name(spec: str) -> str:
    return spec.partition("@")[0].partition(" ")[0]


def _tools(isolation: Isolation) -> tuple[dict[str, str], tuple[Mount, ...], str]:
    """The variables and mounts by which the SDK is found, and its identity."""
    plain = "/usr/local/bin:/usr/bin:/bin"
    image = isolation.image("csharp")
    if image:
        return {**_QUIET, "PATH": plain}, (), image
    root = Path(shutil.which("dotnet") or "/usr/bin/dotnet").resolve().parent
    mounts = () if root.is_relative_to("/usr") else (Mount(root, str(root)),)
    return {**_QUIET, "PATH": f"{root}:{plain}", "DOTNET_ROOT": str(root)}, mounts, f"{root} {_version()}"


@cache
def _version() -> str:
    said = subprocess.run(["dotnet", "--version"], capture_output=True, text=True, check=True, cwd="/")
    return said.stdout.strip()
