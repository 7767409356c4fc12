"""What is posted to watchers never holds up, nor fails, what it tells of."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from botocore.exceptions import EndpointConnectionError

from share_sessions.connections import Connections
from share_sessions.live_posts import WORKERS, LivePosts
from share_sessions.management import Management
from tests.functions.sharing.conftest import TABLE, World

PATIENCE_S = 20
SHARE = "w" * 32
FRAME = {"sequence": 1, "version": 1, "items": []}


@dataclass
class Standing(Management):
    """For API Gateway: does with each post what a test wants."""

    does: Callable[[], object]
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def post(self, connection_id: str, data: bytes) -> None:
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            self.does()
        finally:
            with self.lock:
                self.at_once -= 1


@pytest.fixture(scope="module")
def connections(shares_world: World) -> Connections:
    """A hundred of one share."""
    made = Connections(shares_world.clients.dynamodb, TABLE, time.time)
    for number in range(100):
        made.add(SHARE, f"{number}=")
    return made


def test_a_gateway_that_does_not_answer_holds_nobody_up(
    connections: Connections, capsys: pytest.CaptureFixture[str]
) -> None:
    is_over = threading.Event()
    management = Standing(does=lambda: is_over.wait(PATIENCE_S))
    posts = LivePosts(connections, management, time.time, limit_s=0.3)

    posts.post(SHARE, FRAME)

    is_over.set()
    told = json.loads(capsys.readouterr().out)
    assert (told["live"], told["late"]) == ("post", 100)
    assert management.most_at_once == WORKERS


def test_a_gateway_that_refuses_fails_nothing(connections: Connections, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse() -> None:
        raise EndpointConnectionError(endpoint_url="https://live.example.com")

    LivePosts(connections, Standing(does=refuse), time.time).post(SHARE, FRAME)

    assert json.loads(capsys.readouterr().out)["EndpointConnectionError"] == 100


def test_a_table_that_cannot_be_read_fails_nothing(shares_world: World, capsys: pytest.CaptureFixture[str]) -> None:
    connections = Connections(shares_world.clients.dynamodb, "no-such-table", time.time)

    LivePosts(connections, Standing(does=lambda: None), time.time).end(SHARE)

    assert json.loads(capsys.readouterr().out)["error"] == "StorageUnavailable"
