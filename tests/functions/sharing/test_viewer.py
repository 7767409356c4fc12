"""What browsers get of a share: the page, its state in pages, tickets, and refusals."""

import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from served_site.serving import Site
from share_sessions.connections import Connections
from share_sessions.settings import viewer_settings
from share_sessions.tickets import Tickets
from share_sessions.viewer_site import viewer_site
from share_sessions.watching import Watching
from tests.functions.load_balancer import ARN, CLIENT_ID, DATA, ISSUER, Balancer, event
from tests.functions.sharing.conftest import CALLERS, TABLE, Made, Sharing
from tests.functions.sharing.reader import Reader

LIVE_URL = "wss://abc123.execute-api.eu-central-1.amazonaws.com/live"
UNKNOWN = "a" * 32
LARGE_BYTES = 300_000
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self' wss://abc123.execute-api.eu-central-1.amazonaws.com; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types dompurify"
)
READERS = ("ada", "grace", "linus", "admin", None)
MAY_SEE: Mapping[str, set[str | None]] = {
    "organisation": {"ada", "grace", "linus", "admin"},
    "people": {"ada", "grace", "admin"},
    "link": {*READERS},
}
"""Of Ada's share with Grace on its list."""


@dataclass
class Viewing:
    """The viewer's function, and the one behind the WebSocket API, beside the one that writes."""

    writing: Sharing
    balancer: Balancer = field(default_factory=Balancer)

    def __post_init__(self) -> None:
        signer = {"SIGNER_ARN": ARN, "SIGNER_KEYS_URL": "https://keys.example.com"}
        about = {**signer, "CLIENT_ID": CLIENT_ID, "ISSUER": ISSUER, "LIVE_URL": LIVE_URL}
        settings = viewer_settings({**self.writing.world.environment, **about})
        client, shares = self.writing.world.clients.dynamodb, self.writing.shares
        tickets = Tickets(client, TABLE, self._clock)
        self._site: Site = viewer_site(settings, shares, tickets, self._fetch, self._clock)
        self._watching = Watching(shares, tickets, Connections(client, TABLE, self._clock))

    def get(
        self, path: str, *, by: str | None = None, method: str = "GET", data: str | None = None, **query: str
    ) -> dict[str, Any]:
        """The answer, with each header once, and its body as text."""
        asked = event("browser", path, method=method, headers={DATA: self.signed_in(by) if by else data})
        asked["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()}
        answer = self._site.serve(asked)
        assert len(json.dumps(answer)) < 1_000_000, "more than a load balancer takes"
        body = b64decode(answer["body"]).decode() if answer["isBase64Encoded"] else answer["body"]
        return {
            **answer,
            "headers": {name: found for name, [found] in answer["multiValueHeaders"].items()},
            "body": body,
        }

    def signed_in(self, by: str) -> str:
        caller: Mapping[str, Any] = CALLERS[by]
        subject = f"{caller['id']}-{self.writing.generation}"
        claims = {name: caller[name] for name in ("name", "email", "groups")}
        return self.balancer.data(self.writing.now_s, sub=subject, **claims)

    def state(self, share: Made, *, by: str = "ada", **query: str) -> Any:
        answer = self.get(f"/share/{share.id}/state", by=by, **query)
        assert answer["statusCode"] == 200, answer["body"]
        return json.loads(answer["body"])

    def reader(self, share: Made) -> Reader:
        async def ask(query: str) -> Any:
            return self.state(share, **dict(pair.split("=") for pair in query.split("&")))

        return Reader(ask)

    def connect(self, ticket: str, id_: str = "one=") -> int:
        context = {"eventType": "CONNECT", "connectionId": id_}
        answer = self._watching.answer({"requestContext": context, "queryStringParameters": {"ticket": ticket}})
        return int(answer["statusCode"])

    def _clock(self) -> float:
        return self.writing.now_s

    def _fetch(self, url: str, _at_most_bytes: int) -> bytes:
        assert url == f"https://keys.example.com/{self.balancer.key_id}"
        return self.balancer.public_key


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
    assert error(viewing.get("/share-assets/share.000000000000.js")) == (404, "not_found")


@pytest.mark.parametrize("visibility", MAY_SEE)
@pytest.mark.parametrize("by", READERS)
def test_a_share_is_shown_to_whom_its_owner_lets_see_it(viewing: Viewing, visibility: str, by: str | None) -> None:
    share = viewing.writing.made(visibility=visibility, people=["grace@example.com"])
    viewing.writing.sync(share, [message(1, "Tractatus")])

    answer = viewing.get(f"/share/{share.id}/state", by=by)

    if by in MAY_SEE[visibility]:
        shown = json.loads(answer["body"])
        assert answer["statusCode"] == 200
        assert shown["share"]["is_owner"] == (by == "ada")
        assert viewing.connect(shown["live"]["ticket"]) == 200
    else:
        assert error(answer) == ((401, "sign_in_needed") if by is None else (403, "forbidden"))
        assert "Tractatus" not in answer["body"]


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
    assert not [name for name in viewing.writing.world.entries(expiring.id) if name.startswith("connection#")]


def test_a_ticket_is_good_for_a_minute_and_the_table_does_not_know_it(viewing: Viewing) -> None:
    share = viewing.writing.made()
    early, late = (viewing.state(share)["live"]["ticket"] for _ in range(2))
    kept = json.dumps(viewing.writing.world.entries(share.id), default=repr)
    assert not any(part in kept for ticket in (early, late) for part in (ticket, ticket.partition(".")[2]))

    viewing.writing.now_s += 59
    assert viewing.connect(early) == 200
    assert viewing.connect(early) == 403
    viewing.writing.now_s += 1
    assert viewing.connect(late) == 403
    assert viewing.get(f"/share/{share.id}/state", by="ada", method="HEAD")["statusCode"] == 200


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
