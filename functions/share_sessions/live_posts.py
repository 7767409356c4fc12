"""What watchers of a share are told, as it happens.

None of this fails what it tells of, and none takes longer than 3 s: who misses a frame sees the gap by its number and
asks for what is missing. Whoever may not see the share any more misses all: a frame is for connections that were let in
as the share is visible after what it tells of was written, whether or not the others could be disconnected.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError
from botocore.session import get_session

from served_site import aws_clients
from served_site.exchange import json_bytes
from share_sessions.connections import Connection, Connections
from share_sessions.management import Gone, Management, Refused
from share_sessions.reading import Shares
from share_sessions.settings import ApiSettings
from share_sessions.tickets import access_text

WORKERS = 32
LIMIT_S = 3.0
MAX_FRAME_BYTES = 32_000
"""Larger ones say only that there is something to ask for: API Gateway takes messages of 128 KB, but in frames of 32 KB
those of `@connections` too, and closes the connection of a larger one.

Source: API Gateway developer guide, "Quotas for configuring and running a WebSocket API" (read 2026-11-21).
"""
OPENING_S = 60
"""A connection is found before it is open, when API Gateway says 410 as of one that has ended.

Source: AWS re:Post, "Troubleshoot 410 GoneException errors with API Gateway WebSocket APIs" (read 2026-11-21).
"""
DELETED = json.dumps({"ended": "deleted"}).encode()
Step = Callable[[], str]
"""Of one connection, in a thread; what came of it in a word for the log."""


class LivePosts:
    def __init__(
        self,
        connections: Connections,
        management: Management,
        access: Callable[[str], str],
        clock: Callable[[], float],
        *,
        limit_s: float = LIMIT_S,
    ) -> None:
        """`access` gives the `access_text` of a share as it is now, or raises when there is none."""
        self._connections, self._management, self._access = connections, management, access
        self._clock, self._limit_s = clock, limit_s
        self._threads = ThreadPoolExecutor(WORKERS, thread_name_prefix="live")

    def post(self, share_id: str, frame: Mapping[str, Any]) -> None:
        """Writes {"sequence", "version", "items"} of a commit to everyone who watches; large ones without `items`."""
        self._tell("post", self._posting(share_id, frame_bytes(frame)))

    def end(self, share_id: str) -> None:
        """Of a share that was just marked as deleted, before its entries are: tells watchers, and disconnects them."""
        self._tell("end", self._ending(share_id, DELETED))

    def review(self, share_id: str) -> None:
        """Of a share that was changed: disconnects everyone, so that who still may see it comes back.

        Whoever this does not reach gets no frame, and is tried again with each.
        """
        self._tell("review", self._ending(share_id, None))

    def _posting(self, share_id: str, data: bytes) -> Iterator[Step]:
        """Listed first: none of them was let in by a newer word on who may see the share than what is read then."""
        watchers = [*self._connections.of(share_id)]
        access = self._access(share_id) if watchers else ""
        for watcher in watchers:
            if watcher.access == access:
                yield partial(self._posted, share_id, watcher, data)
            else:
                yield partial(self._ended, share_id, watcher, None)

    def _ending(self, share_id: str, last: bytes | None) -> Iterator[Step]:
        for watcher in self._connections.of(share_id):
            yield partial(self._ended, share_id, watcher, last)

    def _tell(self, what: str, steps: Iterable[Step]) -> None:
        started_s = time.perf_counter()
        try:
            told = self._told(steps, started_s + self._limit_s)
        except Exception as error:  # whatever it is: the commit or deletion that is told of has happened
            told = {"error": type(error).__name__}
        if told:
            duration_ms = round((time.perf_counter() - started_s) * 1000, 1)
            print(json.dumps({"live": what, **told, "duration_ms": duration_ms}))

    def _told(self, steps: Iterable[Step], ends_s: float) -> Mapping[str, Any]:
        """How many of the watchers fared in which way."""
        listing = self._threads.submit(lambda: [*steps])
        telling = [self._threads.submit(step) for step in listing.result(ends_s - time.perf_counter())]
        wait(telling, ends_s - time.perf_counter())
        return Counter(map(outcome, telling))

    def _posted(self, share_id: str, connection: Connection, data: bytes) -> str:
        return self._done(share_id, connection, lambda: self._management.post(connection.id, data)) or "told"

    def _ended(self, share_id: str, connection: Connection, last: bytes | None) -> str:
        """Its entry stays until it is disconnected: one that nobody tries again would wait for frames in vain."""

        def end() -> None:
            if last is not None:
                self._management.post(connection.id, last)
            self._management.disconnect(connection.id)

        if problem := self._done(share_id, connection, end):
            return problem
        self._connections.drop(share_id, connection.id)
        return "ended"

    def _done(self, share_id: str, connection: Connection, act: Callable[[], None]) -> str | None:
        """None, or why it was not."""
        try:
            act()
        except Gone:
            if self._clock() < connection.made_s + OPENING_S:
                return "opening"
            self._connections.drop(share_id, connection.id)
            return "gone"
        except (Refused, BotoCoreError) as error:
            return type(error).__name__
        return None


def live_posts(environment: Mapping[str, str], settings: ApiSettings, shares: Shares) -> LivePosts:
    """Of the function's own region and role, once."""
    credentials, region = get_session().get_credentials(), environment["AWS_REGION"]
    management = Management(settings.live_endpoint, region, credentials.get_frozen_credentials, at_once=WORKERS)
    connections = Connections(aws_clients.client("dynamodb", environment), settings.store.table, time.time)
    return LivePosts(connections, management, lambda share_id: access_text(shares.find(share_id)), time.time)


def frame_bytes(frame: Mapping[str, Any]) -> bytes:
    data = json_bytes(frame)
    if len(data) <= MAX_FRAME_BYTES:
        return data
    return json_bytes({name: value for name, value in frame.items() if name != "items"})


def outcome(telling: Future[str]) -> str:
    """One that has not begun never will."""
    if telling.cancel() or not telling.done():
        return "late"
    return type(error).__name__ if (error := telling.exception()) else telling.result()
