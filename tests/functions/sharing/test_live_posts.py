"""What is posted to watchers never holds up, nor fails, what it tells of, and reaches nobody who may not see it."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from share_sessions.connections import Connections
from share_sessions.live_posts import WORKERS, LivePosts
from share_sessions.management import Management, Refused
from share_sessions.tickets import Tickets, access_text
from share_sessions.watching import Watching
from tests.functions.sharing.conftest import TABLE, Made, Sharing, Watchers, World

PATIENCE_S = 20
SHARE = "w" * 32
ACCESS = "as it is"
FRAME = {"sequence": 1, "version": 1, "items": []}
MESSAGE = {"type": "message", "data": {"id": "msg_1", "role": "user"}}


def nothing() -> None:
    """All is well."""


def refuse() -> None:
    raise Refused(500)


@dataclass
class Standing(Management):
    """For API Gateway: does with each post, and each end of a connection, what a test wants."""

    does: Callable[[], object] = nothing
    ends: Callable[[], object] = nothing
    posted: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    """Ids of connections."""
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def post(self, connection_id: str, data: bytes) -> None:
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            self.does()
            self.posted.append(connection_id)
        finally:
            with self.lock:
                self.at_once -= 1

    def disconnect(self, connection_id: str) -> None:
        self.ends()
        self.ended.append(connection_id)


@dataclass
class Posting(Watchers):
    """What is told of shares is posted."""

    posts: LivePosts = field(kw_only=True)

    def post(self, share_id: str, frame: Any) -> None:
        self.posts.post(share_id, frame)

    def end(self, share_id: str) -> None:
        self.posts.end(share_id)

    def review(self, share_id: str) -> None:
        self.posts.review(share_id)


@dataclass
class Live:
    """The api function with what it posts, and the function behind the WebSocket API."""

    sharing: Sharing
    management: Standing = field(default_factory=Standing)

    def __post_init__(self) -> None:
        client, shares = self.sharing.world.clients.dynamodb, self.sharing.shares
        self.connections = Connections(client, TABLE, self._clock)
        self.posts = LivePosts(
            self.connections, self.management, lambda id_: access_text(shares.find(id_)), self._clock, limit_s=0.2
        )
        self.api = replace(self.sharing, watchers=Posting(posts=self.posts))
        self.tickets = Tickets(client, TABLE, self._clock)
        self._watching = Watching(shares, self.tickets, self.connections)

    def ticket(self, share: Made) -> str:
        return self.tickets.mint(self.sharing.shares.find(share.id))

    def connect(self, ticket: str, id_: str) -> Any:
        asked = {"eventType": "CONNECT", "connectionId": id_}
        return self._watching.answer({"requestContext": asked, "queryStringParameters": {"ticket": ticket}})[
            "statusCode"
        ]

    def watched_by(self, share: Made) -> list[str]:
        return [connection.id for connection in self.connections.of(share.id)]

    def change(self, share: Made, **wishes: Any) -> None:
        assert self.api.ask("PATCH", f"/api/shares/{share.id}", wishes, by="ada")[0] == 200

    def _clock(self) -> float:
        return self.sharing.now_s


@pytest.fixture
def live(sharing: Sharing) -> Live:
    return Live(sharing)


@pytest.fixture(scope="module")
def connections(shares_world: World) -> Connections:
    """A hundred of one share."""
    made = Connections(shares_world.clients.dynamodb, TABLE, time.time)
    for number in range(100):
        made.add(SHARE, f"{number}=", access=ACCESS, share_ends_s=2**40)
    return made


def test_a_gateway_that_does_not_answer_holds_nobody_up(
    connections: Connections, capsys: pytest.CaptureFixture[str]
) -> None:
    is_over = threading.Event()
    management = Standing(does=lambda: is_over.wait(PATIENCE_S))
    posts = LivePosts(connections, management, lambda _: ACCESS, time.time, limit_s=0.3)

    posts.post(SHARE, FRAME)

    is_over.set()
    told = json.loads(capsys.readouterr().out)
    assert (told["live"], told["late"]) == ("post", 100)
    assert management.most_at_once == WORKERS


def test_a_gateway_that_refuses_fails_nothing(connections: Connections, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise EndpointConnectionError(endpoint_url="https://live.example.com")

    LivePosts(connections, Standing(does=fail), lambda _: ACCESS, time.time).post(SHARE, FRAME)

    assert json.loads(capsys.readouterr().out)["EndpointConnectionError"] == 100


def test_a_table_that_cannot_be_read_fails_nothing(shares_world: World, capsys: pytest.CaptureFixture[str]) -> None:
    connections = Connections(shares_world.clients.dynamodb, "no-such-table", time.time)

    LivePosts(connections, Standing(), lambda _: ACCESS, time.time).end(SHARE)

    assert json.loads(capsys.readouterr().out)["error"] == "StorageUnavailable"


def test_whoever_could_not_be_disconnected_gets_no_frame_and_is_tried_again_with_each(live: Live) -> None:
    share = live.sharing.made(visibility="link")
    live.connect(live.ticket(share), "old=")
    live.management.ends = refuse

    live.change(share, visibility="people", people=["grace@example.com"])
    live.connect(live.ticket(share), "new=")
    live.api.sync(share, [MESSAGE])

    assert live.management.posted == ["new="]
    assert sorted(live.watched_by(share)) == ["new=", "old="]
    live.management.ends = nothing
    live.api.sync(share, [MESSAGE])
    assert live.management.posted == ["new=", "new="]
    assert (live.management.ended, live.watched_by(share)) == (["old="], ["new="])


def test_whoever_was_not_reached_in_time_gets_no_frame_either(live: Live, capsys: pytest.CaptureFixture[str]) -> None:
    share, is_over = live.sharing.made(visibility="link"), threading.Event()
    live.connect(live.ticket(share), "old=")
    live.management.ends = lambda: is_over.wait(PATIENCE_S)

    live.change(share, visibility="people")
    live.api.sync(share, [MESSAGE])

    is_over.set()
    assert '{"live": "review", "late": 1,' in capsys.readouterr().out
    assert live.management.posted == []


def test_a_change_that_comes_before_a_batch_is_written_counts_for_it(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever writes has looked at the share before."""
    share, quiet, client = live.sharing.made(visibility="link"), live.sharing, live.sharing.world.clients.dynamodb
    live.connect(live.ticket(share), "old=")
    write = client.transact_write_items

    def changed_first(**wanted: Any) -> Any:
        assert quiet.ask("PATCH", f"/api/shares/{share.id}", {"visibility": "people"}, by="ada")[0] == 200
        return write(**wanted)

    monkeypatch.setattr(client, "transact_write_items", changed_first)
    assert live.api.sync(share, [MESSAGE]) == 1

    assert (live.management.posted, live.management.ended) == ([], ["old="])


def test_a_connection_that_outlives_a_deleted_share_gets_nothing_more(
    live: Live, capsys: pytest.CaptureFixture[str]
) -> None:
    share = live.sharing.made()
    access = access_text(live.sharing.shares.find(share.id))
    live.connect(live.ticket(share), "old=")
    unused, live.management.ends = live.ticket(share), refuse

    assert live.api.ask("DELETE", f"/api/share/{share.id}", {"secret": share.secret})[0] == 200
    assert [live.sharing.world.entries(f"{kind}#{share.id}") for kind in ("connections", "tickets")] == [{}, {}]
    assert live.management.posted == ["old="], "of the deletion"
    live.connections.add(share.id, "old=", access=access, share_ends_s=2**40)
    assert live.api.ask("POST", f"/api/share/{share.id}/sync", {"secret": share.secret, "data": [MESSAGE]})[0] == 410
    live.posts.post(share.id, FRAME)

    assert live.management.posted == ["old="]
    assert '"error": "DeletedShare"' in capsys.readouterr().out
    assert live.connect(unused, "new=") == 403


@pytest.mark.parametrize(("hours", "life_s"), [(1, 3600), (168, 7200)])
def test_nobody_watches_for_longer_than_the_share_and_the_connection_last(live: Live, hours: int, life_s: int) -> None:
    share = live.sharing.made(expires_in_hours=hours)
    live.sharing.now_s += 30
    assert live.connect(live.ticket(share), "one=") == 200
    [entry] = live.sharing.world.entries(f"connections#{share.id}").values()

    assert int(entry["ttl"]["N"]) == live.sharing.now_s + min(life_s, hours * 3600 - 30)
    assert live.watched_by(share) == ["one="]
    live.sharing.now_s = int(entry["ttl"]["N"])
    assert live.watched_by(share) == []


def test_with_the_end_of_a_share_that_of_watching_it_is_moved(live: Live) -> None:
    share = live.sharing.made(expires_in_hours=1)
    live.connect(live.ticket(share), "old=")
    unused, live.management.ends = live.ticket(share), refuse

    live.change(share, expires_in_hours=10)
    live.management.ends = nothing
    live.api.sync(share, [MESSAGE])

    assert (live.management.posted, live.management.ended) == ([], ["old="]), "it comes back and stays"
    assert live.connect(unused, "new=") == 403
