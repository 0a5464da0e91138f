"""A word that only this process can know, by which a test run shows that a part of it is ours."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping

_KEY = secrets.token_bytes(16)


def secret_word(files: Mapping[str, str]) -> str:
    """The word for these files: the same while this process lives, another one for any other files."""
    digest = hashlib.sha256(repr(sorted(files.items())).encode("utf-8", "surrogatepass")).digest()
    return hmac.new(_KEY, digest, "sha256").hexdigest()[:32]
