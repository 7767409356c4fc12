"""How much is taken, and that a refusal names the limit and the value and takes nothing."""

from typing import Any

import pytest

from share_sessions import limits
from tests.functions.sharing.conftest import Made, Sharing
from tests.functions.sharing.sent import message, part, picture, session


def refused(sharing: Sharing, share: Made, data: Any, *, status: int = 413) -> str:
    """The message."""
    sent = {"secret": share.secret, "data": data}
    told, document, headers = sharing.ask("POST", f"/api/share/{share.id}/sync", sent)
    assert told == status, document
    assert ("Retry-After" in headers) == (status == 429)
    return str(document["error"]["message"])


def test_an_item_of_700_000_bytes_is_taken_and_one_byte_more_is_not(sharing: Sharing) -> None:
    share = sharing.made()
    room = limits.ITEM_BYTES - len('{"data":{"id":"ses_1","text":"","title":"A session"},"type":"session"}')
    large = session(text="é" * (room // 2))
    sharing.sync(share, [large])

    said = refused(sharing, share, [session(text="x" * (room + 1))])
    assert "data[0] has 700,001 bytes; the limit is 700,000 bytes" in said
    assert sharing.data(share) == [large]

    sent = {"secret": share.secret, "data": [session(text="x" * (room + 1)), message(1)]}
    [skipped] = sharing.ask("POST", f"/api/share/{share.id}/sync", sent)[1]["skipped"]
    assert skipped == {"item": "data[0]", "why": said}
    assert sharing.data(share) == [large, message(1)], "beside others it is passed over"


def test_a_batch_that_an_entry_cannot_hold_comes_back_whole(sharing: Sharing) -> None:
    share = sharing.made()
    large = part(1, of=1, text=picture(500_000))
    sharing.sync(share, [large])

    assert {"event#000000000001", "event#000000000001#1"} < sharing.world.entries(share.id).keys()
    assert sharing.data(share) == [large]


def test_a_batch_is_limited_in_bytes_and_items(sharing: Sharing) -> None:
    share = sharing.made()
    said = refused(sharing, share, [session(text="x" * limits.BATCH_BYTES)])
    assert "the body has 900," in said
    assert "the limit is 900,000 bytes" in said
    many = [part(number, of=1, text="") for number in range(limits.BATCH_ITEMS + 1)]
    assert "data has 1,001 items; the limit is 1,000 items" in refused(sharing, share, many)
    assert sharing.sync(share, many[1:]) == 1
    assert sharing.data(share) == many[1:]


def test_a_share_takes_so_many_batches_in_10_s_whoever_sends_them(
    sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert limits.WINDOW_BATCHES == 30
    monkeypatch.setattr(limits, "WINDOW_BATCHES", 4)
    share, other = sharing.made(), sharing.another()
    for number in range(4):
        (sharing, other)[number % 2].sync(share, [message(number)])

    said = refused(sharing, share, [session()], status=429)
    assert "4 batches in 10 s" in said
    sharing.now_s += 10
    assert sharing.sync(share, [session()]) == 5


@pytest.mark.parametrize(
    ("name", "limit", "told"),
    [("SHARE_BYTES", 1_000, "the limit is 1,000 bytes"), ("SHARE_ITEMS", 4, "has 5 items; the limit is 4 items")],
)
def test_what_a_share_holds_is_limited_and_what_was_replaced_does_not_count(
    sharing: Sharing, monkeypatch: pytest.MonkeyPatch, name: str, limit: int, told: str
) -> None:
    monkeypatch.setattr(limits, name, limit)
    share = sharing.made()
    for _ in range(2):
        sharing.sync(share, [part(number, of=1, text="x" * 100) for number in range(4)])

    assert told in refused(sharing, share, [part(number, of=1, text="y" * 700) for number in range(4, 5)])
    sharing.sync(share, [part(0, of=1, text="z")])
    assert [item["data"]["text"] for item in sharing.data(share)] == ["z", *["x" * 100] * 3]
    [listed] = sharing.ask("GET", "/api/shares", by="ada")[1]["shares"]
    assert listed["bytes"] <= 1_000


def test_an_owner_has_100_live_shares_and_expired_or_deleted_ones_do_not_count(
    sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert limits.LIVE_SHARES == 100
    monkeypatch.setattr(limits, "LIVE_SHARES", 3)
    first, *_ = [sharing.made(expires_in_hours=hours) for hours in (9, 1, 9)]

    status, document, headers = sharing.ask("POST", "/api/share", {"sessionID": "ses_1"}, by="ada")
    assert (status, document["error"]["code"]) == (429, "too_many")
    assert "3 live shares of 3" in document["error"]["message"]
    assert int(headers["Retry-After"]) > 0
    sharing.made(by="grace")
    sharing.now_s += 3600
    sharing.made()
    assert sharing.ask("POST", "/api/share", {"sessionID": "ses_1"}, by="ada")[0] == 429
    sharing.ask("DELETE", f"/api/share/{first.id}", by="ada")
    sharing.made()


def test_people_are_100_at_most_and_each_once(sharing: Sharing) -> None:
    people = [f"p{number}@example.com" for number in range(limits.PEOPLE)]
    sent = {"sessionID": "s", "visibility": "people", "people": [*people, "more@example.com"]}
    assert sharing.ask("POST", "/api/share", sent, by="ada")[0] == 400
    sharing.made(visibility="people", people=["Ada@Example.com", "ada@example.com"])
    [listed] = sharing.ask("GET", "/api/shares", by="ada")[1]["shares"]
    assert listed["people"] == ["ada@example.com"]
