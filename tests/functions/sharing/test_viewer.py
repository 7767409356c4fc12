"""What browsers get of a share: the page, its state in pages, tickets, and refusals."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from share_sessions.viewer_site import ACCESS_TOKEN
from tests.functions.load_balancer import DATA, Balancer
from tests.functions.sharing.conftest import Made, Sharing
from tests.functions.sharing.viewing import LIVE_URL, Viewing

UNKNOWN = "a" * 32
LARGE_BYTES = 300_000
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self' wss://abc123.execute-api.eu-central-1.amazonaws.com; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types dompurify"
)


@pytest.fixture
def viewing(sharing: Sharing) -> Viewing:
    return Viewing(sharing)


def message(number: int, text: str = "") -> dict[str, Any]:
    return {"type": "message", "data": {"id": f"msg_{number:04d}", "role": "user", "text": text}}


def error(answer: Mapping[str, Any]) -> tuple[int, str]:
    return answer["statusCode"], json.loads(answer["body"])["error"]["code"]


def test_the_page_is_the_same_for_every_share_and_may_do_next_to_nothing(viewing: Viewing) -> None:
    share = viewing.writing.made(visibility="people")
    viewing.writing.sync(share, [{"type": "session", "data": {"id": "ses_1", "title": "Tractatus"}}])

    page = viewing.get(f"/share/{share.id}")

    assert page == viewing.get(f"/share/{UNKNOWN}", by="ada")
    assert page["statusCode"] == 200
    assert page["headers"]["Content-Security-Policy"] == POLICY
    assert page["headers"]["Content-Type"] == "text/html; charset=utf-8"
    assert page["headers"]["Referrer-Policy"] == "no-referrer"
    assert page["headers"]["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Set-Cookie" not in page["headers"]
    assert not any(told in page["body"] for told in ("Tractatus", share.id, "Ada"))
    assert viewing.get(f"/share/{share.id}", method="HEAD")["body"] == ""


def test_everything_that_the_page_names_is_served_for_a_year(viewing: Viewing) -> None:
    page = viewing.get(f"/share/{UNKNOWN}")["body"]
    addresses = [part for part in page.split('"') if part.startswith("/share-assets/")]

    assert {address.rpartition(".")[2] for address in addresses} == {"css", "js"}
    for address in addresses:
        asset = viewing.get(address)
        assert asset["statusCode"] == 200
        assert asset["headers"]["Cache-Control"] == "public, max-age=31536000, immutable"
        assert asset["headers"]["Cross-Origin-Resource-Policy"] == "same-origin", "no other page may load it"
    assert error(viewing.get("/share-assets/share.000000000000.js")) == (404, "not_found")


def test_a_share_says_to_its_owner_alone_that_it_is_theirs(viewing: Viewing) -> None:
    share = viewing.writing.made()

    assert [viewing.state(share, by=by)["share"]["is_owner"] for by in ("ada", "grace", "admin")] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("by", "token", "gateway_status", "told"),
    [
        ("admin", "admin", 200, 200),
        ("linus", "admin", 200, 403),
        ("linus", "linus", 200, 403),
        ("admin", "opaque", 200, 403),
        ("admin", None, 200, 403),
        ("admin", "admin", 500, 503),
    ],
)
def test_an_administrator_is_known_by_an_access_token_of_their_own_where_claims_have_no_groups(
    sharing: Sharing, by: str, token: str | None, gateway_status: int, told: int
) -> None:
    viewing, share = Viewing(sharing, tells_groups=False), sharing.made(visibility="people")
    sharing.sync(share, [message(1, "Tractatus")])
    sharing.gateway_status = gateway_status

    answer = viewing.answer(f"/share/{share.id}/state", {DATA: viewing.signed_in(by), ACCESS_TOKEN: token})

    assert answer["statusCode"] == told
    assert ("Tractatus" in answer["body"]) == (told == 200)


def test_the_gateway_is_asked_only_about_who_could_not_see_the_share_otherwise(sharing: Sharing) -> None:
    viewing, share = (
        Viewing(sharing, tells_groups=False),
        sharing.made(visibility="people", people=["grace@example.com"]),
    )
    asked_before = len(sharing.asked)

    def status(viewing: Viewing, by: str | None, token: str) -> int:
        data = viewing.signed_in(by) if by else None
        answer = viewing.answer(f"/share/{share.id}/state", {DATA: data, ACCESS_TOKEN: token})
        return int(answer["statusCode"])

    assert [status(viewing, by, "admin") for by in ("ada", "grace", None)] == [200, 200, 401]
    without = Viewing(replace(sharing, changes={"ADMIN_GROUPS": ""}), balancer=viewing.balancer, tells_groups=False)
    assert status(without, "admin", "admin") == 403, "there are no administrators"
    assert status(viewing, "admin", "x" * 20_000) == 403
    assert len(sharing.asked) == asked_before
    assert [status(viewing, "admin", "admin") for _ in range(3)] == [200] * 3
    assert sharing.asked[asked_before:] == ["admin"], "and is believed for a minute"


def test_who_is_not_signed_in_is_sent_to_do_so_and_nowhere_else(viewing: Viewing) -> None:
    answer = viewing.get(f"/sign-in/{UNKNOWN}", by="ada")
    assert (answer["statusCode"], answer["headers"]["Location"]) == (302, f"/share/{UNKNOWN}")

    for path in ("/sign-in/", "/sign-in//evil.example.com", "/sign-in/%2F%2Fevil.example.com", "/sign-in/A" + "a" * 31):
        assert error(viewing.get(path, by="ada")) == (404, "not_found")


def test_nobody_is_believed_but_the_load_balancer(viewing: Viewing) -> None:
    share = viewing.writing.made(visibility="people")

    for forged in (Balancer().data_under(viewing.writing.now_s, kid=viewing.balancer.key_id), "garbage", ""):
        assert error(viewing.get(f"/share/{share.id}/state", data=forged)) == (401, "sign_in_needed")


def test_a_share_that_is_over_shows_nothing_and_lets_nobody_watch(viewing: Viewing) -> None:
    deleted, expiring = viewing.writing.made(), viewing.writing.made(expires_in_hours=1)
    tickets = [viewing.state(share)["live"]["ticket"] for share in (deleted, expiring)]
    viewing.writing.ask("DELETE", f"/api/share/{deleted.id}", {"secret": deleted.secret})
    assert viewing.state(expiring)["share"]["expires_at"] == "2026-11-21T13:00:00Z"
    viewing.writing.now_s += 3600 - 30
    late = viewing.state(expiring)["live"]["ticket"]
    viewing.writing.now_s += 30

    assert error(viewing.get(f"/share/{deleted.id}/state", by="ada")) == (410, "share_deleted")
    assert error(viewing.get(f"/share/{expiring.id}/state", by="ada")) == (410, "share_expired")
    assert error(viewing.get(f"/share/{UNKNOWN}/state", by="ada")) == (404, "share_not_found")
    assert [viewing.connect(ticket) for ticket in (*tickets, late)] == [403, 403, 410]
    assert viewing.writing.world.entries(f"connections#{expiring.id}") == {}


def test_a_ticket_is_good_for_a_minute_and_the_table_does_not_know_it(viewing: Viewing) -> None:
    share = viewing.writing.made()
    early, late = (viewing.state(share)["live"]["ticket"] for _ in range(2))
    kept = json.dumps(viewing.writing.world.entries(f"tickets#{share.id}"), default=repr)
    assert kept.count('"access"') == 2
    assert not any(part in kept for ticket in (early, late) for part in (ticket, ticket.partition(".")[2]))

    viewing.writing.now_s += 59
    assert viewing.connect(early) == 200
    assert viewing.connect(early) == 403
    viewing.writing.now_s += 1
    assert viewing.connect(late) == 403
    assert viewing.get(f"/share/{share.id}/state", by="ada", method="HEAD")["statusCode"] == 200


def test_who_says_that_it_watches_already_gets_no_ticket(viewing: Viewing) -> None:
    share = viewing.writing.made()

    assert viewing.state(share, live="0")["live"] is None
    assert viewing.writing.world.entries(f"tickets#{share.id}") == {}
    for value in ("1", ""):
        assert error(viewing.get(f"/share/{share.id}/state", by="ada", live=value)) == (400, "invalid_request")


async def test_pages_are_of_one_state_although_the_share_grows_between_them(viewing: Viewing) -> None:
    share = viewing.writing.made()
    for number in range(5):
        viewing.writing.sync(share, [message(number, "x" * LARGE_BYTES)], version=1)
    reader = viewing.reader(share)
    page = await reader.turn(None)
    assert (page["is_whole"], page["sequence"], page["live"], len(page["items"])) == (True, 5, None, 2)

    viewing.writing.sync(share, [message(0, "changed"), message(9)], version=2)
    while page["next_page"] is not None:
        page = await reader.turn(page["next_page"])
        assert (page["is_whole"], page["sequence"]) == (False, 5)
    reader.sequence = page["sequence"]
    assert {version for version, _ in reader.items.values()} == {1}
    assert len(reader.items) == 5
    page = await reader.catch_up()

    assert [entry["key"] for entry in page["items"]] == ["message/msg_0000", "message/msg_0009"]
    assert reader.items == {entry["key"]: (entry["version"], entry["item"]) for entry in whole(viewing, share)}


async def test_a_reader_whose_pages_are_overtaken_by_a_snapshot_gets_the_newer_whole(viewing: Viewing) -> None:
    share = viewing.writing.made()
    for number in range(3):
        viewing.writing.sync(share, [message(number, "x" * LARGE_BYTES)], version=1)
    first = await viewing.reader(share).turn(None)
    assert first["next_page"]

    for number in range(2):
        viewing.writing.sync(share, [message(number + 2, "y" * LARGE_BYTES)], version=2)
    reader = Viewing(viewing.writing).reader(share)
    reader.add(first["items"])
    page = await reader.turn(first["next_page"])
    assert (page["is_whole"], page["sequence"]) == (True, 5)
    while page["next_page"] is not None:
        page = await reader.turn(page["next_page"])

    assert reader.items == {entry["key"]: (entry["version"], entry["item"]) for entry in whole(viewing, share)}
    assert page["live"]["url"] == LIVE_URL


def test_what_a_reader_lacks_is_told_from_its_number_on_and_else_everything(viewing: Viewing) -> None:
    share = viewing.writing.made()
    for number in range(1, 4):
        viewing.writing.sync(share, [message(number)], version=number)

    told = {
        after: (page["is_whole"], [entry["version"] for entry in page["items"]])
        for after in ("0", "1", "3", "4", "999999999999999")
        for page in [viewing.state(share, after=after)]
    }

    everything = (True, [1, 2, 3])
    assert told == {"0": everything, "1": (False, [2, 3]), "3": (False, []), "4": everything, "9" * 15: everything}


@pytest.mark.parametrize("name", ["after", "page"])
@pytest.mark.parametrize("value", ["-1", "1.5", "x", "", "1" * 16, "\u0661", "1e3"])
def test_a_number_that_is_none_is_refused_by_its_name(viewing: Viewing, name: str, value: str) -> None:
    share = viewing.writing.made()

    answer = viewing.get(f"/share/{share.id}/state", by="ada", **{name: value})

    assert error(answer) == (400, "invalid_request")
    assert name in json.loads(answer["body"])["error"]["message"]


@pytest.mark.parametrize("page", ["1", "500", "999", "1000", "1499", "1501", "123456789012345"])
def test_no_page_number_is_an_error_of_ours(viewing: Viewing, page: str) -> None:
    share = viewing.writing.made()
    viewing.writing.sync(share, [message(1)], version=1)

    for after in ("0", "1"):
        assert viewing.state(share, after=after, page=page)["sequence"] in {0, 1}


def test_the_log_tells_nothing_of_shares_readers_and_tickets(
    viewing: Viewing, capsys: pytest.CaptureFixture[str]
) -> None:
    share = viewing.writing.made()
    viewing.writing.sync(share, [message(1, "Tractatus")])
    capsys.readouterr()
    ticket = viewing.state(share)["live"]["ticket"]
    viewing.connect(ticket)
    viewing.connect(ticket)
    viewing.get(f"/share/{share.id}/state", after="Tractatus")

    lines = capsys.readouterr().out
    assert len(lines.splitlines()) == 4
    assert not any(told in lines for told in (share.id, ticket, "Tractatus", "Ada", "ada", "a-1"))


def whole(viewing: Viewing, share: Made) -> list[Any]:
    page = viewing.state(share)
    entries = [*page["items"]]
    while page["next_page"] is not None:
        page = viewing.state(share, page=str(page["next_page"]))
        entries += page["items"]
    return entries
