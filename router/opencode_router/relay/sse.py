"""Server-sent events as bytes: where one ends, and which one a position belongs to.

A JSON string never holds an unescaped quote or line break, so a quoted key or an `event:` line found by byte search
is never part of a model's text.
"""

from opencode_router.errors import UpstreamFailed

END = b"\n\n"
MAX_EVENT_BYTES = 16 * 2**20


class WholeEvents:
    """Lets whole events through at once and holds back the beginning of the next."""

    def __init__(self) -> None:
        self._tail = b""

    def feed(self, data: bytes) -> bytes:
        """Everything up to the last event boundary. Raises UpstreamFailed when an event is over the size cap."""
        if self._tail:
            data = self._tail + data
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n")
        cut = data.rfind(END) + len(END)
        if cut < len(END):
            cut = 0
        self._tail = data[cut:]
        if len(self._tail) > MAX_EVENT_BYTES:
            raise UpstreamFailed(f"the model sent an event of more than {MAX_EVENT_BYTES} bytes")
        return data[:cut]


def event_around(events: bytes, position: int) -> tuple[int, int]:
    """Start and end of the event that holds the byte at `position`."""
    start = events.rfind(END, 0, position)
    return (0 if start < 0 else start + len(END)), events.find(END, position) + len(END)


def last_events(events: bytes, count: int) -> bytes:
    """The last `count` of whole events; found from the end, however many stand before."""
    start = len(events) - len(END)
    for _ in range(count):
        start = events.rfind(END, 0, start)
        if start < 0:
            return events
    return events[start + len(END) :]


def data_of(event: bytes) -> bytes:
    """The event's `data` lines, joined."""
    lines = event.split(b"\n")
    return b"\n".join(line[5:].lstrip(b" ") for line in lines if line.startswith(b"data:"))
