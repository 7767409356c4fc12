"""What of a request goes to the gateway and what of its answer goes back: pure functions over header pairs."""

from collections.abc import Iterable, Mapping

Pairs = list[tuple[str, str]]

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Of one connection only. Source: RFC 9110, section 7.6.1 (read 2026-11-21)."""
CREDENTIALS = frozenset(
    {"authorization", "x-api-key", "api-key", "x-goog-api-key", "x-amz-security-token", "cookie", "x-amzn-oidc-data"}
)
"""Every header in which a tool says who it is: the person's own credential takes the place of all."""
OURS = frozenset({"host", "content-length", "expect", "user-agent", "x-client-version", "origin", "referer"})
NOT_BACK = frozenset({"set-cookie", "alt-svc", "strict-transport-security"})
"""Said by the gateway's host about itself; said by a loopback address it would be taken for that one's."""


def to_gateway(received: Iterable[tuple[str, str]], *, credential: str, version: str) -> Pairs:
    """The request's headers as they are sent on: one credential, and the client's name behind the tool's own."""
    pairs = list(received)
    left_out = HOP_BY_HOP | CREDENTIALS | OURS | _named_by_connection(pairs)
    kept = [(name, value) for name, value in pairs if name.lower() not in left_out]
    tool = _first(pairs, "user-agent")
    ours = f"opencode-auth/{version}"
    return [
        *kept,
        ("User-Agent", f"{tool} {ours}" if tool else ours),
        ("X-Client-Version", version),
        ("Authorization", f"Bearer {credential}"),
    ]


def to_tool(received: Iterable[tuple[str, str]]) -> Pairs:
    """The answer's headers as they go back; its bytes are not touched, so length and encoding stay true."""
    pairs = list(received)
    left_out = HOP_BY_HOP | NOT_BACK | _named_by_connection(pairs)
    return [(name, value) for name, value in pairs if name.lower() not in left_out]


def presented_secrets(headers: Mapping[str, str]) -> tuple[str, ...]:
    """What the caller shows as its key, wherever its tool puts one."""
    scheme, _, bearer = headers.get("Authorization", "").partition(" ")
    found = (bearer.strip() if scheme.lower() == "bearer" else "", headers.get("x-api-key", ""))
    return tuple(secret for secret in found if secret)


def _named_by_connection(pairs: Pairs) -> frozenset[str]:
    values = ",".join(value for name, value in pairs if name.lower() == "connection")
    return frozenset(name.strip().lower() for name in values.split(","))


def _first(pairs: Pairs, wanted: str) -> str:
    return next((value for name, value in pairs if name.lower() == wanted), "")
