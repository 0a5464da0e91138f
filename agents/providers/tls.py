"""The trusted certificates, read once: reading them takes as long as everything else about opening a client."""

import ssl
from functools import lru_cache


@lru_cache(maxsize=1)
def trusted() -> ssl.SSLContext:
    """What a connection by TLS is checked against: the system's certificates, or what ``SSL_CERT_*`` names."""
    import httpx2

    return httpx2.create_ssl_context()
