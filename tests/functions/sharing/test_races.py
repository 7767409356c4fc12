"""Answers that are lost, and changes that meet: what counts afterwards is what one after the other would have given."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from share_sessions import limits, table
from share_sessions.batches import Batches, raised
from share_sessions.snapshots import Snapshots
from share_sessions.table import Table
from tests.functions.sharing.conftest import BUCKET, TABLE, Sharing
from tests.functions.sharing.sent import message, session


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, "UpdateItem")


def updates(sharing: Sharing, monkeypatch: pytest.MonkeyPatch, update: Callable[..., Any]) -> None:
    """Whenever an entry is updated, `update` is called with how it is really done and what was asked."""
    really = sharing.world.clients.dynamodb.update_item
    monkeypatch.setattr(
        sharing.world.clients.dynamodb, "update_item", lambda **wanted: update(lambda: really(**wanted))
    )


def sent_again(really: Callable[[], Any]) -> Any:
    """As botocore does when the first answer is lost."""
    really()
    return really()


def test_a_snapshot_counts_when_the_answer_to_what_made_it_count_was_lost(
    sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "COMPACTED_EVENTS", 1)
    share = sharing.made()
    sharing.sync(share, [session()])
    with monkeypatch.context() as unlucky:
        updates(sharing, unlucky, sent_again)
        sharing.sync(share, [message(1)])

    assert sharing.shares.find(share.id).snapshot_sequence == 2
    assert sharing.data(share) == [session(), message(1)]
    sharing.sync(share, [message(2)])
    sharing.sync(share, [message(3)])
    assert sharing.data(share) == [session(), message(1), message(2), message(3)]


def test_a_snapshot_that_was_written_after_a_deletion_is_not_left_where_the_table_fails_then(
    sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "COMPACTED_EVENTS", 1)
    share, put = sharing.made(), sharing.world.clients.s3.put_object
    sharing.sync(share, [session()])

    def refused(_really: object) -> None:
        raise refusal("InternalServerError")

    def deleted_first(**wanted: Any) -> Any:
        assert sharing.another().ask("DELETE", f"/api/share/{share.id}", by="ada")[0] == 200
        updates(sharing, unlucky, refused)
        return put(**wanted)

    with monkeypatch.context() as unlucky:
        unlucky.setattr(sharing.world.clients.s3, "put_object", deleted_first)
        assert sharing.sync(share, [message(1)]) == 2

    assert sharing.world.objects(share.id) == []


def test_a_change_leaves_alone_what_somebody_else_has_changed_meanwhile(
    sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    share, other = sharing.made(visibility="link"), sharing.another()
    narrowed = {"visibility": "people", "people": ["grace@example.com"]}

    def narrowed_first(really: Callable[[], Any]) -> Any:
        unlucky.undo()
        assert other.ask("PATCH", f"/api/shares/{share.id}", narrowed, by="ada")[0] == 200
        return really()

    with monkeypatch.context() as unlucky:
        updates(sharing, unlucky, narrowed_first)
        status, document, _ = sharing.ask("PATCH", f"/api/shares/{share.id}", {"expires_in_hours": 9}, by="admin")

    assert (status, document["visibility"], document["people"]) == (200, "people", ["grace@example.com"])
    assert sharing.ask("GET", f"/api/share/{share.id}/data")[0] == 401


def test_an_extension_takes_every_batch_along_although_another_writers_snapshot_counts_first(
    sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = sharing.made(expires_in_hours=1)
    for number in range(3):
        sharing.sync(share, [message(number)])
    shares_table, snapshots = Table(sharing.world.clients.dynamodb, TABLE), Snapshots(sharing.world.clients.s3, BUCKET)
    compact = Batches.compact

    def beaten(batches: Batches, found: Any, **named: Any) -> bool:
        monkeypatch.setattr(Batches, "compact", compact)
        content = sharing.shares.content(found, through=1)
        snapshots.write(share.id, content.sequence, content.state, life_s=1.0)
        shares_table.update(share.id, raised(found, content))
        return compact(batches, found, **named)

    monkeypatch.setattr(Batches, "compact", beaten)
    assert sharing.ask("PATCH", f"/api/shares/{share.id}", {"expires_in_hours": 2_000}, by="ada")[0] == 200

    assert sharing.data(share) == [message(number) for number in range(3)]
    ends_s = {int(entry["ttl"]["N"]) for entry in sharing.world.entries(share.id).values()}
    assert ends_s == {int(sharing.now_s) + 2_000 * 3600 + 24 * 3600}


def test_an_extension_that_others_keep_from_being_carried_out_says_so(
    sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = sharing.made()
    monkeypatch.setattr(Batches, "compact", lambda *_args, **_named: False)

    status, _, headers = sharing.ask("PATCH", f"/api/shares/{share.id}", {"expires_in_hours": 9}, by="ada")
    assert (status, headers["Retry-After"]) == (503, "1")


def test_a_deletion_that_meets_a_writers_transaction_is_tried_again(
    sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "CONFLICT_PAUSES_S", (0.0, 0.0))
    share, met = sharing.made(visibility="link"), []

    def conflicting(really: Callable[[], Any]) -> Any:
        met.append(really)
        if len(met) <= 2:
            raise refusal("TransactionConflictException")
        return really()

    with monkeypatch.context() as contended:
        updates(sharing, contended, conflicting)
        assert sharing.ask("DELETE", f"/api/share/{share.id}", {"secret": share.secret})[0] == 200

    assert sharing.ask("GET", f"/api/share/{share.id}/data")[0] == 410


def test_what_is_too_large_for_an_answer_is_put_aside_once_and_not_by_each_reader(
    sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ANSWER_BYTES", 10)
    share = sharing.made(visibility="link")
    sharing.sync(share, [session()])
    for _ in range(3):
        assert sharing.data(share, by=None) == [session()]
    assert sharing.world.objects(share.id) == ["000000000001.data.json.gz"]

    sharing.sync(share, [message(1)])
    assert sharing.data(share, by=None) == [session(), message(1)]
    assert sharing.ask("PATCH", f"/api/shares/{share.id}", {"visibility": "people"}, by="ada")[0] == 200
    assert sharing.world.objects(share.id) == [], "addresses that strangers got lead nowhere"
