"""What watchers of a share are told, as it happens.

None of this fails what it tells of, and none takes longer than 3 s: who misses a frame sees the gap by its number and
asks for what is missing.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from botocore.exceptions import BotoCoreError
from botocore.session import get_session

from served_site import aws_clients
from served_site.exchange import json_bytes
from share_sessions.connections import Connection, Connections
from share_sessions.management import Gone, Management, Refused

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
Tell = Callable[[Connection], str]
"""In a thread; what came of it in a word for the log."""


class LivePosts:
    def __init__(
        self, connections: Connections, management: Management, clock: Callable[[], float], *, limit_s: float = LIMIT_S
    ) -> None:
        self._connections, self._management, self._clock, self._limit_s = connections, management, clock, limit_s
        self._threads = ThreadPoolExecutor(WORKERS, thread_name_prefix="live")

    def post(self, share_id: str, frame: Mapping[str, Any]) -> None:
        """Writes {"sequence", "version", "items"} of a commit to everyone who watches; large ones without `items`."""
        data = frame_bytes(frame)
        self._tell("post", share_id, lambda connection: self._posted(share_id, connection, data))

    def end(self, share_id: str) -> None:
        """Of a share that was just marked as deleted, before its entries are: tells watchers, and disconnects them."""
        self._tell("end", share_id, lambda connection: self._ended(share_id, connection, DELETED))

    def review(self, share_id: str) -> None:
        """Of a share that others may see than before: disconnects everyone. Who still may see it comes back."""
        self._tell("review", share_id, lambda connection: self._ended(share_id, connection, None))

    def _tell(self, what: str, share_id: str, tell: Tell) -> None:
        started_s = time.perf_counter()
        try:
            told = self._told(share_id, tell, started_s + self._limit_s)
        except Exception as error:  # whatever it is: the commit or deletion that is told of has happened
            told = {"error": type(error).__name__}
        if told:
            duration_ms = round((time.perf_counter() - started_s) * 1000, 1)
            print(json.dumps({"live": what, **told, "duration_ms": duration_ms}))

    def _told(self, share_id: str, tell: Tell, ends_s: float) -> Mapping[str, Any]:
        """How many of the watchers fared in which way."""
        listing = self._threads.submit(lambda: list(self._connections.of(share_id)))
        watchers = listing.result(ends_s - time.perf_counter())
        telling = [self._threads.submit(tell, watcher) for watcher in watchers]
        wait(telling, ends_s - time.perf_counter())
        return Counter(map(outcome, telling))

    def _posted(self, share_id: str, connection: Connection, data: bytes) -> str:
        try:
            self._management.post(connection.id, data)
        except Gone:
            if self._clock() < connection.made_s + OPENING_S:
                return "opening"
            self._connections.drop(share_id, connection.id)
            return "gone"
        except (Refused, BotoCoreError) as error:
            return type(error).__name__
        return "told"

    def _ended(self, share_id: str, connection: Connection, last: bytes | None) -> str:
        """Without its entry nothing is written to it any more, even if it cannot be disconnected."""
        self._connections.drop(share_id, connection.id)
        try:
            if last is not None:
                self._management.post(connection.id, last)
            self._management.disconnect(connection.id)
        except (Refused, BotoCoreError) as error:
            return type(error).__name__
        return "ended"


def live_posts(environment: Mapping[str, str], table: str, endpoint: str) -> LivePosts:
    """Of the function's own region and role, once; `endpoint` is that of the management API."""
    credentials = get_session().get_credentials()
    management = Management(endpoint, environment["AWS_REGION"], credentials.get_frozen_credentials, at_once=WORKERS)
    connections = Connections(aws_clients.client("dynamodb", environment), table, time.time)
    return LivePosts(connections, management, time.time)


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
