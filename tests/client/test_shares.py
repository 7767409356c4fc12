"""`shares`: what the person shares, listed, changed and deleted from the command line."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.client.laptop import Laptop, Said
from tests.client.servers import Server, json_reply
from tests.router.running import Router

MINE, OTHERS = "a" * 32, "b" * 32
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
FORBIDDEN = {"error": {"message": "this needs an administrator", "type": "permission_error", "code": "forbidden"}}
REFUSAL = {"error": {"message": "'expires_in_hours' is 9000", "type": "invalid_request_error", "code": "bad_field"}}


def shared(share_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": share_id,
        "url": f"https://share.example.com/share/{share_id}",
        "title": "Fix the \x1b[31mparser",
        "session_id": "ses_1",
        "visibility": "organisation",
        "people": [],
        "created_at": "2026-11-21T09:30:00Z",
        "expires_at": "2026-11-28T09:30:00Z",
        "bytes": 12_345,
        "owner_name": "Ada Lovelace",
        **changes,
    }


@dataclass
class ShareHost:
    """Lists two shares to a page; keeps what it was asked."""

    shares: dict[str, dict[str, Any]] = field(default_factory=lambda: {MINE: shared(MINE)})
    """The caller's own, by id."""
    others: dict[str, dict[str, Any]] | None = None
    """Of somebody else; only administrators get to see them, and None is for a caller who is none."""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path with query, body."""
    credentials: set[str] = field(default_factory=set)
    refusal: tuple[int, object] | None = None

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append((request.method, request.raw_path, await request.text()))
        self.credentials.add(request.headers["Authorization"])
        if self.refusal:
            return web.json_response(self.refusal[1], status=self.refusal[0])
        if request.method == "GET":
            return self.page(int(request.query.get("cursor", 0)), is_everyones="all" in request.query)
        share_id = request.path.rpartition("/")[2]
        if request.method == "PATCH":
            self.shares[share_id].update(json.loads(await request.text()))
            return web.json_response(self.shares[share_id])
        del self.shares[share_id]
        return web.json_response({"success": True})

    def page(self, start: int, *, is_everyones: bool) -> web.Response:
        if is_everyones and self.others is None:
            return web.json_response(FORBIDDEN, status=403)
        entries = [*self.shares.values(), *((self.others or {}).values() if is_everyones else ())]
        cursor = str(start + 2) if len(entries) > start + 2 else None
        return web.json_response({"shares": entries[start : start + 2], "cursor": cursor})


@dataclass(frozen=True)
class Sharer:
    laptop: Laptop
    host: ShareHost

    @property
    def url(self) -> str:
        told: dict[str, str] = json.loads((self.laptop.own_folder / "config/gateway.json").read_text())
        return told["sharing_url"]

    async def say(self, *arguments: str) -> Said:
        return await self.laptop.say("shares", *arguments)


@pytest_asyncio.fixture
async def sharer(tmp_path: Path) -> AsyncIterator[Sharer]:
    host = ShareHost()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", host.handle)
    async with TestServer(app) as server:
        laptop = Laptop(tmp_path, "oc_key")
        clock = laptop.write("clock", str(NOW.timestamp()))
        laptop.variables["OPENCODE_AUTH_CLOCK"] = str(clock)
        laptop.point_at("http://127.0.0.1:1", sharing_url=str(server.make_url("")).rstrip("/"))
        yield Sharer(laptop, host)


async def test_shares_are_listed_over_all_pages_without_what_a_terminal_would_obey(sharer: Sharer) -> None:
    ids = [letter * 32 for letter in "abcde"]
    sharer.host.shares = {share_id: shared(share_id) for share_id in ids}

    plain, listed = await sharer.say(), await sharer.say("list", "--json")

    header, *rows = plain.stdout.splitlines()
    assert header.split() == ["ID", "VISIBILITY", "EXPIRES", "KB", "TITLE"]
    assert [row.split()[0] for row in rows] == ids
    assert rows[0].split()[4:6] == ["days", "13"]
    assert rows[0].split()[1:4] == ["organisation", "in", "6"]
    assert "\x1b" not in plain.stdout
    assert [each["id"] for each in json.loads(listed.stdout)] == ids
    assert [path for _, path, _ in sharer.host.asked[:3]] == [
        "/api/shares",
        "/api/shares?cursor=2",
        "/api/shares?cursor=4",
    ]
    assert sharer.host.credentials == {"Bearer oc_key"}


async def test_administrators_see_whose_every_share_is(sharer: Sharer) -> None:
    sharer.host.others = {OTHERS: shared(OTHERS, owner_name="Linus Sixpack")}

    said, one = await sharer.say("list", "--all"), await sharer.say("show", OTHERS)

    assert said.stdout.splitlines()[0].endswith("OWNER")
    assert said.stdout.splitlines()[2].endswith("Linus Sixpack")
    assert "owner       Linus Sixpack" in one.stdout.splitlines()
    assert [path for _, path, _ in sharer.host.asked] == ["/api/shares?all=1", "/api/shares", "/api/shares?all=1"]


@pytest.mark.parametrize(
    ("name", "exit_code"),
    [
        (f"{{url}}/share/{MINE}", 0),
        (f"{{url}}/share/{MINE}/#message-7", 0),
        (f"https://share.example.org/share/{MINE}", 2),
        (f"{{url}}/api/share/{MINE}", 2),
        ("{url}/share/", 2),
    ],
    ids=["link", "link to a message", "of another host", "no page", "without an id"],
)
async def test_a_link_says_as_well_as_an_id_which_share_is_meant(sharer: Sharer, name: str, exit_code: int) -> None:
    link = name.format(url=sharer.url)

    said = [await sharer.say(*words, link) for words in (("show",), ("change", "--visibility", "link"), ("delete",))]

    assert [each.exit_code for each in said] == [exit_code] * 3, said
    if exit_code == 0:
        assert [method for method, _, _ in sharer.host.asked] == ["GET", "PATCH", "DELETE"]
        assert said[2].stdout == f"deleted {MINE}\n"
    else:
        assert "is no link to a share" in said[0].stderr
        assert not sharer.host.asked


async def test_links_can_be_listed_in_place_of_ids(sharer: Sharer) -> None:
    header, row = (await sharer.say("list", "--links")).stdout.splitlines()

    assert (header.split()[0], row.split()[0]) == ("LINK", f"https://share.example.com/share/{MINE}")


@pytest.mark.parametrize(
    ("expires_at", "shown"),
    [
        ("2026-11-28T10:00:00Z", "in 7 days"),
        ("2026-11-23T10:00:00+00:00", "in 2 days"),
        ("2026-11-23T09:59:00Z", "in 47 h 59 min"),
        ("2026-11-21T12:00:30+02:00", "in 30 s"),
        ("2026-11-21T10:00:00Z", "expired"),
    ],
    ids=range(5),
)
async def test_when_a_share_expires_is_told_in_no_zone(sharer: Sharer, expires_at: str, shown: str) -> None:
    sharer.host.shares[MINE]["expires_at"] = expires_at

    assert f" {shown} " in (await sharer.say()).stdout
    assert f"expires     {expires_at} ({shown})" in (await sharer.say("show", MINE)).stdout


async def test_what_looks_like_a_secret_is_shown_with_its_share(sharer: Sharer) -> None:
    known = {MINE: {"private-key": 1, "github-token": 2, "\x1b[31m": 3, "npm-token": "4"}, OTHERS: {"npm-token": 1}}
    sharer.laptop.write("of-opencode-auth/state/share-warnings.json", json.dumps(known))
    words = "looks like it contains 2 github-token, 1 private-key: whoever may see it can read that"

    listed, one, listing = await sharer.say(), await sharer.say("show", MINE), await sharer.say("list", "--json")

    assert listed.stderr == f"{MINE} {words}\n"
    assert f"secrets     {words}" in one.stdout.splitlines()
    assert json.loads(listing.stdout)[0]["secrets"] == {"private-key": 1, "github-token": 2}


async def test_a_list_of_people_can_be_emptied_and_what_that_means_is_said(sharer: Sharer) -> None:
    sharer.host.shares[MINE].update(people=["bob@example.com"], visibility="people")

    said = await sharer.say("change", MINE, "--no-people")

    assert (said.exit_code, json.loads(sharer.host.asked[0][2])) == (0, {"people": []})
    assert "people      none" in said.stdout.splitlines()
    assert said.stderr.startswith("nobody is listed: its owner and administrators alone can see it")
    assert (await sharer.say("change", MINE, "--person", "eve@example.com")).stderr == ""


async def test_one_share_is_shown_with_its_link(sharer: Sharer) -> None:
    sharer.host.shares[MINE]["people"] = ["bob@example.com", "eve@example.com"]

    said, listed = await sharer.say("show", MINE), await sharer.say("show", MINE, "--json")

    assert f"link        https://share.example.com/share/{MINE}" in said.stdout.splitlines()
    assert "people      bob@example.com, eve@example.com" in said.stdout.splitlines()
    assert json.loads(listed.stdout)["size_bytes"] == 12_345


async def test_a_change_sends_what_was_said_and_shows_what_is(sharer: Sharer) -> None:
    people = ("--person", "bob@example.com", "--person", "eve@example.com")

    said = await sharer.say("change", MINE, "--visibility", "people", *people, "--expires-in", "7d")

    assert said.exit_code == 0, said
    method, path, body = sharer.host.asked[0]
    assert (method, path) == ("PATCH", f"/api/shares/{MINE}")
    assert json.loads(body) == {
        "visibility": "people",
        "people": ["bob@example.com", "eve@example.com"],
        "expires_in_hours": 168,
    }
    assert "visibility  people" in said.stdout


async def test_a_deletion_is_of_one_share(sharer: Sharer) -> None:
    said = await sharer.say("delete", MINE)

    assert (said.exit_code, said.stdout) == (0, f"deleted {MINE}\n")
    assert sharer.host.asked == [("DELETE", f"/api/shares/{MINE}", "")]
    assert (await sharer.say()).stdout == "no shared sessions\n"


async def test_an_id_is_one_segment_of_the_path(sharer: Sharer) -> None:
    sharer.host.refusal = (404, {"error": {"message": "there is no such share"}})

    said = await sharer.say("delete", "../keys?all=1")

    assert (said.exit_code, said.stderr) == (1, "error: there is no such share\n")
    assert sharer.host.asked[0][1] == "/api/shares/..%2Fkeys%3Fall%3D1"


@pytest.mark.parametrize(
    ("arguments", "exit_code", "shown"),
    [
        (("change", MINE), 2, "nothing to change"),
        (("change", MINE, "--person", "eve@example.com", "--no-people"), 2, "contradict"),
        (("change", MINE, "--expires-in", "91d"), 2, "--expires-in is '91d', not a time from 1h to 90d"),
        (("change", MINE, "--expires-in", "0h"), 2, "not a time from 1h to 90d"),
        (("change", MINE, "--expires-in", "soon"), 2, "not a time from 1h to 90d"),
        (("change", MINE, "--visibility", "everybody"), 2, "--visibility"),
        (("show", OTHERS), 1, f"there is no share '{OTHERS}'"),
    ],
)
async def test_what_cannot_be_is_said_before_anything_changes(
    sharer: Sharer, arguments: tuple[str, ...], exit_code: int, shown: str
) -> None:
    said = await sharer.say(*arguments)

    assert said.exit_code == exit_code, said
    assert shown in said.stderr
    assert not [method for method, _, _ in sharer.host.asked if method != "GET"]


@pytest.mark.parametrize(
    ("status", "document", "exit_code", "shown"),
    [
        (400, REFUSAL, 1, "error: 'expires_in_hours' is 9000\n"),
        (401, {"error": {"message": "expired"}}, 3, "error: expired\nhint: opencode-auth login\n"),
        (200, {"shares": [{"id": 1}], "cursor": None}, 1, "not understood"),
        (200, {"shares": [shared(MINE, expires_at="soon")], "cursor": None}, 1, "not understood"),
        (200, {"data": []}, 1, "without 'shares'"),
    ],
)
async def test_what_the_share_host_says_reaches_the_person(
    sharer: Sharer, status: int, document: object, exit_code: int, shown: str
) -> None:
    sharer.host.refusal = (status, document)

    said = await sharer.say()

    assert (said.exit_code, said.stdout) == (exit_code, "")
    assert shown in said.stderr


async def test_a_host_that_always_has_another_page_is_not_followed_for_ever(
    sharer: Sharer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opencode_auth.shares.MOST_PAGES", 3)
    sharer.host.refusal = (200, {"shares": [], "cursor": "again"})

    said = await sharer.say()

    assert (said.exit_code, len(sharer.host.asked)) == (1, 3)


async def test_without_a_share_host_the_way_to_one_is_said(laptop: Laptop, router: Router) -> None:
    said = await laptop.say("shares")

    assert said.exit_code == 2
    assert said.stderr == (
        f"error: this gateway shares no sessions\nhint: if it does by now: opencode-auth setup {router.url}\n"
    )


@pytest.mark.parametrize(
    ("known", "published", "is_ok", "detail"),
    [
        (None, None, True, "this gateway shares no sessions"),
        ("{url}", "{url}", True, "accepts the credential"),
        (None, "{url}", False, "the gateway shares sessions at {url}; this machine does not know"),
        ("{url}", None, False, "the gateway shares no sessions any more; this machine does not know"),
    ],
)
async def test_the_doctor_looks_at_the_share_host(
    tmp_path: Path, stub_gateway: Server, known: str | None, published: str | None, is_ok: bool, detail: str
) -> None:
    url, laptop = stub_gateway.url, Laptop(tmp_path, "oc_key")
    laptop.point_at(url, sharing_url=known and known.format(url=url))
    told = json.loads((laptop.own_folder / "config/gateway.json").read_text())
    public = {**told, "sharing_url": published and published.format(url=url)}
    stub_gateway.routes["/.well-known/opencode"] = lambda _seen: json_reply({"gateway": public})
    stub_gateway.routes["/api/shares"] = lambda _seen: json_reply({"shares": [], "cursor": None})

    found = {each["check"]: each for each in json.loads((await laptop.say("doctor", "--json")).stdout)}["sharing"]

    assert (found["is_ok"], detail.format(url=url) in found["detail"]) == (is_ok, True), found
    assert found["hint"] == (None if is_ok else f"opencode-auth setup {url}")
