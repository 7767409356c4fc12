"""Headers of a request on its way to a target.

Sources, read 2026-11-21: Application Load Balancer user guide, "HTTP headers and Application Load Balancers", "Edit
attributes for your Application Load Balancer" and "Request tracing for your Application Load Balancer"; Elastic Load
Balancing user guide, "How Elastic Load Balancing works", HTTP headers.
"""

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from multidict import CIMultiDict

Pairs = Sequence[tuple[str, str]]
HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect"}
)
ONLY_OURS = re.compile(r"x-amzn-oidc-.*", re.IGNORECASE)
"""What a client sends under these names never reaches a target."""
VALID_NAME = re.compile(r"[-A-Za-z0-9]+")
TRACE = "X-Amzn-Trace-Id"
FORWARDED_FOR = "X-Forwarded-For"
MAX_TRACED_BYTES = 7 * 1024
"""Of a larger trace header nothing is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Where a request came from, and by which listener."""

    client_ip: str
    client_port: int
    protocol: str
    """As declared: `HTTP` or `HTTPS`."""
    port: int
    """As declared."""
    tls_version: str = ""
    """`TLSv1.3`; empty where the connection is not encrypted."""
    cipher_suite: str = ""
    time_s: float
    """Seconds since the epoch."""


def received(raw: Iterable[tuple[bytes, bytes]], balancer: Mapping[str, Any]) -> Pairs:
    """The client's headers, in order, without invalid ones where the load balancer is to drop them."""
    pairs = [(name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape")) for name, value in raw]
    if not balancer.get("dropInvalidHeaderFields"):
        return pairs
    return [(name, value) for name, value in pairs if VALID_NAME.fullmatch(name)]


def forwarded(
    sent: Pairs, arrival: Arrival, balancer: Mapping[str, Any], identity: Mapping[str, str]
) -> CIMultiDict[str]:
    """What the target gets: the client's headers, ours, and the `identity` that an action established."""
    dropped = HOP_BY_HOP | {name for each in listed(sent, "connection") for name in [each.lower()]}
    headers = CIMultiDict(
        (name, value) for name, value in sent if name.lower() not in dropped and not ONLY_OURS.fullmatch(name)
    )
    if not balancer.get("preserveHostHeader") and "Host" in headers:
        headers["Host"] = headers["Host"].lower()
    _set_forwarded_for(headers, arrival, balancer)
    headers["X-Forwarded-Proto"] = arrival.protocol.lower()
    headers["X-Forwarded-Port"] = str(arrival.port)
    headers[TRACE] = trace(",".join(headers.popall(TRACE, ())), arrival.time_s)
    if balancer.get("enableTlsVersionAndCipherSuiteHeaders") and arrival.tls_version:
        headers["X-Amzn-Tls-Version"] = arrival.tls_version
        headers["X-Amzn-Tls-Cipher-Suite"] = arrival.cipher_suite
    headers.update(identity)
    return headers


def listed(sent: Pairs, name: str) -> list[str]:
    """The elements of a header that is a list, over all its lines."""
    return [part.strip() for key, value in sent if key.lower() == name for part in value.split(",") if part.strip()]


def trace(sent: str, time_s: float) -> str:
    """The value of `X-Amzn-Trace-Id`: a new root, or the one that was sent with us as `Self`; other fields stay."""
    own = f"1-{int(time_s):08x}-{secrets.token_hex(12)}"
    fields = [field.strip() for field in sent.split(";") if field.strip()]
    if len(sent) > MAX_TRACED_BYTES or not fields:
        return f"Root={own}"
    if not any(field.startswith("Root=") for field in fields):
        return ";".join([f"Root={own}", *fields])
    if any(field.startswith("Self=") for field in fields):
        return ";".join(f"Self={own}" if field.startswith("Self=") else field for field in fields)
    return ";".join([f"Self={own}", *fields])


def _set_forwarded_for(headers: CIMultiDict[str], arrival: Arrival, balancer: Mapping[str, Any]) -> None:
    mode = balancer.get("xffHeaderProcessingMode") or "append"
    if mode == "preserve":
        return
    before = headers.popall(FORWARDED_FOR, ())
    if mode == "append":
        client = arrival.client_ip
        if balancer.get("enableXffClientPort"):
            client = f"[{client}]:{arrival.client_port}" if ":" in client else f"{client}:{arrival.client_port}"
        headers[FORWARDED_FOR] = ", ".join([*before, client])
