"""Every route of a share, asked in every manner that makes a difference, by anybody."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from opencode_components.live_api import ROUTES
from share_sessions import limits, state, table
from share_sessions.assets import PAGE
from tests.functions.load_balancer import Balancer
from tests.functions.sharing.conftest import Made, Sharing
from tests.functions.sharing.sent import message, session
from tests.functions.sharing.viewing import Viewing

LISTED = ["grace@example.com"]
FORGER = Balancer()
"""Signs as nobody whom the service knows."""


@dataclass(frozen=True)
class Told:
    status: int
    text: str = ""
    """All that the body says."""
    location: str = ""


@dataclass(frozen=True)
class Visit:
    """Somebody at a share of Ada's."""

    viewing: Viewing
    paging: Viewing
    """Another of its kind, which has a share's state in pages."""
    share: Made
    other: Made
    """Another share of hers."""
    by: str | None

    def api(self, method: str, end: str = "", sent: Any = None, **query: str) -> Told:
        """`end` follows the share's address."""
        path = f"/api/shares/{self.share.id}{end}"
        return self.shares(method, sent, path, **query)

    def shares(self, method: str, sent: Any = None, path: str = "/api/shares", **query: str) -> Told:
        status, document, headers = self.viewing.writing.ask(method, path, sent, by=self.by, **query)
        return Told(status, json.dumps(document), headers.get("Location", ""))

    def browser(self, path: str, method: str = "GET", **query: str) -> Told:
        """A stranger brings what no load balancer has signed."""
        now_s, is_known = self.viewing.writing.now_s, self.by != "mallory"
        forged = None if is_known else FORGER.data_under(now_s, kid=self.viewing.balancer.key_id)
        by = self.by if is_known else None
        answer = self.viewing.get(path, by=by, method=method, data=forged, **query)
        return Told(answer["statusCode"], answer["body"], answer["headers"].get("Location", ""))

    def state(self, method: str = "GET", **query: str) -> Told:
        return self.browser(f"/share/{self.share.id}/state", method, **query)

    def sync(self, **secret: str) -> Told:
        return self.api("POST", "/sync", {"data": [session(content(self.viewing.writing))], **secret})

    def every(self) -> Told:
        """The list of all shares, on one page."""
        with pytest.MonkeyPatch.context() as large:
            large.setattr(table, "PAGE", 10_000)
            return self.shares("GET", all="1")

    def large(self) -> Told:
        """What is too large for an answer."""
        with pytest.MonkeyPatch.context() as small:
            small.setattr(limits, "ANSWER_BYTES", 10)
            return self.api("GET", "/data")

    def later_page(self) -> str:
        """Its number; the viewer keeps the pages since its owner has asked for the first."""
        with pytest.MonkeyPatch.context() as small:
            small.setattr(state, "PAGE_BYTES", 10)
            first = replace(self, by="ada", viewing=self.paging).state()
        return str(json.loads(first.text)["next_page"])

    def page(self, number: str) -> Told:
        return replace(self, viewing=self.paging).state(after="0", page=number)

    def ticket(self) -> str:
        told = self.state()
        return str(json.loads(told.text)["live"]["ticket"]) if told.status == 200 else ""

    def connect(self, ticket: str) -> Told:
        return Told(self.viewing.connect(ticket))

    def connect_after_a_change(self, ticket: str) -> Told:
        change = {"visibility": "people", "people": ["heidi@example.com"]}
        replace(self, by="ada").api("PATCH", sent=change)
        return self.connect(ticket)


@dataclass(frozen=True, kw_only=True)
class Call:
    ask: Callable[[Visit, str], Told]
    """With what was prepared."""
    prepare: Callable[[Visit], str] = lambda _visit: ""
    """Before the share ends, or changes."""
    is_spoiling: bool = False
    """Nothing is as it was afterwards."""


def reading(path: str) -> Mapping[str, Call]:
    """By method and path, with the share's id for `{id}`, and an asset's name for `{name}`."""
    name = next(part for part in PAGE.split('"') if part.startswith("/share-assets/")).rpartition("/")[2]

    def call(method: str) -> Call:
        return Call(
            ask=lambda visit, _: visit.browser(path.replace("{id}", visit.share.id).replace("{name}", name), method)
        )

    return {f"{method} {path}": call(method) for method in ("GET", "HEAD")}


CALLS: Mapping[str, Call] = {
    "POST /api/shares": Call(ask=lambda visit, _: visit.shares("POST", {"sessionID": "ses_1"})),
    "GET /api/shares": Call(ask=lambda visit, _: visit.shares("GET")),
    "GET /api/shares, of all": Call(ask=lambda visit, _: visit.every()),
    "POST /api/shares/{id}/sync": Call(ask=lambda visit, _: visit.sync(secret=visit.share.secret)),
    "POST /api/shares/{id}/sync, another's secret": Call(ask=lambda visit, _: visit.sync(secret=visit.other.secret)),
    "POST /api/shares/{id}/sync, no secret": Call(ask=lambda visit, _: visit.sync()),
    "GET /api/shares/{id}/data": Call(ask=lambda visit, _: visit.api("GET", "/data")),
    "GET /api/shares/{id}/data, large": Call(
        ask=lambda visit, _: visit.large(), prepare=lambda visit: visit.large().text
    ),
    "PATCH /api/shares/{id}": Call(ask=lambda visit, _: visit.api("PATCH", sent={"people": LISTED})),
    "DELETE /api/shares/{id}": Call(ask=lambda visit, _: visit.api("DELETE"), is_spoiling=True),
    "DELETE /api/shares/{id}, its secret": Call(
        ask=lambda visit, _: visit.api("DELETE", sent={"secret": visit.share.secret}), is_spoiling=True
    ),
    "DELETE /api/shares/{id}, another's secret": Call(
        ask=lambda visit, _: visit.api("DELETE", sent={"secret": visit.other.secret})
    ),
    **reading("/share/{id}"),
    **reading("/share/{id}/state"),
    "GET /share/{id}/state, a later page": Call(ask=Visit.page, prepare=Visit.later_page),
    **reading("/sign-in/{id}"),
    **reading("/share-assets/{name}"),
    "$connect": Call(ask=Visit.connect, prepare=Visit.ticket),
    "$connect, a ticket from before a change": Call(
        ask=Visit.connect_after_a_change, prepare=Visit.ticket, is_spoiling=True
    ),
    "$disconnect": Call(ask=lambda visit, _: Told(visit.viewing.disconnect())),
}
"""By route and, after a comma, manner."""


def content(sharing: Sharing) -> str:
    """That no other test shares."""
    return f"swordfish-{sharing.generation}."


def answers(
    sharing: Sharing,
    calls: Collection[str],
    by: Sequence[str | None],
    visibility: str = "organisation",
    *,
    meanwhile: Callable[[Made], object] = lambda _share: None,
    age_s: float = 0,
    **wishes: Any,
) -> Mapping[tuple[str, str | None], Told]:
    """By call and caller; `meanwhile` is done to every share before the call, and after it was prepared at that age."""
    viewing, paging, other = Viewing(sharing), Viewing(sharing), sharing.made()

    def made() -> Made:
        return sharing.made(visibility=visibility, people=LISTED, **wishes)

    share = made()
    sharing.sync(share, [session(content(sharing)), message(1)])
    visits = {
        (name, who): Visit(viewing, paging, made() if call.is_spoiling else share, other, who)
        for who in by
        for name, call in CALLS.items()
        if name in calls
    }
    sharing.now_s += age_s
    prepared = {key: CALLS[key[0]].prepare(visit) for key, visit in visits.items()}
    for one in {visit.share.id: visit.share for visit in visits.values()}.values():
        meanwhile(one)
    return {key: CALLS[key[0]].ask(visit, prepared[key]) for key, visit in visits.items()}


def declared(sharing: Sharing) -> set[str]:
    """What the functions answer to."""
    sites = [*sharing.routes, *Viewing(sharing).routes]
    return {f"{method} {route.label}" for route in sites for method in route.methods} | {*ROUTES.values()}


def covered() -> set[str]:
    return {name.partition(",")[0] for name in CALLS}
