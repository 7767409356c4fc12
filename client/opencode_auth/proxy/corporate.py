"""The HTTP proxy that a company puts between its machines and the network."""

import urllib.request
from urllib.parse import urlsplit

from opencode_auth.addresses import is_loopback


def proxy_of(url: str) -> str | None:
    """The corporate proxy of the environment or the system; none for this machine and for what NO_PROXY names."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host) or urllib.request.proxy_bypass(f"{host}:{parts.port or 443}"):
        return None
    return urllib.request.getproxies().get(parts.scheme)
