"""Finds the toolchain of a project."""

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from sandbox.toolchains.protocol import Toolchain

# The first that recognises a project wins: a manifest is a stronger sign than a stray file.
_OWN = (
    "sandbox.toolchains.node:Node",
    "sandbox.toolchains.go:Go",
    "sandbox.toolchains.rust:Rust",
    "sandbox.toolchains.java:Java",
    "sandbox.toolchains.ruby:Ruby",
    "sandbox.toolchains.csharp:CSharp",
    "sandbox.toolchains.python:Python",
)
_GROUP = "backsmith.toolchains"


def all_toolchains() -> tuple[Toolchain, ...]:
    """Every toolchain, our own first, then those that other distributions bring."""
    own = []
    for place in _OWN:
        module, _, attribute = place.partition(":")
        own.append(cast("Toolchain", getattr(import_module(module), attribute)()))
    return (*own, *(cast("Toolchain", entry.load()()) for entry in entry_points(group=_GROUP)))


def find_toolchain(files: Mapping[str, str]) -> Toolchain | None:
    """The toolchain whose project this is."""
    return next((toolchain for toolchain in all_toolchains() if toolchain.detects(files)), None)
