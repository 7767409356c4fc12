"""One order of batches for all writers, and snapshots of which no reader notices anything."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from share_sessions import limits, reading
from share_sessions.items import checked
from share_sessions.records import Event, event_entries
from share_sessions.table import LostRace, Table
from share_sessions.updates import Update
from tests.functions.sharing.conftest import BUCKET, TABLE, Sharing
from tests.functions.sharing.sent import Item, message, part, picture, session


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A snapshot after every third batch."""
    monkeypatch.setattr(limits, "COMPACTED_EVENTS", 2)


def once(monkeypatch: pytest.MonkeyPatch, client: Any, operation: str, meanwhile: Callable[[], object]) -> None:
    """Before its first call, and not before the calls that `meanwhile` makes itself."""
    asked = getattr(client, operation)

    def after(**wanted: Any) -> Any:
        monkeypatch.setattr(client, operation, asked)
        meanwhile()
        return asked(**wanted)

    monkeypatch.setattr(client, operation, after)


def test_of_two_writers_at_once_both_are_taken_one_after_the_other(
    sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    share, other, sequences = sharing.made(), sharing.another(), []
    once(
        monkeypatch,
        sharing.world.clients.dynamodb,
        "transact_write_items",
        lambda: sequences.append(other.sync(share, [session("theirs"), message(1)])),
    )
    sequences.append(sharing.sync(share, [session("mine"), message(2)]))

    assert sequences == [1, 2]
    assert sharing.data(share) == [session("mine"), message(1), message(2)]
    assert sharing.shares.find(share.id).items == 4


def test_a_store_that_stays_contended_or_refuses_is_a_503_and_takes_nothing(
    sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = sharing.made()
    told = []
    for reason in ("TransactionConflict", "ThrottlingError"):

        def refuse(reason: str = reason, **_wanted: Any) -> None:
            error = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": [{"Code": reason}]}
            raise ClientError(error, "TransactWriteItems")

        with monkeypatch.context() as broken:
            broken.setattr(sharing.world.clients.dynamodb, "transact_write_items", refuse)
            sent = {"secret": share.secret, "data": [session()]}
            status, document, headers = sharing.ask("POST", f"/api/share/{share.id}/sync", sent)
            told.append((status, document["error"]["type"], headers.get("Retry-After")))

    assert told == [(503, "api_error", "1"), (503, "api_error", None)]
    assert sharing.data(share) == []


@pytest.mark.usefixtures("quick")
def test_snapshots_keep_what_a_share_is_and_little_of_what_it_was(sharing: Sharing) -> None:
    share = sharing.made()
    for number in range(7):
        sharing.sync(share, [session(str(number)), message(number), part(0, of=number)])

    rest = [item for number in range(7) for item in (message(number), part(0, of=number))]
    assert sharing.data(share) == [session("6"), *rest]
    assert sorted(sharing.world.objects(share.id)) == ["000000000003.jsonl.gz", "000000000006.jsonl.gz"]
    assert [*sharing.world.entries(share.id)] == [f"event#{number:012d}" for number in range(4, 8)] + ["share"]
    found, last = sharing.shares.find(share.id), checked([session("6"), *rest[-2:]]).batch
    assert (found.snapshot_sequence, found.items) == (6, 13 + 3)
    assert found.pending_bytes == sum(keyed.size_bytes for keyed in last)
    before = checked([session("5"), *rest[:-2]]).batch
    assert found.bytes == found.pending_bytes + sum(keyed.size_bytes for keyed in before)


@pytest.mark.usefixtures("quick")
def test_a_snapshot_is_kept_hardly_longer_than_its_share(sharing: Sharing) -> None:
    s3, kept = sharing.world.clients.s3, {}
    for hours in (1, 168, 2_160):
        share = sharing.made(expires_in_hours=hours)
        for number in range(3):
            sharing.sync(share, [message(number)])
        tags = s3.get_object_tagging(Bucket=BUCKET, Key=f"snapshots/{share.id}/000000000003.jsonl.gz")["TagSet"]
        kept[hours] = {tag["Key"]: tag["Value"] for tag in tags}

    assert kept == {hours: {"kept-days": days} for hours, days in ((1, "1"), (168, "8"), (2_160, "90"))}


@pytest.mark.usefixtures("quick")
def test_a_reader_gets_the_whole_while_the_writer_makes_snapshots(
    sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its look at the share and at the rest, two snapshots are made, and what it looked for is gone."""
    share, other = sharing.made(visibility="link"), sharing.another()
    sent: list[Item] = []

    def add(count: int) -> None:
        for _ in range(count):
            sent.append(message(len(sent)))
            other.sync(share, sent[-1:])

    add(3)
    once(monkeypatch, sharing.world.clients.s3, "get_object", lambda: add(6))

    assert sharing.data(share) == sent
    assert len(sent) == 9


@pytest.mark.usefixtures("quick")
def test_a_reader_that_only_lacks_some_batches_gets_them_alone_across_a_snapshot(sharing: Sharing) -> None:
    share = sharing.made()
    for number in range(7):
        sharing.sync(share, [session(str(number)), message(number)], number + 1)
    found = sharing.shares.find(share.id)
    assert found.snapshot_sequence == 6

    late = sharing.shares.since(found, 4, through=6)
    assert late is not None
    assert {key: one.version for key, one in late.state.items()} == {
        "session": 6,
        "message/msg_0004": 5,
        "message/msg_0005": 6,
    }
    assert sharing.shares.since(found, 2) is None, "of which some are in the snapshot alone"
    nothing = sharing.shares.since(found, 7)
    assert nothing is not None
    assert nothing.state == {}
    assert sharing.shares.content(found, through=6).sequence == 6
    assert sharing.shares.content(found, through=3).sequence == 7, "that state cannot be told any more"


@pytest.mark.usefixtures("quick")
def test_of_two_writers_that_make_a_snapshot_one_counts_and_nothing_is_lost_or_left(
    sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    share, other = sharing.made(), sharing.another()
    for number in range(2):
        sharing.sync(share, [message(number)])
    once(
        monkeypatch, sharing.world.clients.s3, "put_object", lambda: other.sync(share, [message(3), session("theirs")])
    )
    sharing.sync(share, [message(2)])

    assert sharing.data(share) == [session("theirs"), *(message(number) for number in range(4))]
    found = sharing.shares.find(share.id)
    assert sharing.world.objects(share.id) == [f"{found.snapshot_sequence:012d}.jsonl.gz"]
    assert found.items - len(sharing.data(share)) in {0, 1}


@pytest.mark.usefixtures("quick")
def test_a_snapshot_that_cannot_be_made_loses_nothing_and_is_made_by_the_next_writer(
    sharing: Sharing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    share = sharing.made()

    def refuse(**_wanted: Any) -> None:
        raise ClientError({"Error": {"Code": "SlowDown"}}, "PutObject")

    with monkeypatch.context() as broken:
        broken.setattr(sharing.world.clients.s3, "put_object", refuse)
        for number in range(3):
            sharing.sync(share, [message(number)])
    assert json.loads(capsys.readouterr().out.splitlines()[-2]) == {
        "compaction": "StorageUnavailable",
        "why": "SlowDown",
    }
    assert sharing.world.objects(share.id) == []
    sharing.sync(share, [message(3)])

    assert sharing.world.objects(share.id) == ["000000000004.jsonl.gz"]
    assert sharing.data(share) == [message(number) for number in range(4)]


def test_more_batches_than_a_page_holds_are_read_and_deleted_to_the_last(sharing: Sharing) -> None:
    """Written as by a writer that never makes a snapshot. A page of DynamoDB's has 1 MB, and the last four fill one."""
    share, dynamodb = sharing.made(), sharing.world.clients.dynamodb
    found, large = sharing.shares.find(share.id), picture(280_000)
    batches = [checked([message(number, text=large if number > 1_000 else "")]).batch for number in range(1, 1_005)]
    events = [Event(sequence=number, version=number, batch=batch) for number, batch in enumerate(batches, start=1)]
    entries = [entry for event in events for entry in event_entries(found, event)]
    for start in range(0, len(entries), 25):
        puts = [{"PutRequest": {"Item": entry}} for entry in entries[start : start + 25]]
        dynamodb.batch_write_item(RequestItems={TABLE: puts})
    table = Table(dynamodb, TABLE)
    table.update(share.id, Update(expects={"sequence": 0}, sets={"sequence": 1_004}))

    ids = [item["data"]["id"] for item in sharing.data(share)]
    assert ids == [f"msg_{number:04d}" for number in range(1, 1_005)]
    sharing.ask("DELETE", f"/api/share/{share.id}", {"secret": share.secret})
    assert sharing.world.entries(share.id).keys() == {"share"}
    with pytest.raises(LostRace):
        table.update(share.id, Update(expects={"is_deleted": False}, sets={"sequence": 1}))


def test_a_reader_that_never_finds_what_it_looks_for_is_told_to_come_again(
    sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = sharing.made()
    sharing.sync(share, [session()])
    monkeypatch.setattr(reading.Shares, "_folded", lambda *_args: None)

    status, _, headers = sharing.ask("GET", f"/api/share/{share.id}/data", by="ada")
    assert (status, headers["Retry-After"]) == (503, "1")
