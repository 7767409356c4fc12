"""Who may do what with a share of Ada's, by every route."""

import pytest

from share_sessions import table
from share_sessions.visibility import DEFAULT, VISIBILITIES
from tests.functions.sharing.conftest import Sharing
from tests.functions.sharing.routes import CALLS, answers, content, covered, declared

WHO = {"nobody": None, "owner": "ada", "listed": "grace", "colleague": "linus", "stranger": "mallory", "admin": "admin"}
"""A colleague has an API key, of which no address is known; nobody vouches for a stranger."""
MATRIX = """
                                               shared with   nobody  owner  listed  colleague  stranger  admin
POST /api/shares                               any           401     200    200     200        401       200
GET /api/shares                                any           401     200    200     200        401       200
GET /api/shares, of all                        any           401     403    403     403        401       200
POST /api/shares/{id}/sync                     any           200     200    200     200        200       200
POST /api/shares/{id}/sync, another's secret   any           403     403    403     403        403       403
POST /api/shares/{id}/sync, no secret          any           400     400    400     400        400       400
GET /api/shares/{id}/data                      organisation  401     200    200     200        401       200
GET /api/shares/{id}/data                      people        401     200    200     403        401       200
GET /api/shares/{id}/data                      link          200     200    200     200        200       200
GET /api/shares/{id}/data, large               organisation  401     302    302     302        401       302
GET /api/shares/{id}/data, large               people        401     302    302     403        401       302
GET /api/shares/{id}/data, large               link          302     302    302     302        302       302
PATCH /api/shares/{id}                         all           401     200    403     403        401       200
DELETE /api/shares/{id}                        all           401     200    403     403        401       200
DELETE /api/shares/{id}, its secret            any           200     200    200     200        200       200
DELETE /api/shares/{id}, another's secret      any           403     403    403     403        403       403
GET /share/{id}                                any           200     200    200     200        200       200
HEAD /share/{id}                               any           200     200    200     200        200       200
GET /share/{id}/state                          organisation  401     200    200     200        401       200
GET /share/{id}/state                          people        401     200    200     403        401       200
GET /share/{id}/state                          link          200     200    200     200        401       200
HEAD /share/{id}/state                         organisation  401     200    200     200        401       200
HEAD /share/{id}/state                         people        401     200    200     403        401       200
HEAD /share/{id}/state                         link          200     200    200     200        401       200
GET /share/{id}/state, a later page            organisation  401     200    200     200        401       200
GET /share/{id}/state, a later page            people        401     200    200     403        401       200
GET /share/{id}/state, a later page            link          200     200    200     200        401       200
GET /sign-in/{id}                              any           302     302    302     302        302       302
HEAD /sign-in/{id}                             any           302     302    302     302        302       302
GET /share-assets/{name}                       any           200     200    200     200        200       200
HEAD /share-assets/{name}                      any           200     200    200     200        200       200
$connect                                       organisation  403     200    200     200        403       200
$connect                                       people        403     200    200     403        403       200
$connect                                       link          200     200    200     200        403       200
$connect, a ticket from before a change        any           403     403    403     403        403       403
$disconnect                                    any           200     200    200     200        200       200
"""
"""Of `all`, each is asked for; of `any`, one, since the answer has nothing to do with it.

The load balancer lets nobody come to /sign-in/ who has not signed in, and nobody but API Gateway disconnects.
"""
SHOWN = {name for name in CALLS if name.startswith(("GET /api/shares", "PATCH", "GET /share/{id}/state"))}


def expected(visibility: str) -> dict[tuple[str, str], int]:
    """Status by call and whoever asks."""
    first, *rows = MATRIX.strip("\n").splitlines()
    start = first.index("shared with")
    cells = {}
    for row in rows:
        shared_with, *statuses = row[start:].split()
        if shared_with in {visibility, "all", *(["any"] if visibility == DEFAULT else [])}:
            cells.update({(row[:start].strip(), who): int(cell) for who, cell in zip(WHO, statuses, strict=True)})
    return cells


def test_the_matrix_has_every_route_and_everybody(sharing: Sharing) -> None:
    assert covered() == declared(sharing)
    assert MATRIX.splitlines()[1].split()[2:] == [*WHO]


@pytest.mark.parametrize("visibility", VISIBILITIES)
def test_who_may_do_what(sharing: Sharing, visibility: str) -> None:
    names = {by: who for who, by in WHO.items()}
    cells = expected(visibility)
    told = answers(sharing, {call for call, _ in cells}, [*WHO.values()], visibility)

    assert {(call, names[by]): one.status for (call, by), one in told.items()} == cells
    for (call, by), one in told.items():
        is_own = call != "GET /api/shares" or by == "ada"
        assert (content(sharing) in one.text) == (one.status == 200 and call in SHOWN and is_own), (call, by)
        assert bool(one.location) == (one.status == 302), (call, by)


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
