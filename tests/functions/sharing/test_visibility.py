"""Who may do what with a share of Ada's, by every route."""

import json

import pytest

from share_sessions import table
from tests.functions.sharing.conftest import Sharing
from tests.functions.sharing.sent import session

NOBODY, OWNER, COLLEAGUE, LISTED, STRANGER, ADMIN = None, "ada", "linus", "grace", "mallory", "admin"
"""A colleague has an API key, of which no address is known; the gateway knows nothing of a stranger."""
READING = {
    "organisation": {NOBODY: 401, OWNER: 200, COLLEAGUE: 200, LISTED: 200, STRANGER: 401, ADMIN: 200},
    "people": {NOBODY: 401, OWNER: 200, COLLEAGUE: 403, LISTED: 200, STRANGER: 401, ADMIN: 200},
    "link": {NOBODY: 200, OWNER: 200, COLLEAGUE: 200, LISTED: 200, STRANGER: 200, ADMIN: 200},
}
CHANGING = {NOBODY: 401, OWNER: 200, COLLEAGUE: 403, LISTED: 403, STRANGER: 401, ADMIN: 200}
WHO = [NOBODY, OWNER, COLLEAGUE, LISTED, STRANGER, ADMIN]


@pytest.mark.parametrize("visibility", list(READING))
def test_who_sees_who_changes_and_who_deletes(sharing: Sharing, visibility: str) -> None:
    share = sharing.made(visibility=visibility, people=["Grace@example.com"])
    sharing.sync(share, [session("swordfish")])
    path = f"/api/shares/{share.id}"
    found: dict[str, dict[str | None, int]] = {"see": {}, "change": {}, "delete": {}}
    for who in WHO:
        status, document, _ = sharing.ask("GET", f"{path}/data", by=who)
        found["see"][who] = status
        assert ("swordfish" in json.dumps(document)) == (status == 200)
        status, document, _ = sharing.ask("PATCH", path, {"visibility": visibility}, by=who)
        found["change"][who] = status
        assert ("swordfish" in json.dumps(document)) == (status == 200)
    for who in sorted(WHO, key=lambda who: CHANGING[who] == 200):
        found["delete"][who] = sharing.ask("DELETE", path, by=who)[0]

    assert found == {"see": READING[visibility], "change": CHANGING, "delete": CHANGING}


def test_only_who_was_given_the_secret_adds_to_a_share_or_ends_it_by_it(sharing: Sharing) -> None:
    share, other = sharing.made(), sharing.made()
    for secret in ("", "x", other.secret, share.id, share.secret.upper(), "\udc00"):
        for method, end in (("POST", "/sync"), ("DELETE", "")):
            sent = {"secret": secret, **({"data": [session()]} if end else {})}
            body = json.dumps(sent).encode()
            status, document, _ = sharing.ask(method, f"/api/share/{share.id}{end}", body, by="ada")
            assert (status, document["error"]["code"]) == (403, "wrong_secret")

    assert sharing.sync(share, [session()]) == 1


def test_a_share_is_for_the_organisation_unless_its_owner_says_otherwise(sharing: Sharing) -> None:
    share = sharing.made()
    path = f"/api/shares/{share.id}"
    assert sharing.ask("GET", f"{path}/data")[0] == 401

    sharing.ask("PATCH", path, {"visibility": "people"}, by="ada")
    assert sharing.ask("GET", f"{path}/data", by="linus")[0] == 403
    sharing.ask("PATCH", path, {"visibility": "link"}, by="ada")
    assert sharing.ask("GET", f"{path}/data")[0] == 200
    assert [what for what, _, _ in sharing.watchers.told] == ["review", "review"]


def test_owners_list_their_own_shares_in_pages_and_administrators_all(
    sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "PAGE", 3)
    mine = []
    for number in range(5):
        sharing.now_s += 1
        mine.append(sharing.made(expires_in_hours=1 + number).id)
    hers = sharing.made(by="grace").id

    first = sharing.ask("GET", "/api/shares", by="ada")[1]
    second = sharing.ask("GET", "/api/shares", by="ada", cursor=first["cursor"])[1]
    assert [found["id"] for found in (*first["shares"], *second["shares"])] == mine[::-1]
    assert (len(first["shares"]), second["cursor"]) == (3, None)
    assert first["shares"][0] == {
        "id": mine[-1],
        "url": f"https://share.example.com/share/{mine[-1]}",
        "title": "",
        "session_id": "ses_1",
        "visibility": "organisation",
        "people": [],
        "created_at": "2026-11-21T12:00:05Z",
        "expires_at": "2026-11-21T17:00:05Z",
        "bytes": 0,
        "owner_name": "Ada Lovelace",
    }
    assert sharing.ask("GET", "/api/shares", by="grace", cursor=first["cursor"])[0] == 400
    assert sharing.ask("GET", "/api/shares", by="grace", all="1")[0] == 403
    assert sharing.ask("GET", "/api/shares")[0] == 401

    monkeypatch.setattr(table, "PAGE", 20)
    cursor: dict[str, str] = {}
    every: list[str] = []
    while True:
        page = sharing.ask("GET", "/api/shares", by="admin", all="1", **cursor)[1]
        every += [found["id"] for found in page["shares"]]
        if page["cursor"] is None:
            break
        cursor = {"cursor": page["cursor"]}
    assert {*mine, hers} <= set(every)
    assert len(every) == len(set(every))
