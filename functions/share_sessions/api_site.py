"""What agents and the command line ask: to make a share, to add to it, to read, list, change and delete it.

Source of OpenCode's protocol: github.com/anomalyco/opencode, packages/opencode/src/share/share-next.ts, version 1.18.33
(read 2026-11-21). Without an account it asks below /api/share, with one below /api/shares.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from served_site.exchange import Answer, Request, json_answer, redirect
from served_site.problems import Problem
from served_site.serving import Route, Site
from share_sessions import bodies, limits
from share_sessions.answers import problem_answer
from share_sessions.batches import Batches
from share_sessions.folding import items_json
from share_sessions.identity import Ask, Callers
from share_sessions.items import Checked, checked, encoded
from share_sessions.problems import BadRequest, DeletedShare, NoCredential, NotYours
from share_sessions.reading import Shares
from share_sessions.records import Event
from share_sessions.redaction import Mode, Scan
from share_sessions.register import Register
from share_sessions.settings import ApiSettings
from share_sessions.shares import Keeper, Share, summary
from share_sessions.snapshots import Snapshots
from share_sessions.table import Table
from share_sessions.visibility import may_change, may_see

SHARES = "/api/shares?"
ID = r"(?P<id>[^/]+)"
Found = re.Match[str]


class Live(Protocol):
    """Whoever watches a share. Nothing of it fails, or takes longer than a few seconds."""

    def post(self, share_id: str, frame: Mapping[str, Any]) -> None: ...

    def end(self, share_id: str) -> None: ...

    def review(self, share_id: str) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Clients:
    """boto3's."""

    dynamodb: Any
    s3: Any


class ApiSite:
    def __init__(
        self, settings: ApiSettings, clients: Clients, live: Live, ask: Ask, clock: Callable[[], float]
    ) -> None:
        table = Table(clients.dynamodb, settings.store.table)
        self._settings, self._live, self._clock = settings, live, clock
        self._snapshots = Snapshots(clients.s3, settings.store.bucket)
        self._shares = Shares(table, self._snapshots, clock)
        self._batches = Batches(self._shares, table, self._snapshots, clock)
        self._register = Register(self._shares, table, self._snapshots, clock)
        self._callers = Callers(settings.gateway_url, ask, clock)

    def create(self, asked: Request, _found: Found) -> Answer:
        owner = self._callers.needed(asked)
        wanted = bodies.creation(asked)
        hours = wanted.wishes.expires_in_hours or self._settings.default_expiry_hours
        made = self._register.make(owner, wanted.session_id, replace(wanted.wishes, expires_in_hours=hours))
        url = f"{self._settings.store.sharing_url}/share/{made.share.id}"
        return json_answer({"id": made.share.id, "url": url, "secret": made.secret})

    def sync(self, asked: Request, found: Found) -> Answer:
        """Where there are any, with `secrets`, by kind how many look like some, and `skipped`, what was not taken.

        `redaction`, beside the secrets, says what became of them.
        """
        sent = bodies.sync(asked, self._clock())
        share = self._shares.find(found["id"])
        share.check_secret(sent.secret)
        scan = Scan(self._settings.redaction)
        taken = checked(sent.data, scan)
        told = told_of(taken, scan, self._settings.redaction)
        log_of(taken, scan, self._settings.redaction)
        if not taken.batch:
            return json_answer({"success": True, "sequence": share.sequence})
        event = self._batches.commit(share, taken.batch, sent.version)
        self._live.post(share.id, frame(event))
        self._compact(share)
        return json_answer({"success": True, "sequence": event.sequence, **told})

    def delete(self, asked: Request, found: Found) -> Answer:
        """Again, too: what could not be taken away then is taken away now."""
        secret = bodies.deletion_secret(asked)
        keeper = self._shares.keeper(found["id"])
        if secret is None:
            self._check_may_change(asked, keeper)
        else:
            keeper.check_secret(secret)
        self._register.mark_deleted(keeper.id)
        self._live.end(keeper.id)
        self._register.purge(keeper.id)
        return json_answer({"success": True})

    def data(self, asked: Request, found: Found) -> Answer:
        share = self._shares.find(found["id"])
        self._check_may_see(asked, share)
        if share.bytes > limits.ANSWER_BYTES and (url := self._snapshots.export(share.id, share.sequence)):
            return self._redirected(share, url)
        content = self._shares.content(share)
        body = encoded(items_json(content.state))
        if len(body) <= limits.ANSWER_BYTES:
            return Answer(headers={"Content-Type": "application/json"}, body=body)
        return self._redirected(share, self._snapshots.exported(share.id, content.sequence, content.state))

    def list(self, asked: Request, _found: Found) -> Answer:
        caller = self._callers.needed(asked)
        cursor, every = asked.query.get("cursor"), asked.query.get("all")
        if every not in {None, "1"}:
            raise BadRequest("all has to be 1 where it is given")
        if every and not caller.is_administrator(self._settings.store.admin_groups):
            raise NotYours("the list of all")
        listed = self._register.every(cursor) if every else self._register.owned(caller.id, cursor)
        shares = [summary(share, self._settings.store.sharing_url) for share in listed.shares]
        return json_answer({"shares": shares, "cursor": listed.cursor})

    def change(self, asked: Request, found: Found) -> Answer:
        caller = self._callers.needed(asked)
        wishes = bodies.change(asked)
        share = self._shares.find(found["id"])
        if not may_change(share.owner, caller, self._settings.store.admin_groups):
            raise NotYours("a change")
        changed = self._register.change(share, wishes)
        self._live.review(share.id)
        self._snapshots.forget_exports(share.id)
        if wishes.expires_in_hours is not None:
            self._batches.renew(changed)
        return json_answer(summary(changed, self._settings.store.sharing_url))

    def _redirected(self, share: Share, url: str) -> Answer:
        """Raises DeletedShare where the share was deleted meanwhile."""
        if self._shares.is_deleted(share.id):
            self._snapshots.forget(share.id)
            raise DeletedShare
        return redirect(url)

    def _check_may_see(self, asked: Request, share: Share) -> None:
        """Nobody is asked who it is for what everyone may see."""
        reader = None if share.visibility == "link" else self._callers.caller(asked)
        if not may_see(share.access, reader, self._settings.store.admin_groups):
            raise NoCredential("there is no header") if reader is None else NotYours("the content")

    def _check_may_change(self, asked: Request, keeper: Keeper) -> None:
        caller = self._callers.needed(asked)
        if not may_change(keeper.owner, caller, self._settings.store.admin_groups):
            raise NotYours("a deletion")

    def _compact(self, share: Share) -> None:
        """The batch is taken whatever becomes of this; the next writer tries again."""
        try:
            self._batches.compact_if_due(share.id)
        except Problem as problem:
            print(json.dumps({"compaction": type(problem).__name__, "why": str(problem)}))


def told_of(taken: Checked, scan: Scan, redaction: Mode) -> Mapping[str, Any]:
    """What a writer is told beside the success."""
    skipped = [{"item": one.at, "why": one.problem.text} for one in taken.skipped]
    found = {"secrets": dict(scan.found), "redaction": redaction} if scan.found else {}
    return {**found, **({"skipped": skipped} if skipped else {})}


def log_of(taken: Checked, scan: Scan, redaction: Mode) -> None:
    """Without content: kinds, numbers, and why the first item was skipped."""
    if scan.found:
        print(json.dumps({"redaction": redaction, "secrets": dict(scan.found)}))
    if taken.skipped:
        print(json.dumps({"skipped": len(taken.skipped), "first": taken.skipped[0].problem.text}))


def frame(event: Event) -> Mapping[str, Any]:
    """What watchers are sent of a batch."""
    items = [{"key": keyed.key, "version": event.version, "item": keyed.item} for keyed in event.batch]
    return {"sequence": event.sequence, "version": event.version, "items": items}


def api_site(settings: ApiSettings, clients: Clients, live: Live, ask: Ask, clock: Callable[[], float]) -> Site:
    site = ApiSite(settings, clients, live, ask, clock)
    places: tuple[tuple[str, str, str, Callable[[Request, Found], Answer]], ...] = (
        ("POST", "/api/shares", SHARES, site.create),
        ("GET", "/api/shares", SHARES, site.list),
        ("POST", "/api/shares/{id}/sync", f"{SHARES}/{ID}/sync", site.sync),
        ("GET", "/api/shares/{id}/data", f"{SHARES}/{ID}/data", site.data),
        ("PATCH", "/api/shares/{id}", f"{SHARES}/{ID}", site.change),
        ("DELETE", "/api/shares/{id}", f"{SHARES}/{ID}", site.delete),
    )
    routes = [
        Route(label=label, pattern=re.compile(pattern), answer=answer, methods=(method,))
        for method, label, pattern, answer in places
    ]
    return Site(routes=routes, problem_answer=problem_answer)
