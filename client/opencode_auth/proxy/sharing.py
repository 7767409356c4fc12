"""Sessions that OpenCode shares, on their way to the share host as the person.

OpenCode shows no credential here and sends nothing twice (`packages/opencode/src/share/share-next.ts` of
github.com/anomalyco/opencode, read 2026-11-21). So its address holds the install's secret, and this proxy gives every
batch a version and sends it again until it is answered; the service orders by versions, so it may arrive late.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus

from aiohttp import web

from opencode_auth import clock, share_warnings
from opencode_auth.errors import Misused
from opencode_auth.proxy.body import Body, body_of
from opencode_auth.proxy.refusals import Refusal
from opencode_auth.proxy.relay import Answered, Asked, Relay, asked_by
from opencode_auth.proxy.share_answers import secrets, skipped
from opencode_auth.proxy.share_batch import MOST_ITEM_BYTES, NotABatch, TooLarge, batch
from opencode_auth.proxy.share_versions import Versions

LOG = logging.getLogger(__name__)
MOST_BATCH_BYTES = 64 * 2**20
"""More than a share may hold; a batch has to be kept to be cut and to be sent again."""
PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0)
"""Before each further try: eight in three quarters of a minute."""
LONGEST_PAUSE_S = 30.0
PASSING = frozenset({429, 500, 502, 503, 504})
"""Statuses after which the same part may yet be taken."""
OF_THE_PART = frozenset({400, 413})
"""Statuses that say nothing of the other parts."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How long to wait between tries, and by which clock versions count; in seconds."""

    pause: Callable[[float], Awaitable[object]] = asyncio.sleep
    now_s: Callable[[], float] = clock.now_s


class Sharing:
    """Passes requests on to the share host; without a relay there is none."""

    def __init__(self, relay: Relay | None, pace: Pace) -> None:
        self._relay = relay
        self._pause = pace.pause
        self._versions = Versions(pace.now_s)
        self._deliveries: set[asyncio.Task[Answered]] = set()

    async def answer(self, request: web.Request, raw_path: str) -> web.StreamResponse:
        """`raw_path` is on the share host. Raises Refusal."""
        if self._relay is None:
            message = "this gateway shares no sessions; if it does by now: `opencode-auth setup` with its address"
            raise Refusal(404, code="no_sharing", message=message)
        if not is_sync(request.method, raw_path):
            return await self._relay.answer(request, raw_path)
        version = self._versions.next()
        body = await body_of(request, kept_bytes=MOST_BATCH_BYTES)
        if body.kept is None:
            raise Refusal(413, code="batch_too_large", message=f"a batch has more than {MOST_BATCH_BYTES} bytes")
        # OpenCode may end before the answer: what it has handed over is delivered all the same
        delivery = asyncio.create_task(self._delivered(self._relay, asked_by(request, raw_path, body), version))
        self._deliveries.add(delivery)
        delivery.add_done_callback(self._ended)
        return told(await asyncio.shield(delivery))

    async def finish(self, limit_s: float) -> None:
        """Waits for deliveries that nobody waits for any more, and ends those that take longer."""
        if self._deliveries:
            _, late = await asyncio.wait([*self._deliveries], timeout=limit_s)
            for delivery in late:
                LOG.warning("a batch of a share was not delivered before the end")
                delivery.cancel()

    def _ended(self, delivery: asyncio.Task[Answered]) -> None:
        """OpenCode logs no reason, and may be gone: the log has one."""
        self._deliveries.discard(delivery)
        if delivery.cancelled():
            return
        match delivery.exception():
            case None if is_success(delivery.result()):
                return
            case None:
                LOG.warning("a batch of a share was refused: the share host answered %d", delivery.result().status)
            case error:
                what = error.code if isinstance(error, Refusal) else type(error).__name__
                LOG.warning("a batch of a share was not delivered whole: %s", what)

    async def _delivered(self, relay: Relay, asked: Asked, version: int) -> Answered:
        """The answer to the last part, or the first refusal. Raises Refusal."""
        try:
            made = batch(asked.body.kept or b"", version)
        except NotABatch:
            return await relay.whole_answer(asked)
        for item in made.too_large:
            LOG.warning("an item of %d bytes is not shared: it may have %d", item.size_bytes, MOST_ITEM_BYTES)
        answers: list[Answered] = []
        for part in made.parts:
            answers.append(await self._tried(relay, replace(asked, body=Body(kept=part))))
            tell_of(share_of(asked.raw_path), answers[-1])
            if not is_success(answers[-1]) and answers[-1].status not in OF_THE_PART:
                break
        refused = next((each for each in answers if not is_success(each)), None)
        if refused is None and made.too_large:
            raise too_large(made.too_large)
        return refused or answers[-1]

    async def _tried(self, relay: Relay, asked: Asked) -> Answered:
        """Until it is answered for good, or the last try is. Raises Refusal."""
        for pause_s in PAUSES_S:
            try:
                answered = await relay.whole_answer(asked)
            except Refusal as refusal:
                if refusal.status not in PASSING:
                    raise
                LOG.warning("a batch of a share is sent again: %s", refusal.code)
                await self._pause(pause_s)
                continue
            if answered.status not in PASSING:
                return answered
            LOG.warning("a batch of a share is sent again: the share host answered %d", answered.status)
            await self._pause(max(pause_s, wished_s(answered)))
        return await relay.whole_answer(asked)


def is_sync(method: str, raw_path: str) -> bool:
    return method == "POST" and raw_path.partition("?")[0].endswith("/sync")


def is_success(answered: Answered) -> bool:
    return HTTPStatus.OK <= answered.status < HTTPStatus.MULTIPLE_CHOICES


def tell_of(share_id: str, answered: Answered) -> None:
    """In the log; of what looks like secrets, where others can read it, `opencode-auth shares` tells the person."""
    for why in skipped(answered):
        LOG.warning("an item of a share was not taken: %s", why)
    found = secrets(answered)
    if found.counts and found.are_masked:
        LOG.warning("taken out of what is shared: %s", share_warnings.words(found.counts))
    elif found.counts:
        LOG.warning("what is shared looks like it contains %s", share_warnings.words(found.counts))
        try:
            share_warnings.add(share_id, found.counts)
        except Misused as error:
            LOG.warning("`opencode-auth shares` cannot tell of it: %s", error.message)


def share_of(raw_path: str) -> str:
    """The id in `/api/share/ID/sync`."""
    return raw_path.partition("?")[0].split("/")[3]


def wished_s(answered: Answered) -> float:
    """The header Retry-After in its form of seconds, capped; 0 without one."""
    text = next((value for name, value in answered.headers if name.lower() == "retry-after"), "")
    return min(float(text), LONGEST_PAUSE_S) if text.isascii() and text.isdigit() else 0.0


def too_large(items: Sequence[TooLarge]) -> Refusal:
    """Names all of them; the others have been taken."""
    named = ", ".join(f"{item.name} ({item.size_bytes} bytes)" for item in items)
    message = f"not shared, as an item may have {MOST_ITEM_BYTES} bytes: {named}; everything else was taken"
    return Refusal(413, code="item_too_large", message=message)


def told(answered: Answered) -> web.Response:
    response = web.Response(status=answered.status, body=answered.body)
    for name, value in answered.headers:
        if name.lower() != "content-length":
            response.headers[name] = value
    return response
