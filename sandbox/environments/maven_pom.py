"""Poms as they may be resolved with network: an answer's own without whatever could run or lead elsewhere."""

import re
from xml.etree.ElementTree import Element, SubElement, tostring

_MAX_BYTES = 1_000_000
# Where things come from, what runs, and how: none of it is an answer's choice while there is network.
_DROPPED = frozenset(
    {"repositories", "pluginRepositories", "distributionManagement", "extensions", "executions", "reporting"}
)
_SUREFIRE = re.compile(r"maven-surefire-plugin:maven-plugin:([\w.-]+)", re.ASCII)
_PLATFORM = re.compile(r"org\.junit\.platform:junit-platform-engine:jar:([\w.-]+?):", re.ASCII)
_WITH_PLATFORM = (2, 22)


class UnreadablePomError(Exception):
    """A pom.xml is no readable XML; the text says why."""


def resolvable(text: str) -> str:
    """A pom with the same coordinates, dependencies and plugin versions, and nothing else of effect.

    Annotation processors become dependencies, so that they are resolved as well. Raises UnreadablePomError.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    if len(text) > _MAX_BYTES:
        raise UnreadablePomError(f"it has more than {_MAX_BYTES} characters")
    try:
        root = fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, RecursionError) as error:
        raise UnreadablePomError(str(error)) from error
    processors: list[Element] = []
    todo = [root]
    while todo:
        element = todo.pop()
        element.tag = element.tag.rpartition("}")[2]
        for child in list(element):
            name = child.tag.rpartition("}")[2]
            if name == "configuration":
                processors += _processors(child)
            if name in _DROPPED or name == "configuration":
                element.remove(child)
            else:
                todo.append(child)
    if processors:
        dependencies = root.find("dependencies")
        if dependencies is None:
            dependencies = SubElement(root, "dependencies")
        known = {dependency.findtext("artifactId") for dependency in dependencies}
        for processor in processors:
            if processor.findtext("artifactId") not in known:
                dependencies.append(processor)
    return tostring(root, encoding="unicode")


def provider_poms(resolved: str) -> dict[str, str]:
    """Poms that resolve what surefire looks for by itself, by what the dependency plugin says that it resolved."""
    wanted: list[tuple[str, str, str]] = []
    for version in dict.fromkeys(_SUREFIRE.findall(resolved)):
        wanted.append(("org.apache.maven.surefire", "surefire-junit4", version))
        numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
        if numbers >= _WITH_PLATFORM:
            wanted.append(("org.apache.maven.surefire", "surefire-junit-platform", version))
    wanted += [
        ("org.junit.platform", "junit-platform-launcher", version)
        for version in dict.fromkeys(_PLATFORM.findall(resolved))
    ]
    poms = {f"m{at}/pom.xml": _pom(f"m{at}", [coordinates]) for at, coordinates in enumerate(wanted[:20])}
    modules = "".join(f"<module>{path.partition('/')[0]}</module>" for path in poms)
    top = f"<packaging>pom</packaging><modules>{modules}</modules>"
    return {"pom.xml": _project("providers", top), **poms}


def _pom(name: str, dependencies: list[tuple[str, str, str]]) -> str:
    listed = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version></dependency>"
        for group, artifact, version in dependencies
    )
    return _project(name, f"<dependencies>{listed}</dependencies>")


def _project(name: str, body: str) -> str:
    return (
        "<project><modelVersion>4.0.0</modelVersion><groupId>backsmith</groupId>"
        f"<artifactId>{name}</artifactId><version>1</version>{body}</project>"
    )


def _processors(configuration: Element) -> list[Element]:
    """The annotation processors of a compiler plugin's configuration, as dependencies."""
    found = []
    for path in configuration.iter():
        if path.tag.rpartition("}")[2] not in {"path", "annotationProcessorPath"} or len(path) == 0:
            continue
        dependency = Element("dependency")
        for part in path:
            name = part.tag.rpartition("}")[2]
            if name in {"groupId", "artifactId", "version"}:
                SubElement(dependency, name).text = part.text
        SubElement(dependency, "scope").text = "provided"
        found.append(dependency)
    return found
