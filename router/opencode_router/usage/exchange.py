"""One request from the moment its model is known until it is settled."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from http import HTTPStatus

from opencode_router.catalogue.choose import price_version
from opencode_router.catalogue.model import Price, Surface
from opencode_router.errors import RouterError, ShuttingDown
from opencode_router.identity.caller import Caller
from opencode_router.usage.pricing import cost_micro_usd
from opencode_router.usage.record import UsageRecord
from opencode_router.usage.tokens import Tokens

CALLER_GONE = 499
"""nginx's word for a caller that did not wait for the answer."""
BYTES_PER_TOKEN = 4
"""For prompts whose counts never came: English text and code average about four bytes a token."""


class Outcome(StrEnum):
    """How a request ended."""

    FINISHED = "finished"
    REFUSED = "refused"
    """Answered with an error before any byte of an answer."""
    FAILED = "failed"
    """An error event ended a stream that had begun."""
    CLIENT_DISCONNECT = "client_disconnect"
    SHUTDOWN = "shutdown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the catalogue chose for a request."""

    model: str
    """Canonical catalogue id."""
    model_id: str
    """Bedrock's id."""
    surface: Surface
    region: str
    price_for: Callable[[int], Price]
    """The price in force for a prompt of so many tokens."""
    day: date
    """On which all this was looked up."""


@dataclass(slots=True, kw_only=True)
class Exchange:
    """Gathers the facts of one request; `settle` records them exactly once."""

    request_id: str
    client_request_id: str | None
    caller: Caller
    choice: Choice
    prompt_bytes: int
    record: Callable[[UsageRecord], None]
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    started_s: float = field(default_factory=time.monotonic)
    tokens: Tokens = field(default_factory=Tokens)
    was_accepted: bool = False
    """Bedrock answered 200: from here on tokens cost money."""
    first_byte_s: float | None = None
    outcome: Outcome | None = None
    error: RouterError | None = None
    is_settled: bool = False

    def note_first_byte(self) -> None:
        if self.first_byte_s is None:
            self.first_byte_s = time.monotonic() - self.started_s

    def finish(self) -> None:
        self.outcome = Outcome.FINISHED

    def fail(self, error: RouterError) -> None:
        """An error the caller was told about, as a response or as an event."""
        if isinstance(error, ShuttingDown):
            self.outcome = Outcome.SHUTDOWN
        else:
            self.outcome = Outcome.REFUSED if self.first_byte_s is None else Outcome.FAILED
        self.error = error

    def settle(self) -> None:
        """Records the request. Without a noted end, the caller went away."""
        if self.is_settled:
            return
        self.is_settled = True
        tokens = self._billed()
        price = self.choice.price_for(tokens.prompt)
        self.record(
            UsageRecord(
                request_id=self.request_id,
                client_request_id=self.client_request_id,
                caller=self.caller.id,
                email=self.caller.email,
                key_prefix=self.caller.key_prefix,
                model=self.choice.model,
                model_id=self.choice.model_id,
                surface=self.choice.surface,
                region=self.choice.region,
                started_at=self.started_at.isoformat(timespec="milliseconds"),
                tokens=tokens,
                price_version=price_version(price),
                cost_micro_usd=cost_micro_usd(tokens, price),
                outcome=self.outcome or Outcome.CLIENT_DISCONNECT,
                status=self._status(),
                error_code=self.error.code if self.error else None,
                first_byte_ms=None if self.first_byte_s is None else round(self.first_byte_s * 1000),
                duration_ms=round((time.monotonic() - self.started_s) * 1000),
            )
        )

    def _status(self) -> int:
        if self.first_byte_s is not None:
            return HTTPStatus.OK
        return self.error.status if self.error else CALLER_GONE

    def _billed(self) -> Tokens:
        """The counts as far as known: nothing before Bedrock accepted, an estimated prompt where none was reported."""
        if not self.was_accepted:
            return Tokens()
        if self.tokens.is_estimate and not self.tokens.prompt:
            return replace(self.tokens, input=max(1, self.prompt_bytes // BYTES_PER_TOKEN))
        return self.tokens
