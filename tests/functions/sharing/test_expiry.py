"""Shares end by the clock: by every route, whatever was asked before."""

import gzip
import json
from urllib.request import urlopen

import pytest

from share_sessions import limits
from tests.functions.sharing.conftest import TABLE, Made, Sharing
from tests.functions.sharing.routes import CALLS, answers, content
from tests.functions.sharing.sent import message, session

HOUR_S, DAY_S = 3600, 24 * 3600
AFTERWARDS = """
                                               expired  forgotten
POST /api/shares                               200      200
GET /api/shares                                200      200
GET /api/shares, of all                        200      200
POST /api/shares/{id}/sync                     410      404
POST /api/shares/{id}/sync, another's secret   410      404
POST /api/shares/{id}/sync, no secret          400      400
GET /api/shares/{id}/data                      410      404
GET /api/shares/{id}/data, large               410      404
PATCH /api/shares/{id}                         410      404
DELETE /api/shares/{id}                        200      404
DELETE /api/shares/{id}, its secret            200      404
DELETE /api/shares/{id}, another's secret      403      404
GET /share/{id}                                200      200
HEAD /share/{id}                               200      200
GET /share/{id}/state                          410      404
HEAD /share/{id}/state                         410      404
GET /share/{id}/state, a later page            410      404
GET /sign-in/{id}                              302      302
HEAD /sign-in/{id}                             302      302
GET /share-assets/{name}                       200      200
HEAD /share-assets/{name}                      200      200
$connect                                       410      403
$connect, a ticket from before a change        410      403
$disconnect                                    200      200
"""
"""What an administrator is told when the share has expired, and when the table has forgotten it a day later."""


def expected(when: str) -> dict[str, int]:
    first, *rows = AFTERWARDS.strip("\n").splitlines()
    start, place = first.index("expired"), first.split().index(when)
    return {row[:start].strip(): int(row[start:].split()[place]) for row in rows}


def forget(sharing: Sharing, partition: str) -> None:
    """As DynamoDB does with entries whose time to live is over."""
    for name, entry in sharing.world.entries(partition).items():
        if int(entry["ttl"]["N"]) <= sharing.now_s:
            key = {"share": {"S": partition}, "entry": {"S": name}}
            sharing.world.clients.dynamodb.delete_item(TableName=TABLE, Key=key)


@pytest.mark.parametrize("when", ["expired", "forgotten"])
def test_of_a_share_that_has_ended_no_route_tells_anything_whatever_was_asked_before(
    sharing: Sharing, when: str
) -> None:
    ends_s = sharing.now_s + HOUR_S

    def end(share: Made) -> None:
        sharing.now_s = ends_s if when == "expired" else ends_s + DAY_S
        for partition in (share.id, f"tickets#{share.id}"):
            forget(sharing, partition)

    told = answers(sharing, CALLS, ["admin"], meanwhile=end, age_s=HOUR_S - 30, expires_in_hours=1)

    assert {call: one.status for (call, _), one in told.items()} == expected(when)
    assert not [call for (call, _), one in told.items() if content(sharing) in f"{one.text} {one.location}"]


def test_a_share_is_there_until_its_last_second_and_what_it_consists_of_for_a_day_more(sharing: Sharing) -> None:
    share = sharing.made(expires_in_hours=1)
    sharing.sync(share, [session()])
    sharing.now_s += HOUR_S - 1
    assert sharing.data(share) == [session()]
    sharing.now_s += 1

    status, document, _ = sharing.ask("GET", f"/api/share/{share.id}/data", by="ada")
    assert (status, document["error"]["code"]) == (410, "share_expired")
    assert sharing.ask("GET", "/api/shares", by="ada")[1]["shares"] == []
    ends_s = {int(entry["ttl"]["N"]) for entry in sharing.world.entries(share.id).values()}
    assert ends_s == {int(sharing.now_s) + DAY_S}


def test_an_address_of_large_data_outlasts_the_share_by_five_minutes_at_most(
    sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is S3 that answers, which knows nothing of shares: whoever got the address could have kept the content."""
    monkeypatch.setattr(limits, "ANSWER_BYTES", 10)
    share = sharing.made(expires_in_hours=1)
    sharing.sync(share, [session()])
    sharing.now_s += HOUR_S - 1
    address = sharing.ask("GET", f"/api/share/{share.id}/data", by="ada")[2]["Location"]
    sharing.now_s += 1

    assert sharing.ask("GET", f"/api/share/{share.id}/data", by="ada")[0] == 410
    assert "X-Amz-Expires=300&" in address
    with urlopen(address, timeout=5) as found:  # noqa: S310  the embedded AWS
        assert json.loads(gzip.decompress(found.read())) == [session()]


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
    assert sharing.world.objects(share.id) == ["000000000002.jsonl.gz"]
    assert sharing.data(share) == [session(), message(1), message(2)]
    assert ("review", share.id, None) in sharing.watchers.told
