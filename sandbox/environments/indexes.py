"""What this machine says about package indexes; only the installers' own sandboxed step gets to see it."""

import configparser
from collections.abc import Mapping
from pathlib import Path

from sandbox.isolation.protocol import Mount

_NETWORK = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_CERTIFICATES = (
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
)
# pip's setting -> the variable by which uv takes it
_PIP_TO_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "cert": "SSL_CERT_FILE",
    "proxy": "HTTPS_PROXY",
    "trusted-host": "UV_INSECURE_HOST",
}
_SYSTEM_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
_VISIBLE = ("/usr/", "/etc/ssl/", "/etc/pki/", "/etc/ca-certificates/")


def network_env(environ: Mapping[str, str]) -> dict[str, str]:
    """Proxies and certificates, in either spelling."""
    names = [*_NETWORK, *(name.lower() for name in _NETWORK), *_CERTIFICATES]
    return {name: environ[name] for name in names if environ.get(name)}


def uv_env(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment in which uv installs as pip or uv would on this machine.

    pip's configuration files and PIP_ variables are read since uv does not read them; UV_ variables win.
    """
    env = network_env(environ)
    if any(Path(bundle).exists() for bundle in _SYSTEM_BUNDLES):
        # An index behind a company's proxy is trusted by the machine's own certificates alone.
        env["UV_SYSTEM_CERTS"] = "1"
    for key, value in _pip_settings(environ).items():
        target = _PIP_TO_UV.get(key)
        if target is None or not value.strip():
            continue
        if target == "UV_FIND_LINKS":
            value = _reachable(value)  # noqa: PLW2901 - the same setting, less what is not there
        if value:
            env[target] = " ".join(value.split())
    env.update({name: value for name, value in environ.items() if name.startswith("UV_INDEX")})
    for name in (
        "UV_DEFAULT_INDEX",
        "UV_FIND_LINKS",
        "UV_NO_INDEX",
        "UV_INSECURE_HOST",
        "UV_KEYRING_PROVIDER",
    ):
        if environ.get(name):
            env[name] = environ[name]
    return env


def npm_env(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment in which npm installs as it would on this machine."""
    env = network_env(environ)
    env.update({name: value for name, value in environ.items() if name.lower().startswith("npm_config_")})
    return env


def file_mounts(env: Mapping[str, str]) -> tuple[Mount, ...]:
    """Mounts for the files and folders that these variables name and a sandbox does not show anyway."""
    paths = [env[name] for name in _CERTIFICATES if name in env]
    paths += env.get("UV_FIND_LINKS", "").split()
    found = dict.fromkeys(path for path in paths if path.startswith("/") and not path.startswith(_VISIBLE))
    return tuple(Mount(Path(path), path) for path in found if Path(path).exists())


def _reachable(links: str) -> str:
    return " ".join(link for link in links.split() if "://" in link or Path(link).exists())


def _pip_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """pip's settings; the later place wins, as in pip (global, user, PIP_CONFIG_FILE, PIP_*)."""
    home = Path(environ.get("HOME", "/nonexistent"))
    config_home = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    files = [Path("/etc/pip.conf"), home / ".pip/pip.conf", config_home / "pip/pip.conf"]
    if environ.get("PIP_CONFIG_FILE"):
        files.append(Path(environ["PIP_CONFIG_FILE"]))
    settings: dict[str, str] = {}
    for file in files:
        parser = configparser.RawConfigParser()
        try:
            parser.read(file, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue  # pip itself will complain about it; nothing here depends on it
        for section in ("global", "install"):
            if parser.has_section(section):
                settings.update(parser.items(section))
    for name, value in environ.items():
        if name.startswith("PIP_"):
            settings[name[4:].lower().replace("_", "-")] = value
    return settings
