"""What OpenCode asks of a share host, and what it is answered.

Source: github.com/anomalyco/opencode, packages/opencode/src/share/share-next.ts, version 1.18.33 (read 2026-11-21).
"""

import json
import re
import runpy
from base64 import b64encode
from typing import Any

import pytest

from served_site.settings import SettingsError
from share_sessions.settings import api_settings, viewer_settings
from tests.functions.load_balancer import ARN, CLIENT_ID, ISSUER, event
from tests.functions.sharing.conftest import SHARING_URL, Sharing, World
from tests.functions.sharing.sent import diff, message, model, part, session

ID = re.compile(r"[a-z2-7]{32}")


@pytest.mark.parametrize("place", ["/api/share", "/api/shares"])
def test_a_session_is_shared_synchronised_imported_and_deleted(sharing: Sharing, place: str) -> None:
    status, made, _ = sharing.ask("POST", place, {"sessionID": "ses_1"}, by="ada")
    assert status == 200
    assert ID.fullmatch(made["id"])
    assert ID.fullmatch(made["secret"])
    assert made == {"id": made["id"], "url": f"{SHARING_URL}/share/{made['id']}", "secret": made["secret"]}

    path = f"{place}/{made['id']}"
    sent = {"secret": made["secret"], "data": [part(1, of=1), message(1), session()]}
    assert sharing.ask("POST", f"{path}/sync", sent)[:2] == (200, {"success": True, "sequence": 1})
    later = {"secret": made["secret"], "data": [diff("a.py"), model("claude"), message(0), part(1, of=1, text="More")]}
    assert sharing.ask("POST", f"{path}/sync", later)[:2] == (200, {"success": True, "sequence": 2})

    status, items, headers = sharing.ask("GET", f"{path}/data", by="ada")
    assert status == 200
    assert items == [session(), model("claude"), message(0), message(1), part(1, of=1, text="More"), diff("a.py")]
    assert (headers["Content-Type"], headers["Cache-Control"]) == ("application/json", "no-store")
    assert sharing.ask("DELETE", path, {"secret": made["secret"]})[:2] == (200, {"success": True})
    assert sharing.ask("GET", f"{path}/data", by="ada")[0] == 410


def test_every_share_has_an_id_and_a_secret_of_its_own(sharing: Sharing) -> None:
    made = [sharing.made() for _ in range(5)]

    assert len({text for share in made for text in (share.id, share.secret)}) == 10


def test_nothing_but_a_hash_of_the_secret_is_kept(sharing: Sharing) -> None:
    share = sharing.made()
    sharing.sync(share, [session()])

    assert share.secret not in str(sharing.world.entries(share.id))


def test_a_share_is_made_by_a_caller_whom_the_gateway_is_asked_about_once_a_minute(sharing: Sharing) -> None:
    assert sharing.ask("POST", "/api/share", {"sessionID": "ses_1"})[0] == 401
    status, document, headers = sharing.ask("POST", "/api/share", {"sessionID": "ses_1"}, by="mallory")
    assert (status, document["error"]["code"], headers["WWW-Authenticate"]) == (401, "sign_in_needed", "Bearer")
    sharing.made()
    sharing.now_s += 59
    sharing.made()
    assert sharing.asked == ["mallory", "ada"]
    sharing.now_s += 2
    sharing.made()
    assert sharing.asked == ["mallory", "ada", "ada"]


@pytest.mark.parametrize(("gateway", "told"), [(401, 401), (403, 401), (500, 503), (502, 503)])
def test_a_gateway_that_refuses_is_told_from_one_that_does_not_work(sharing: Sharing, gateway: int, told: int) -> None:
    sharing.gateway_status = gateway

    assert sharing.ask("POST", "/api/share", {"sessionID": "ses_1"}, by="ada")[0] == told


def test_a_batch_without_a_version_counts_by_when_it_came_even_if_clocks_stand_still(sharing: Sharing) -> None:
    share = sharing.made()
    for title in ("zzz", "aaa", "mmm"):
        sharing.sync(share, [session(title)])
    sharing.now_s -= 5
    sharing.sync(share, [session("last")])

    assert sharing.data(share) == [session("last")]


def test_a_late_batch_and_a_repeated_one_are_harmless(sharing: Sharing) -> None:
    share = sharing.made()
    sharing.sync(share, [session("NEW"), part(1, of=1, text="completed")], 2000)
    sharing.sync(share, [session("OLD"), part(1, of=1, text="pending"), message(1)], 1000)
    sharing.sync(share, [session("NEW"), part(1, of=1, text="completed")], 2000)

    assert sharing.data(share) == [session("NEW"), message(1), part(1, of=1, text="completed")]
    listed = sharing.ask("GET", "/api/shares", by="ada")[1]["shares"]
    assert [found["title"] for found in listed] == ["NEW"]


def test_watchers_are_sent_what_was_taken(sharing: Sharing) -> None:
    share = sharing.made()
    sharing.sync(share, [session(), part(7, of=3)], 1234)

    items = [
        {"key": "session", "version": 1234, "item": session()},
        {"key": "part/msg_0003/prt_0007", "version": 1234, "item": part(7, of=3)},
    ]
    assert sharing.watchers.told == [("post", share.id, {"sequence": 1, "version": 1234, "items": items})]


def test_text_of_any_kind_comes_back_as_it_was(sharing: Sharing) -> None:
    share = sharing.made()
    text = 'ünï \x00 \u2028 😀 "</script>" \\'
    data = [part(1, of=1, text=text), session("\udc00", big=10**30, f=1.5)]
    sent = json.dumps({"secret": share.secret, "data": data})
    assert sharing.ask("POST", f"/api/share/{share.id}/sync", sent.encode())[0] == 200

    assert sharing.data(share) == data[::-1]


ITEM = session()
BAD_BATCHES: list[tuple[Any, str]] = [
    ({}, "data has to be a list"),
    ([1], "data[0] has to be an object"),
    ([{"type": "session"}], "data[0] has to be an object of type and data"),
    ([{**ITEM, "x": 1}], "data[0] has to be an object of type and data"),
    ([{"type": "script", "data": {}}], "data[0].type has to be one of session, message, part"),
    ([{"type": [], "data": {}}], "data[0].type has to be one of"),
    ([{"type": "session", "data": []}], "data[0].data has to be an object"),
    ([{"type": "model", "data": {}}], "data[0].data has to be a list"),
    ([{"type": "message", "data": {}}], "data[0].data.id has to be"),
    ([{"type": "message", "data": {"id": "a/b"}}], "data[0].data.id has to be"),
    ([{"type": "message", "data": {"id": 'a"b'}}], "data[0].data.id has to be"),
    ([{"type": "part", "data": {"id": "p"}}], "data[0].data.messageID has to be"),
    ([session(deep=json.loads("[" * 200 + "]" * 200))], "data[0] has more than 100 levels"),
]


def test_a_batch_that_cannot_be_is_refused_by_the_name_of_the_field(sharing: Sharing) -> None:
    share = sharing.made()
    for data, told in BAD_BATCHES:
        sent = {"secret": share.secret, "data": data}
        status, document, _ = sharing.ask("POST", f"/api/share/{share.id}/sync", sent)
        assert (status, document["error"]["type"]) == (400, "invalid_request_error")
        assert told in document["error"]["message"]
    assert sharing.data(share) == []


def test_an_item_that_cannot_be_taken_costs_the_others_nothing_and_is_told(sharing: Sharing) -> None:
    """OpenCode sends nothing twice, and a newer one may send types that are not known here."""
    share = sharing.made()
    bad = [(data[-1], told.partition(" ")[2]) for data, told in BAD_BATCHES if isinstance(data, list)]
    data = [message(0), *(item for item, _ in bad), part(1, of=0), session("taken")]
    sent = {"secret": share.secret, "data": data, "version": 5}
    status, document, _ = sharing.ask("POST", f"/api/share/{share.id}/sync", sent)

    assert (status, document["success"], document["sequence"]) == (200, True, 1)
    assert [one["item"] for one in document["skipped"]] == [f"data[{place}]" for place in range(1, len(bad) + 1)]
    for one, (_, told) in zip(document["skipped"], bad, strict=True):
        assert one["why"].startswith(one["item"])
        assert told in one["why"]
    assert sharing.data(share) == [session("taken"), message(0), part(1, of=0)]
    [(_, _, frame)] = sharing.watchers.told
    assert [entry["key"] for entry in frame["items"]] == ["message/msg_0000", "part/msg_0000/prt_0001", "session"]


@pytest.mark.parametrize(
    ("method", "end", "sent", "told"),
    [
        ("POST", "", b"", "JSON"),
        ("POST", "", b"[" * 100_000, "JSON"),
        ("POST", "", b"[]", "an object of sessionID"),
        ("POST", "", b"{}", "sessionID"),
        ("POST", "", b'{"sessionID": "a b"}', "sessionID"),
        ("POST", "", b'{"sessionID": "s", "visiblity": "link"}', "nothing else"),
        ("POST", "", b'{"sessionID": "s", "visibility": "public"}', "visibility has to be one of organisation"),
        ("POST", "", b'{"sessionID": "s", "visibility": []}', "visibility has to be one of organisation"),
        ("POST", "", b'{"sessionID": "s", "people": "ada@example.com"}', "people has to be a list"),
        ("POST", "", b'{"sessionID": "s", "people": ["a@b", "nobody"]}', "people[1] has to be an e-mail"),
        ("POST", "", b'{"sessionID": "s", "expires_in_hours": 0}', "expires_in_hours"),
        ("POST", "", b'{"sessionID": "s", "expires_in_hours": 2161}', "expires_in_hours"),
        ("POST", "", b'{"sessionID": "s", "expires_in_hours": true}', "expires_in_hours"),
        ("POST", "", b'{"sessionID": "s", "expires_in_hours": 1.5}', "expires_in_hours"),
        ("POST", "/{id}/sync", b'{"data": []}', "secret has to be"),
        ("POST", "/{id}/sync", b'{"secret": "s", "data": [], "version": "1"}', "version has to be"),
        ("POST", "/{id}/sync", b'{"secret": "s", "data": [], "version": 0}', "version has to be"),
        ("POST", "/{id}/sync", b'{"secret": "s", "data": [], "version": 9007199254740992}', "version has to be"),
        ("POST", "/{id}/sync", b'{"secret": "s", "data": [NaN]}', "JSON"),
        ("POST", "/{id}/sync", b'{"secret": "s", "data": [1e999]}', "JSON"),
        ("POST", "/{id}/sync", b'{"secret": "s", "data": [], "more": 1}', "nothing else"),
        ("DELETE", "/{id}", b'{"secret": 1}', "secret has to be"),
        ("PATCH", "/{id}", b"{}", "one of visibility, people, expires_in_hours"),
        ("PATCH", "/{id}", b'{"owner": "g-2"}', "nothing else"),
    ],
)
def test_a_body_that_cannot_be_is_refused_by_the_name_of_the_field(
    sharing: Sharing, method: str, end: str, sent: bytes, told: str
) -> None:
    status, document, _ = sharing.ask(method, f"/api/share{end.format(id='a' * 32)}", sent, by="ada")

    assert (status, document["error"]["code"]) == (400, "invalid_request")
    assert told in document["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/share/nothing/data", 404),
        ("GET", f"/api/share/{'a' * 32}/data", 404),
        ("DELETE", f"/api/share/{'a' * 32}", 404),
        ("GET", "/api/nothing", 404),
        ("PUT", "/api/share", 405),
        ("POST", f"/api/share/{'a' * 32}/data", 405),
    ],
)
def test_what_there_is_not_is_an_error_in_json(sharing: Sharing, method: str, path: str, status: int) -> None:
    told, document, headers = sharing.ask(method, path, by="ada")

    assert told == status
    assert document["error"].keys() == {"message", "type", "code"}
    assert headers["Content-Type"] == "application/json"
    assert status != 405 or headers["Allow"] in {"POST, GET", "GET"}


def test_a_cursor_that_no_list_ended_with_is_refused(sharing: Sharing) -> None:
    for cursor in ("x", "e30=", "W10=", "é", "a" * 3000):
        assert sharing.ask("GET", "/api/shares", by="ada", cursor=cursor)[0] == 400
    assert sharing.ask("GET", "/api/shares", by="admin", all="yes")[0] == 400


def test_the_handler_answers_a_load_balancer_s_event(
    shares_world: World, sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in shares_world.environment.items():
        monkeypatch.setenv(name, value)
    share = sharing.made(visibility="link")
    batch = event("curl", f"/api/share/{share.id}/sync", method="POST", headers={})
    written = json.dumps({"secret": share.secret, "data": [session("é")]}).encode()
    in_base64 = {**batch, "body": b64encode(written).decode(), "isBase64Encoded": True}

    handler = runpy.run_module("share_sessions.api")["handler"]
    taken = handler(in_base64, None)
    answer = handler(event("curl", f"/api/share/{share.id}/data", headers={}), None)

    assert (taken["statusCode"], json.loads(taken["body"])) == (200, {"success": True, "sequence": 1})
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, [session("é")])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TABLE", ""),
        ("BUCKET", ""),
        ("GATEWAY_URL", "ai.example.com"),
        ("SHARING_URL", "ftp://share.example.com"),
        ("REDACTION", "loud"),
        ("LIVE_ENDPOINT", ""),
        ("LIVE_URL", "https://live.example.com"),
        ("DEFAULT_EXPIRY_HOURS", "0"),
        ("DEFAULT_EXPIRY_HOURS", "²"),
    ],
)
def test_an_environment_that_cannot_be_is_refused_by_the_name_of_the_variable(
    shares_world: World, name: str, value: str
) -> None:
    sign_in = {"SIGNER_ARN": ARN, "SIGNER_KEYS_URL": ISSUER, "CLIENT_ID": CLIENT_ID, "ISSUER": ISSUER}
    environment = {**shares_world.environment, **sign_in, name: value}

    with pytest.raises(SettingsError, match=name):
        (viewer_settings if name == "LIVE_URL" else api_settings)(environment)
