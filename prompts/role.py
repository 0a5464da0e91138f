"""Roles: who a model is asked to be. Each is a folder of templates; a user's folder overlays single files."""

import hashlib
import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from prompts.errors import ConfigError

SHIPPED = Path(__file__).parent
DETAILS = "role.toml"
_FOLDERS = ("roles", "parts")
_MAX_BYTES = 262_144


@dataclass(frozen=True, slots=True)
class Source:
    """One template file: its name (``parts/framework/gin.md.j2``), where it was read from, its text."""

    name: str
    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class Role:
    """A role as it was read: later changes of the files do not change it.

    ``version`` is written in the role's own ``role.toml``. ``digest`` is the SHA-256 (hex) over name and text
    of every file that the role can use, so it also tells when a template was changed without a new version.
    ``overlaid`` names the files that came from the user's folder.
    """

    name: str
    version: str
    digest: str
    summary: str = ""
    overlaid: tuple[str, ...] = ()
    # Told by the digest already; hashing all the texts at every look into a cache takes longer than the look.
    sources: tuple[Source, ...] = field(default=(), repr=False, hash=False)

    @property
    def short_digest(self) -> str:
        """The first twelve digits of ``digest``."""
        return self.digest[:12]


def default_overlay() -> Path | None:
    """The user's folder: ``BACKSMITH_PROMPTS``, else ``backsmith/prompts`` among the user's configuration.

    ``None`` where that does not exist. Raises ConfigError when the variable names no folder.
    """
    named = os.environ.get("BACKSMITH_PROMPTS", "")
    if named:
        folder = Path(named).expanduser()
        if not folder.is_dir():
            raise ConfigError(
                f"BACKSMITH_PROMPTS names {folder}, which is not a folder", "create it, or unset it"
            )
        return folder
    import platformdirs

    folder = platformdirs.user_config_path("backsmith") / "prompts"
    return folder if folder.is_dir() else None


def load_role(name: str, overlay: Path | None = None) -> Role:
    """The role called ``name``; files in ``overlay`` stand in for shipped ones of the same relative path.

    Raises ConfigError for an unknown role (with the nearest name) and for files that cannot be used.
    """
    roots = _roots(overlay)
    names = _role_names(roots)
    if name not in names:
        raise ConfigError(f"there is no role `{name}`", _nearest(name, names))
    found: dict[str, Path] = {}
    for root in reversed(roots):
        for folder in (root / "roles" / name, root / "parts"):
            for path in sorted(folder.rglob("*")):
                if path.suffix in {".j2", ".toml"} and path.is_file():
                    found[path.relative_to(root).as_posix()] = path
    sources = tuple(Source(key, path, _read(path)) for key, path in sorted(found.items()))
    version, summary = _details(name, sources)
    return Role(
        name=name,
        version=version,
        digest=_digest(sources),
        summary=summary,
        overlaid=tuple(s.name for s in sources if not s.path.is_relative_to(SHIPPED)),
        sources=sources,
    )


def list_roles(overlay: Path | None = None) -> tuple[Role, ...]:
    """Every role that is shipped or stands in ``overlay``, by name."""
    return tuple(load_role(name, overlay) for name in _role_names(_roots(overlay)))


def _roots(overlay: Path | None) -> tuple[Path, ...]:
    """Where templates are looked for, the strongest first."""
    if overlay is None:
        return (SHIPPED,)
    if not overlay.is_dir():
        raise ConfigError(f"the folder of prompts {overlay} does not exist")
    if not any((overlay / folder).is_dir() for folder in _FOLDERS) and any(overlay.iterdir()):
        raise ConfigError(
            f"{overlay} holds neither `roles/` nor `parts/`, so it changes nothing",
            "lay files out as the shipped ones are, for instance parts/framework/gin.md.j2",
        )
    return (overlay, SHIPPED)


def _role_names(roots: tuple[Path, ...]) -> list[str]:
    return sorted({path.parent.name for root in roots for path in root.glob(f"roles/*/{DETAILS}")})


def _nearest(name: str, names: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, names, 1, 0.5)
    return f"did you mean `{near[0]}`?" if near else "roles: " + ", ".join(names)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise ConfigError(f"{path}: larger than {_MAX_BYTES // 1024} KiB")
        return data.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: not UTF-8 text") from None


def _details(name: str, sources: tuple[Source, ...]) -> tuple[str, str]:
    source = next(source for source in sources if source.name == f"roles/{name}/{DETAILS}")
    try:
        details = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{source.path}: not readable as TOML: {error}") from None
    version, summary = details.get("version"), details.get("summary", "")
    if not isinstance(version, str) or not version or not isinstance(summary, str):
        raise ConfigError(
            f"{source.path}: needs `version` (and may have `summary`) as text", 'version = "1.0"'
        )
    return version, summary


def _digest(sources: tuple[Source, ...]) -> str:
    total = hashlib.sha256()
    for source in sources:
        for text in (source.name, source.text):
            data = text.encode("utf-8")
            total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()
