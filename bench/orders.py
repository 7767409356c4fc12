"""What the load generator is told, and what it reports: JSON lines on its standard input and output."""

import msgspec


class Order(msgspec.Struct, kw_only=True, frozen=True, tag=True):
    """Requests to send to a port of this machine."""

    port: int
    request: bytes
    """Head and body, sent as they are."""


class ClosedLoop(Order, kw_only=True, frozen=True):
    """`connections` that each send the next request as soon as the last response has ended."""

    connections: int
    warm_up_s: float
    """Before anything counts."""
    measured_s: float


class OpenStreams(Order, kw_only=True, frozen=True):
    """`streams` opened evenly over `ramp_s`, which then run until they end."""

    streams: int
    events_per_s: float
    """Of each stream: what the upstream has been asked for."""
    ramp_s: float
    measured_s: float
    """After the ramp; delays of events that arrive then are counted."""


class Loop(msgspec.Struct, kw_only=True, frozen=True):
    """What came of a ClosedLoop. Times are in seconds; zero responses have no times."""

    responses_per_s: float
    duration_p50_s: float = 0.0
    duration_p99_s: float = 0.0
    first_byte_p50_s: float = 0.0
    failures: list[str] = []


class Delays(msgspec.Struct, kw_only=True, frozen=True):
    """What came of OpenStreams: from an event's writing upstream to its arrival, in seconds."""

    p50_s: float
    p99_s: float
    arrived: float
    """Events, as a share of those due."""
    failures: list[str] = []
