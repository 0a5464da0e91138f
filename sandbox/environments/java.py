"""Java environments: what a Maven project's poms ask for, resolved into a local repository that all share.

Only Maven and its dependency plugin run where there is network: poms are rewritten first, so that no plugin,
build extension or repository of an answer's choosing has a part in it. The tests then run offline.
"""

import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from prompts.cache_folder import cache_folder
from sandbox.environments.cache import FolderCache, content_key
from sandbox.environments.maven import DEPENDENCY_PLUGIN, Maven, current_maven, run_maven
from sandbox.environments.maven_pom import UnreadablePomError, provider_poms, resolvable
from sandbox.environments.result import Prepared, Unprepared
from sandbox.isolation.protocol import Finished, Isolation, Mount

# Bound to phases after the tests, and heavy.
_NOT_NEEDED = ("maven-site-plugin", "maven-deploy-plugin", "maven-install-plugin", "maven-clean-plugin")
_WANTED_JAVA = re.compile(
    r"<(?:java\.version|maven\.compiler\.(?:release|source|target)|release)>\s*(?:1\.)?(\d{1,3})", re.ASCII
)
_UNHAVEABLE = (
    "Could not find artifact",
    "was not found in",
    "Non-parseable POM",
    "is missing",
    "must be",
    "Malformed POM",
)
_JVMS = Path("/usr/lib/jvm")


async def prepare_java(
    files: Mapping[str, str], named: Iterable[str], isolation: Isolation
) -> Prepared | Unprepared:
    """The plugins and dependencies of the project's poms in the local repository, and a JDK that is new enough."""
    poms = {path: text for path, text in files.items() if path == "pom.xml" or path.endswith("/pom.xml")}
    if "pom.xml" not in poms:
        return Unprepared("only Maven projects are run: there is no pom.xml at the top", ours=True)
    try:
        rewritten = {path: resolvable(text) for path, text in poms.items()}
    except UnreadablePomError as error:
        return Unprepared(f"pom.xml cannot be read: {error}", ours=False)
    # Images have one of their own, since files of it may belong to another user.
    repository = cache_folder() / ("maven-in-images" if isolation.image("java") else "maven")
    repository.mkdir(parents=True, exist_ok=True)
    maven = await _maven(poms["pom.xml"], repository, isolation)
    if isinstance(maven, Unprepared):
        return maven
    key = content_key("java", maven.image or str(maven.jdk), maven.version, rewritten)
    store = FolderCache(cache_folder() / "environments" / "java")
    cached = store.find(key) is not None and (repository / "org").is_dir()
    if not cached:
        async with store.building(key) as building:
            failure = await _resolve(building, rewritten, maven, repository, isolation)
            if failure is not None:
                return failure
            if store.find(key) is None:
                store.keep(building, key)
    local = Mount(repository, "/m2", scratch=True)
    return Prepared(
        key=key,
        mounts=(local, *maven.mounts(network=False)),
        env={**maven.env, "BACKSMITH_MAVEN_REPOSITORY": isolation.inside(local)},
        cached=cached,
    )


async def _resolve(
    building: Path, poms: Mapping[str, str], maven: Maven, repository: Path, isolation: Isolation
) -> Unprepared | None:
    project = building / "project"
    _write(project, poms)
    excluded = f"-DexcludeArtifactIds={','.join(_NOT_NEEDED)}"
    goals = (f"{DEPENDENCY_PLUGIN}:resolve", f"{DEPENDENCY_PLUGIN}:resolve-plugins", excluded)
    done = await run_maven(maven, project, repository, isolation, *goals)
    if not done.ok:
        return _explain(done)
    # What runs JUnit is chosen by the surefire plugin when tests run; that has to be there by then.
    providers = building / "providers"
    _write(providers, provider_poms(done.output))
    await run_maven(maven, providers, repository, isolation, f"{DEPENDENCY_PLUGIN}:resolve")
    shutil.rmtree(project)
    shutil.rmtree(providers)
    return None


def _write(folder: Path, poms: Mapping[str, str]) -> None:
    for path, text in poms.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def _explain(done: Finished) -> Unprepared:
    said = done.output.strip() or f"exit code {done.exit_code}"
    if done.limit:
        return Unprepared(f"installing dependencies hit the {done.limit} limit: {done.detail}", ours=True)
    errors = "\n".join(line for line in said.split("\n") if "ERROR" in line) or said
    return Unprepared(
        "the dependencies cannot be installed:\n" + errors[:4000],
        ours=not any(sign in errors for sign in _UNHAVEABLE),
    )


async def _maven(pom: str, repository: Path, isolation: Isolation) -> Maven | Unprepared:
    """An image's Maven and JDK, or this machine's with a JDK that is new enough for the project."""
    image = isolation.image("java")
    if image:
        return Maven(Path("/"), image, Path("/"), image=image)
    wanted = max((int(number) for number in _WANTED_JAVA.findall(pom)), default=0)
    jdk = _jdk(wanted)
    if jdk is None:
        return Unprepared(f"the project asks for Java {wanted}, which is not on this machine", ours=True)
    return await current_maven(jdk, repository, isolation)


def _jdk(wanted: int) -> Path | None:
    """The machine's own JDK, or the oldest of the others that is new enough."""
    found = shutil.which("javac")
    homes = [Path(found).resolve().parent.parent] if found else []
    others = {path.resolve().parent.parent for path in _JVMS.glob("*/bin/javac")} - set(homes)
    homes += sorted(others, key=_java_version)
    return next((home for home in homes if _java_version(home) >= wanted), None)


def _java_version(home: Path) -> int:
    try:
        text = (home / "release").read_text(encoding="utf-8")
    except OSError:
        return 0
    said = re.search(r'^JAVA_VERSION="(?:1\.)?(\d+)', text, re.MULTILINE)
    return int(said.group(1)) if said else 0
