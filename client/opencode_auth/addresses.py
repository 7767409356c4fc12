"""Which addresses a credential may be sent to."""

from urllib.parse import urlsplit

from opencode_auth.errors import Misused

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


def check_url(url: str) -> str:
    """The address itself. Raises Misused unless it is HTTPS, or HTTP on this machine."""
    try:
        parts = urlsplit(url)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS)
        is_whole = bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0 and is_printable(url)
    except ValueError:
        is_safe = is_whole = False
    if not (is_safe and is_whole):
        raise Misused(f"{url!r} is not an address with https://, or with http:// on this machine")
    return url


def is_printable(url: str) -> bool:
    return all("!" <= letter <= "~" for letter in url)
