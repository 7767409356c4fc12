"""URLs of an identity provider that nobody on the way can answer for."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def required_safe(url: str) -> str:
    """`url` itself. Raises ValueError unless it is https, or http on loopback."""
    parts = urlsplit(url)
    if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))):
        return url
    raise ValueError(f"{url!r} must be an https URL (http only on loopback)")


def is_loopback(host: str) -> bool:
    """Names below `localhost` are this machine, too: RFC 6761, section 6.3."""
    try:
        return host == "localhost" or host.endswith(".localhost") or ip_address(host).is_loopback
    except ValueError:
        return False
