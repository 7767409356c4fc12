"""Carries one upstream answer to its caller, whatever happens on the way."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import aiohttp
from aiohttp import web

from opencode_router.bedrock.client import Bedrock, Call
from opencode_router.errors import Internal, RouterError, UpstreamTimeout
from opencode_router.protocol import ClientProtocol
from opencode_router.relay.reader import StreamReader
from opencode_router.usage.exchange import Exchange
from opencode_router.usage.tokens import Tokens

log = logging.getLogger(__name__)

LAST_WORDS_S = 5.0
"""How long the end of a stream may take to leave."""
REWIND_SHARE = 0.01
"""How much longer than the idle limit, as a share of it, a silence may last before it is noticed."""
STREAM_HEADERS = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}


class CallerGone(Exception):
    """The caller's connection is closed, or it no longer reads; nobody is left to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long each part of an answer may take, in seconds; see Settings for their meaning."""

    first_event_s: float
    idle_s: float
    answer_s: float
    keep_alive_s: float


class Passage:
    """One request's way from Bedrock to its caller."""

    def __init__(self, *, request: web.Request, protocol: ClientProtocol, exchange: Exchange, pace: Pace) -> None:
        self._request = request
        self._protocol = protocol
        self._exchange = exchange
        self._pace = pace
        self._loop = asyncio.get_running_loop()
        self._clock: asyncio.Timeout | None = None
        self._abort_reason: RouterError | None = None
        self._last_write_s = 0.0
        self._next_rewind_s = 0.0
        self._is_sending = False
        self._silence: asyncio.TimerHandle | None = None
        self._keep_alive: asyncio.Task[None] | None = None  # held, since the loop itself holds tasks weakly

    def abort(self, reason: RouterError) -> None:
        """Ends the passage now; the caller is told `reason` in its own protocol."""
        self._abort_reason = reason
        if self._clock is not None:
            self._clock.reschedule(self._loop.time())

    async def whole(self, bedrock: Bedrock, call: Call, read: Callable[[bytes], tuple[bytes, Tokens]]) -> web.Response:
        """An answer that is not streamed. Raises RouterError."""
        async with self._limited(self._pace.answer_s), bedrock.call(call) as upstream:
            self._exchange.was_accepted = True
            body = await upstream.read()
        answer, self._exchange.tokens = read(body)
        self._exchange.note_first_byte()
        self._exchange.finish()
        return web.Response(body=answer, content_type="application/json")

    async def stream(
        self, bedrock: Bedrock, call: Call, reader: StreamReader, headers: Mapping[str, str]
    ) -> web.StreamResponse:
        """A streamed answer.

        Raises RouterError while nothing has been sent; after that a failure becomes the protocol's error event.
        """
        response = web.StreamResponse(headers={**STREAM_HEADERS, **headers})
        failure: RouterError | None
        try:
            async with self._limited(self._pace.first_event_s), bedrock.call(call) as upstream:
                self._exchange.was_accepted = True
                await self._copy(upstream.content, reader, response)
            failure = reader.failure
        except RouterError as error:
            failure = error
        except CallerGone:
            raise
        except Exception:
            log.exception("unhandled", extra={"request_id": self._exchange.request_id})
            failure = Internal()
        finally:
            self._exchange.tokens = reader.tokens
        if failure is None:
            self._exchange.finish()
            await self._end(response, b"")
        elif not response.prepared:
            raise failure
        else:
            self._exchange.fail(failure)
            await self._end(response, self._protocol.error_event(failure, self._exchange.request_id))
        return response

    async def _copy(self, content: aiohttp.StreamReader, reader: StreamReader, response: web.StreamResponse) -> None:
        """Each read leaves as one write."""
        try:
            while reader.failure is None:
                data = await content.readany()
                if events := reader.feed(data) if data else reader.close():
                    if not response.prepared:
                        self._exchange.note_first_byte()
                        await response.prepare(self._request)
                        self._watch_silence(response, self._pace.keep_alive_s)
                    await self._send(response, events)
                if not data:
                    return
                if response.prepared:
                    self._rewind()
        finally:
            if self._silence is not None:
                self._silence.cancel()

    def _rewind(self) -> None:
        """Grants the model its time anew; seldom, because moving a timer costs as much as reading an event."""
        now_s = self._loop.time()
        if now_s >= self._next_rewind_s and self._clock is not None and self._abort_reason is None:
            grain_s = self._pace.idle_s * REWIND_SHARE
            self._next_rewind_s = now_s + grain_s
            self._clock.reschedule(self._next_rewind_s + self._pace.idle_s)

    async def _send(self, response: web.StreamResponse, events: bytes) -> None:
        self._last_write_s = self._loop.time()
        self._is_sending = True
        try:
            await response.write(events)
        except ConnectionError as error:
            raise CallerGone from error
        self._is_sending = False

    async def _end(self, response: web.StreamResponse, last_words: bytes) -> None:
        """Raises CallerGone when they cannot be delivered in time."""
        try:
            async with asyncio.timeout(LAST_WORDS_S):
                if last_words:
                    await self._send(response, last_words)
                await response.write_eof()
        except (TimeoutError, ConnectionError) as error:
            raise CallerGone from error

    def _watch_silence(self, response: web.StreamResponse, after_s: float) -> None:
        self._silence = self._loop.call_later(after_s, self._break_silence, response)

    def _break_silence(self, response: web.StreamResponse) -> None:
        """Events always end at a boundary, so a keep-alive may go out at any moment of silence."""
        left_s = self._last_write_s + self._pace.keep_alive_s - self._loop.time()
        if left_s <= 0 and not self._is_sending:
            self._keep_alive = self._loop.create_task(self._send_keep_alive(response))
        self._watch_silence(response, left_s if left_s > 0 else self._pace.keep_alive_s)

    async def _send_keep_alive(self, response: web.StreamResponse) -> None:
        with suppress(CallerGone):
            await self._send(response, self._protocol.keep_alive)

    @asynccontextmanager
    async def _limited(self, limit_s: float) -> AsyncIterator[None]:
        """Runs the body until the clock says stop.

        Raises the abort's reason, CallerGone when the caller has stopped reading, or UpstreamTimeout.
        """
        try:
            async with asyncio.timeout(limit_s) as self._clock:
                if self._abort_reason:
                    raise self._abort_reason
                yield
        except TimeoutError as error:
            if self._abort_reason:
                raise self._abort_reason from error
            if self._is_sending:
                raise CallerGone from error
            what = "fell silent" if self._last_write_s else "did not begin its answer"
            raise UpstreamTimeout(f"the model {what} within the time this gateway waits") from error
        finally:
            self._clock = None
