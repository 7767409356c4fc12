"""What is measured: a process that answers requests."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bench.exchanges import Exchange
from bench.processes import Process


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that answers the bench's requests."""

    name: str
    port: int
    process: Process
    request: Callable[[Exchange], bytes]
    """Head and body, as this one wants to be asked."""


def bearer(credential: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {credential}"}


def asking(credential: str) -> Callable[[Exchange], bytes]:
    """Requests that carry this API key or JWT."""
    return lambda exchange: exchange.to_gateway(bearer(credential))
