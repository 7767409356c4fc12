"""Which addresses a credential may be sent to."""

from urllib.parse import urlsplit

from opencode_auth.errors import Misused

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
LOOPBACK_DOMAIN = ".localhost"
"""Every name below it is this machine. Source: RFC 6761, 6.3."""


def check_url(url: str) -> str:
    """The address itself. Raises Misused unless it is HTTPS, or HTTP on this machine."""
    try:
        parts = urlsplit(url)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))
        is_whole = bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0 and is_printable(url)
    except ValueError:
        is_safe = is_whole = False
    if not (is_safe and is_whole):
        raise Misused(f"{url!r} is not an address with https://, or with http:// on this machine")
    return url


def is_loopback(host: str | None) -> bool:
    return host in LOOPBACK_HOSTS or (host or "").endswith(LOOPBACK_DOMAIN)


def is_printable(url: str) -> bool:
    return all("!" <= letter <= "~" for letter in url)
