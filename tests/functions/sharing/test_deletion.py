"""Deletion deletes: by every route, in the table, and in the bucket with its old versions."""

import gzip
import json
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError

from share_sessions import limits
from share_sessions.batches import Batches
from share_sessions.snapshots import Snapshots
from share_sessions.table import Table
from tests.functions.sharing.conftest import BUCKET, TABLE, Made, Sharing
from tests.functions.sharing.routes import CALLS, answers, content
from tests.functions.sharing.sent import message, part, session

Ask = Callable[[Sharing, Made], int]
ROUTES: dict[str, Ask] = {
    "data": lambda sharing, share: sharing.ask("GET", f"/api/share/{share.id}/data", by="ada")[0],
    "data of all": lambda sharing, share: sharing.ask("GET", f"/api/shares/{share.id}/data", by="admin")[0],
    "sync": lambda sharing, share: sharing.ask(
        "POST", f"/api/share/{share.id}/sync", {"secret": share.secret, "data": [session()]}
    )[0],
    "change": lambda sharing, share: sharing.ask("PATCH", f"/api/shares/{share.id}", {"expires_in_hours": 9}, by="ada")[
        0
    ],
}

AFTERWARDS = {
    "POST /api/shares": 200,
    "GET /api/shares": 200,
    "GET /api/shares, of all": 200,
    "POST /api/shares/{id}/sync": 410,
    "POST /api/shares/{id}/sync, another's secret": 410,
    "POST /api/shares/{id}/sync, no secret": 400,
    "GET /api/shares/{id}/data": 410,
    "GET /api/shares/{id}/data, large": 410,
    "PATCH /api/shares/{id}": 410,
    "DELETE /api/shares/{id}": 200,
    "DELETE /api/shares/{id}, its secret": 200,
    "DELETE /api/shares/{id}, another's secret": 403,
    "GET /share/{id}": 200,
    "HEAD /share/{id}": 200,
    "GET /share/{id}/state": 410,
    "HEAD /share/{id}/state": 410,
    "GET /share/{id}/state, a later page": 410,
    "GET /sign-in/{id}": 302,
    "HEAD /sign-in/{id}": 302,
    "GET /share-assets/{name}": 200,
    "HEAD /share-assets/{name}": 200,
    "$connect": 403,
    "$connect, a ticket from before a change": 403,
    "$disconnect": 200,
}
"""What an administrator is told, who may do everything. The page is the same for every share, and says of none."""


def test_of_a_deleted_share_no_route_tells_anything_whatever_was_asked_before(sharing: Sharing) -> None:
    def delete(share: Made) -> None:
        assert sharing.ask("DELETE", f"/api/share/{share.id}", {"secret": share.secret})[0] == 200

    told = answers(sharing, CALLS, ["admin"], meanwhile=delete)

    assert {call: one.status for (call, _), one in told.items()} == AFTERWARDS
    assert not [call for (call, _), one in told.items() if content(sharing) in f"{one.text} {one.location}"]


@pytest.fixture
def full(sharing: Sharing, monkeypatch: pytest.MonkeyPatch) -> Made:
    """With a snapshot that has an old version, an export, and batches before and after them."""
    monkeypatch.setattr(limits, "COMPACTED_EVENTS", 1)
    monkeypatch.setattr(limits, "ANSWER_BYTES", 10)
    share = sharing.made(visibility="link")
    for number in range(2):
        sharing.sync(share, [message(number), part(1, of=number, text="swordfish"), session("swordfish")])
    sharing.ask("PATCH", f"/api/shares/{share.id}", {"expires_in_hours": 10}, by="ada")
    sharing.sync(share, [session("swordfish")])
    assert len(sharing.data(share, by=None)) == 5
    names = sharing.world.objects(share.id)
    assert len(names) > len(set(names)), "an object with an old version"
    return share


@pytest.mark.parametrize("by", ["the secret", "an administrator"])
def test_what_was_deleted_is_gone_by_every_route_and_from_every_store(sharing: Sharing, full: Made, by: str) -> None:
    state_while_told: list[int] = []
    sharing.watchers.on_end = lambda: state_while_told.append(ROUTES["data"](sharing, full))
    sent = {"secret": full.secret} if by == "the secret" else None
    caller = {"an administrator": "admin"}.get(by)

    assert sharing.ask("DELETE", f"/api/shares/{full.id}", sent, by=caller)[:2] == (200, {"success": True})

    assert [ask(sharing, full) for ask in ROUTES.values()] == [410, 410, 410, 410]
    assert sharing.ask("GET", "/api/shares", by="ada")[1]["shares"] == []
    assert sharing.world.objects(full.id) == []
    assert sharing.world.entries(full.id).keys() == {"share"}
    assert "swordfish" not in str(sharing.world.entries(full.id))
    assert sharing.watchers.told[-1] == ("end", full.id, None)
    assert state_while_told == [410]


def test_an_address_that_was_given_out_leads_nowhere_after_the_deletion(sharing: Sharing, full: Made) -> None:
    address = sharing.ask("GET", f"/api/share/{full.id}/data")[2]["Location"]
    with urlopen(address, timeout=5) as found:  # noqa: S310  the embedded AWS
        assert len(json.loads(gzip.decompress(found.read()))) == 5
    sharing.ask("DELETE", f"/api/share/{full.id}", {"secret": full.secret})

    with pytest.raises(HTTPError, match="404") as refusal:
        urlopen(address, timeout=5)  # noqa: S310  the embedded AWS
    refusal.value.close()


def test_a_deletion_that_stopped_half_way_hides_everything_and_is_finished_by_the_next(
    sharing: Sharing, full: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_named: object) -> None:
        raise ClientError({"Error": {"Code": "SlowDown"}}, "DeleteObjects")

    with monkeypatch.context() as broken:
        broken.setattr(sharing.world.clients.s3, "delete_objects", refuse)
        assert sharing.ask("DELETE", f"/api/share/{full.id}", {"secret": full.secret})[0] == 503
    assert [ask(sharing, full) for ask in ROUTES.values()] == [410, 410, 410, 410]
    assert sharing.ask("DELETE", f"/api/share/{full.id}", {"secret": "wrong"})[0] == 403

    assert sharing.ask("DELETE", f"/api/share/{full.id}", {"secret": full.secret})[0] == 200
    assert sharing.world.objects(full.id) == []
    assert sharing.world.entries(full.id).keys() == {"share"}


def test_a_writer_that_was_making_a_snapshot_leaves_nothing_of_a_share_that_was_deleted_meanwhile(
    sharing: Sharing, full: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, snapshots = Table(sharing.world.clients.dynamodb, TABLE), Snapshots(sharing.world.clients.s3, BUCKET)
    batches = Batches(sharing.shares, table, snapshots, lambda: sharing.now_s)
    share, write = sharing.shares.find(full.id), snapshots.write

    def deleted_first(*args: Any, **named: Any) -> str | None:
        assert sharing.ask("DELETE", f"/api/share/{full.id}", {"secret": full.secret})[0] == 200
        return write(*args, **named)

    monkeypatch.setattr(snapshots, "write", deleted_first)
    batches.compact(share)

    assert sharing.world.objects(full.id) == []
    assert sharing.world.entries(full.id).keys() == {"share"}


def test_a_reader_for_whom_the_items_are_put_aside_leaves_nothing_of_a_share_that_was_deleted_meanwhile(
    sharing: Sharing, full: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, other = sharing.world.clients.s3.put_object, sharing.another()
    sharing.sync(full, [session("swordfish")])

    def deleted_first(**wanted: object) -> object:
        assert other.ask("DELETE", f"/api/share/{full.id}", {"secret": full.secret})[0] == 200
        return put(**wanted)

    monkeypatch.setattr(sharing.world.clients.s3, "put_object", deleted_first)

    assert sharing.ask("GET", f"/api/share/{full.id}/data")[0] == 410
    assert sharing.world.objects(full.id) == []
