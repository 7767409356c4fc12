"""Deletion deletes: by every route, in the table, and in the bucket with its old versions. Shares end by the clock."""

import gzip
import json
from collections.abc import Callable
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError

from share_sessions import limits
from share_sessions.batches import Batches
from share_sessions.snapshots import Snapshots
from share_sessions.table import Table
from tests.functions.sharing.conftest import BUCKET, TABLE, Made, Sharing
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

    def deleted_first(*args: object) -> str | None:
        assert sharing.ask("DELETE", f"/api/share/{full.id}", {"secret": full.secret})[0] == 200
        return write(*args)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(snapshots, "write", deleted_first)
    batches.compact(share)

    assert sharing.world.objects(full.id) == []
    assert sharing.world.entries(full.id).keys() == {"share"}


def test_a_reader_for_whom_the_items_are_put_aside_leaves_nothing_of_a_share_that_was_deleted_meanwhile(
    sharing: Sharing, full: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, other = sharing.world.clients.s3.put_object, sharing.another()

    def deleted_first(**wanted: object) -> object:
        assert other.ask("DELETE", f"/api/share/{full.id}", {"secret": full.secret})[0] == 200
        return put(**wanted)

    monkeypatch.setattr(sharing.world.clients.s3, "put_object", deleted_first)

    assert sharing.ask("GET", f"/api/share/{full.id}/data")[0] == 410
    assert sharing.world.objects(full.id) == []


def test_a_share_ends_by_the_clock_and_is_forgotten_a_day_later(sharing: Sharing) -> None:
    share = sharing.made(expires_in_hours=1)
    sharing.sync(share, [session()])
    sharing.now_s += 3599
    assert sharing.data(share) == [session()]
    sharing.now_s += 1

    status, document, _ = sharing.ask("GET", f"/api/share/{share.id}/data", by="ada")
    assert (status, document["error"]["code"]) == (410, "share_expired")
    assert [ask(sharing, share) for ask in ROUTES.values()] == [410, 410, 410, 410]
    assert sharing.ask("GET", "/api/shares", by="ada")[1]["shares"] == []
    ends_s = {int(entry["ttl"]["N"]) for entry in sharing.world.entries(share.id).values()}
    assert ends_s == {int(sharing.now_s) + 24 * 3600}
    assert sharing.ask("DELETE", f"/api/share/{share.id}", by="ada")[0] == 200


@pytest.mark.parametrize(("changes", "hours"), [({}, 168), ({"DEFAULT_EXPIRY_HOURS": "24"}, 24)])
def test_a_share_lasts_for_seven_days_unless_the_environment_says_otherwise(
    sharing: Sharing, changes: dict[str, str], hours: int
) -> None:
    share = sharing.another(**changes).made()

    assert sharing.shares.find(share.id).expires_at.timestamp() == sharing.now_s + hours * 3600


@pytest.mark.parametrize("hours", [1, 2160])
def test_with_its_end_all_that_a_share_consists_of_is_moved(sharing: Sharing, hours: int) -> None:
    """The bucket forgets objects by their age and the table batches by their time: what stays is written anew."""
    share = sharing.made()
    sharing.sync(share, [session()], 1)
    sharing.sync(share, [message(1)], 2)
    status, document, _ = sharing.ask("PATCH", f"/api/shares/{share.id}", {"expires_in_hours": hours}, by="ada")
    assert (status, document["expires_at"][:4]) == (200, "2026" if hours == 1 else "2027")
    sharing.sync(share, [message(2)], 3)

    ends_s = {name: int(entry["ttl"]["N"]) for name, entry in sharing.world.entries(share.id).items()}
    assert ends_s == dict.fromkeys(("share", "event#000000000003"), int(sharing.now_s) + hours * 3600 + 24 * 3600)
    assert sharing.world.objects(share.id) == ["000000000002.json.gz"]
    assert sharing.data(share) == [session(), message(1), message(2)]
    assert ("review", share.id, None) in sharing.watchers.told
