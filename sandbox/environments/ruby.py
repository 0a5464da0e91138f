"""Ruby environments: the gems that are on this machine (Debian's packages). None are installed."""

import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from functools import cache

from sandbox.environments.cache import content_key
from sandbox.environments.result import Prepared, Unprepared

_GEM = re.compile(r"^[ \t]*gem[ \t(]+[\"']([\w.-]{1,100})[\"']", re.ASCII | re.MULTILINE)
_LIST = "puts RUBY_VERSION; Gem::Specification.each { |s| puts s.name }"
# In a Gemfile for development alone; the tests need none of them.
_OPTIONAL = frozenset({"bundler", "rubocop", "rubocop-rspec", "pry", "byebug", "debug", "simplecov"})


def ruby_problem() -> str:
    """Why Ruby projects cannot be run here; empty where they can."""
    if shutil.which("ruby") is None:
        return "ruby not found; install Debian's ruby with ruby-rspec and ruby-minitest"
    return ""


def prepare_ruby(files: Mapping[str, str], named: Iterable[str], test_gem: str) -> Prepared | Unprepared:
    """Whether this machine has the gems that the Gemfile and the ``named`` ones ask for, and ``test_gem``."""
    version, present = _gems()
    wanted = {*_GEM.findall(files.get("Gemfile", "")), *(_name(spec) for spec in named), test_gem}
    missing = sorted(wanted - present - _OPTIONAL - {""})
    if missing:
        packages = " ".join(f"ruby-{gem.replace('_', '-')}" for gem in missing)
        return Unprepared(
            f"this machine does not have the gems {', '.join(missing)}; Debian's packages may be: {packages}",
            ours=True,
        )
    return Prepared(
        key=content_key("ruby", version, sorted(wanted)), env={"PATH": "/usr/local/bin:/usr/bin:/bin"}
    )


def _name(spec: str) -> str:
    found = re.match(r"[\w.-]+", spec, re.ASCII)
    return found.group() if found else ""


@cache
def _gems() -> tuple[str, frozenset[str]]:
    said = subprocess.run(["ruby", "-e", _LIST], capture_output=True, text=True, check=True, cwd="/").stdout
    version, *names = said.split("\n")
    return version, frozenset(names)
