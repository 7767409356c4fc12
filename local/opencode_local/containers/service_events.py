"""What a service says of itself: `(service gateway) has reached a steady state.` and its like.

Source: ECS developer guide, "Amazon ECS service event messages" (read 2026-11-21).
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

MAX_EVENTS = 100
"""As many as DescribeServices shows."""
STEADY = "has reached a steady state."
IMPAIRED = "is unable to consistently start tasks successfully."


@dataclass(frozen=True, slots=True)
class Event:
    """One message, with when it was."""

    at: datetime
    message: str

    def __str__(self) -> str:
        return self.message


class ServiceEvents:
    """The newest ones."""

    def __init__(self, service: str, *, tell: Callable[[str], None] = lambda _: None) -> None:
        """`tell` hears of each as it happens."""
        self._service = service
        self._tell = tell
        self._events: deque[Event] = deque(maxlen=MAX_EVENTS)

    def say(self, text: str) -> None:
        message = f"(service {self._service}) {text}"
        self._events.append(Event(datetime.now(UTC), message))
        self._tell(message)

    @property
    def all(self) -> Sequence[Event]:
        """Oldest first."""
        return tuple(self._events)

    @property
    def last(self) -> str:
        return self._events[-1].message if self._events else ""
