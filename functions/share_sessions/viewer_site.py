"""What browsers get: a page that is the same for every share, and what it shows, if its reader may see it."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from served_site.exchange import Answer, Request, html, json_bytes, redirect
from served_site.problems import Problem
from served_site.serving import Route, Site
from served_site.signed_in import HEADER, SignedIn
from share_sessions.answers import problem_answer
from share_sessions.assets import ASSETS, PAGE
from share_sessions.identity import Ask, Callers
from share_sessions.items import encoded
from share_sessions.problems import BadRequest, NoCredential, NotYours
from share_sessions.reading import Shares
from share_sessions.settings import ViewerSettings
from share_sessions.shares import Share, written
from share_sessions.state import Part, States, wanted
from share_sessions.tickets import Tickets
from share_sessions.visibility import Reader, may_see

ID = r"(?P<id>[a-z2-7]{32})"
ACCESS_TOKEN = "x-amzn-oidc-accesstoken"  # noqa: S105  the name of a header
"""Its value is not signed by the load balancer: only the gateway's word on it counts.

Source: Application Load Balancer user guide, "Authenticate users using an Application Load Balancer" (read 2026-11-21).
"""


class SignInNeeded(Problem):
    """Of somebody who has not."""

    status = 401
    code = "sign_in_needed"
    title = "Sign in to see this share"
    text = "It is for people who have signed in."


class ViewerSite:
    def __init__(
        self,
        settings: ViewerSettings,
        shares: Shares,
        tickets: Tickets,
        ask: Ask,
        clock: Callable[[], float],
    ) -> None:
        self._settings, self._shares, self._tickets = settings, shares, tickets
        self._signed_in = SignedIn(settings.sign_in, ask, clock)
        self._callers = Callers(settings.gateway_url, ask, clock)
        self._states = States(shares)
        self._page = page(settings.live_url)

    def page(self, _asked: Request, _found: re.Match[str]) -> Answer:
        """Whether there is such a share at all is told with its state."""
        return self._page

    def state(self, asked: Request, found: re.Match[str]) -> Answer:
        share = self._shares.find(found["id"])
        reader = self._reader(asked)
        self._admit(share, reader, asked)
        wishes, is_watching = wanted(asked.query), watches(asked.query)
        part = self._states.part(share, wishes)
        live = None if is_watching else self._live(share, asked, part)
        return state_answer(share, reader, part, live)

    def _reader(self, asked: Request) -> Reader | None:
        """None where the load balancer knows of nobody. Raises NotSignedIn and KeysUnavailable."""
        if HEADER not in asked.headers:
            return None
        person = self._signed_in.person(asked)
        return Reader(id=person.subject, name=person.name, email=person.email, groups=frozenset(person.groups))

    def _admit(self, share: Share, reader: Reader | None, asked: Request) -> None:
        """Raises SignInNeeded, NotYours and GatewayUnavailable."""
        if may_see(share.access, reader, self._settings.store.admin_groups):
            return
        if reader is None:
            raise SignInNeeded
        if not self._administers(reader, asked):
            raise NotYours

    def _administers(self, reader: Reader, asked: Request) -> bool:
        """By the groups of the access token: a Cognito pool tells them nowhere else.

        The gateway, which verifies it, is asked only about who could not see the share otherwise. A token that it does
        not accept, because the issuer's are opaque or for another audience, makes nobody an administrator.
        """
        admin_groups, sent = self._settings.store.admin_groups, asked.headers.get(ACCESS_TOKEN, ())
        if not admin_groups or len(sent) != 1:
            return False
        try:
            caller = self._callers.bearer(f"Bearer {sent[0]}")
        except NoCredential:
            return False
        return caller.id == reader.id and caller.is_administrator(admin_groups)

    def _live(self, share: Share, asked: Request, part: Part) -> Any:
        """Where to hear of what comes next, for who has got all that there is by now."""
        if part.next_page is not None or asked.method != "GET":
            return None
        return {"url": self._settings.live_url, "ticket": self._tickets.mint(share)}


def watches(query: Mapping[str, str]) -> bool:
    """Whether the reader has a connection, and says by `live=0` that it needs no ticket for another.

    Raises BadRequest.
    """
    if query.get("live", "0") != "0":
        raise BadRequest("live has to be 0 where it is given")
    return "live" in query


def page(live_url: str) -> Answer:
    """Its scripts may talk to its own host and to that of the WebSocket API, and nothing becomes HTML unsanitised."""
    live = urlsplit(live_url)
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"connect-src 'self' {live.scheme}://{live.netloc}; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types dompurify"
    )
    answer = html(PAGE)
    return Answer(headers={**answer.headers, "Content-Security-Policy": policy}, body=answer.body)


def state_answer(share: Share, reader: Reader | None, part: Part, live: Any) -> Answer:
    about = {
        "share": {
            "title": share.title,
            "owner_name": share.owner_name,
            "visibility": share.visibility,
            "expires_at": written(share.expires_at),
            "is_owner": reader is not None and reader.id == share.owner,
        },
        "sequence": part.sequence,
        "is_whole": part.is_first_of_whole,
        "next_page": part.next_page,
        "live": live,
    }
    # The items are JSON already: to read and write them again would take most of the answer's time.
    body = b'%s,"items":[%s]}' % (json_bytes(about)[:-1], encoded(",".join(part.entries)))
    return Answer(headers={"Content-Type": "application/json"}, body=body)


def sign_in(_asked: Request, found: re.Match[str]) -> Answer:
    """The load balancer has seen to it that whoever comes here has signed in."""
    return redirect(f"/share/{found['id']}")


def viewer_site(
    settings: ViewerSettings, shares: Shares, tickets: Tickets, ask: Ask, clock: Callable[[], float]
) -> Site:
    site = ViewerSite(settings, shares, tickets, ask, clock)
    routes = (
        Route(label="/share/{id}", pattern=re.compile(f"/share/{ID}"), answer=site.page),
        Route(label="/share/{id}/state", pattern=re.compile(f"/share/{ID}/state"), answer=site.state),
        Route(label="/sign-in/{id}", pattern=re.compile(f"/sign-in/{ID}"), answer=sign_in),
        ASSETS.route(),
    )
    return Site(routes=routes, problem_answer=problem_answer)
