"""What carrying a stream needs from whoever reads it."""

from typing import Protocol

from opencode_router.errors import RouterError
from opencode_router.usage.tokens import Tokens


class StreamReader(Protocol):
    """Turns upstream bytes into the caller's bytes, and reads usage in passing.

    What `feed` and `close` return always ends at an event boundary of the caller's protocol, so that a keep-alive
    or an error event may follow it.
    """

    @property
    def tokens(self) -> Tokens:
        """The newest counts; before the upstream has reported any, an estimate from what came so far."""
        ...

    failure: RouterError | None
    """Set once the upstream has reported an error in its stream, or ended too early."""

    def feed(self, data: bytes) -> bytes:
        """Whole events for the caller, possibly none. How the upstream's bytes are split never matters."""
        ...

    def close(self) -> bytes:
        """The last bytes, once the upstream's stream has ended; sets `failure` to StreamCut if that was too early."""
        ...
