"""``backsmith doctor``: what is there on this machine, and what is missing."""

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated, Literal

import typer

State = Literal["ok", "missing", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the examination; ``detail`` says what was found, or what is missing and how to get it."""

    area: str
    name: str
    state: State
    detail: str


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="A JSON array on standard output.")] = False,
) -> None:
    """Say what this machine has for Backsmith, what is missing and how to get it.

    Exits with 0 when tasks can be run here (a sandbox works), else with 3.

    \b
    backsmith doctor
    backsmith doctor --json | jq '.[] | select(.state != "ok")'
    """
    findings = list(examine())
    if as_json:
        import json

        sys.stdout.write(json.dumps([asdict(finding) for finding in findings], indent=2) + "\n")
    else:
        _show(findings)
    sandboxed = any(f.area == "sandbox" and f.state == "ok" for f in findings)
    raise typer.Exit(0 if sandboxed else 3)


def examine() -> Iterator[Finding]:
    """Every finding, the most important first."""
    yield from _installation()
    yield from _sandboxes()
    yield from _services()
    yield from _toolchains()
    yield from _models()


def _installation() -> Iterator[Finding]:
    import platform
    from importlib.metadata import packages_distributions, version

    from prompts.cache_folder import cache_folder
    from prompts.errors import SandboxError
    from sandbox.environments.cache import need_cache

    yield Finding(
        "backsmith", "version", "ok", f"{version('backsmith')} on Python {platform.python_version()}"
    )
    try:
        need_cache()
        yield Finding("backsmith", "cache", "ok", str(cache_folder()))
    except SandboxError as error:
        yield Finding("backsmith", "cache", "missing", f"{error}; {error.hint}")
    owners = packages_distributions()
    for package in ("prompts", "agents", "sandbox", "evals", "orchestrator"):
        others = sorted(set(owners.get(package, ())) - {"backsmith"})
        if others:
            detail = f"also owned by {', '.join(others)}; install Backsmith by itself (uv tool install, pipx)"
            yield Finding("backsmith", f"package {package}", "warning", detail)


def _sandboxes() -> Iterator[Finding]:
    from sandbox.isolation.choose import isolation_names, load_isolation

    for name in isolation_names():
        if name == "auto":
            continue
        if name == "host":
            yield Finding("sandbox", name, "warning", "no isolation at all; never chosen unless named")
            continue
        problem = load_isolation(name).problem()
        yield Finding("sandbox", name, "missing" if problem else "ok", problem or "works")
        if name == "docker":
            yield from _images()


def _images() -> Iterator[Finding]:
    """Docker's images, one for each language; nothing where no daemon can be asked."""
    from prompts.errors import SandboxError
    from sandbox.isolation.docker import Docker

    with contextlib.suppress(SandboxError):
        for toolchain, lacking in Docker().lacking().items():
            yield Finding(
                "sandbox", f"docker: {toolchain}", "missing" if lacking else "ok", lacking or "works"
            )


def _services() -> Iterator[Finding]:
    from sandbox.services.choose import all_services

    for service in all_services():
        problem = service.problem()
        yield Finding("service", service.name, "missing" if problem else "ok", problem or "can be started")


def _toolchains() -> Iterator[Finding]:
    from sandbox.toolchains.choose import all_toolchains

    for toolchain in all_toolchains():
        problem = toolchain.problem()
        yield Finding("toolchain", toolchain.name, "missing" if problem else "ok", problem or "is there")


def _models() -> Iterator[Finding]:
    from agents.models import missing
    from agents.providers.registry import providers

    for name, spec in providers().items():
        lacking = missing(spec)
        yield Finding(
            "model", name, "missing" if lacking else "ok", f"needs {lacking}" if lacking else "configured"
        )


def _show(findings: list[Finding]) -> None:
    from rich.text import Text

    from orchestrator.terminal import console

    styles = {"ok": "green", "missing": "yellow", "warning": "yellow"}
    out = console()
    area = ""
    for finding in findings:
        if finding.area != area:
            area = finding.area
            out.print(area, style="bold")
        state = Text.assemble("  ", (f"{finding.state:<9}", styles[finding.state]), f"{finding.name:<18}")
        out.print(state + Text(finding.detail))
