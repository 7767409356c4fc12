"""Calls to the share host: the person's own shares, and those of all for its administrators."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from opencode_auth import api, gateway
from opencode_auth.errors import ClientError, Misused, Unreachable

SHARES = "/api/shares"
VISIBILITIES = ("organisation", "people", "link")
LINK = re.compile(r"/share/(?P<id>[^/]+)/?")
"""The path of one."""
MOST_PAGES = 1_000
"""A host that always names a next page is not followed for ever."""


@dataclass(frozen=True, kw_only=True)
class Share:
    """A shared session as it is listed, with times in ISO 8601."""

    id: str
    url: str
    title: str
    session_id: str
    visibility: str
    people: tuple[str, ...]
    """Who may see it besides its owner, where the visibility is `people`: e-mail addresses."""
    created_at: str
    expires_at: str
    size_bytes: int
    owner_name: str


def listed(*, is_everyones: bool) -> list[Share]:
    """In the host's order. Raises SignInNeeded, Refused, Unreachable, and Misused without a share host."""
    return [share(each) for page in pages(is_everyones=is_everyones) for each in page]


def found(name: str) -> Share:
    """The person's own, or one that they administer; `name` is an id or a link, as in all below.

    Raises ClientError for one that is neither, and what `listed` raises.
    """
    share_id = id_of(name)
    if own := among(share_id, is_everyones=False):
        return own
    try:
        others = among(share_id, is_everyones=True)
    except api.Refused as refused:
        raise ClientError(f"there is no share {share_id!r} of yours", hint="opencode-auth shares") from refused
    if others is None:
        raise ClientError(f"there is no share {share_id!r}", hint="opencode-auth shares list --all")
    return others


def among(share_id: str, *, is_everyones: bool) -> Share | None:
    entries = (share(each) for page in pages(is_everyones=is_everyones) for each in page)
    return next((each for each in entries if each.id == share_id), None)


def change(name: str, wish: Mapping[str, Any]) -> Share:
    """As it is then; `wish` has any of `visibility`, `people`, `expires_in_hours`. Raises as `listed`."""
    return share(api.understood(api.send_to(address(id_of(name)), "PATCH", wish)))


def delete(name: str) -> str:
    """For everybody and at once; gives its id. Raises SignInNeeded, Refused, Unreachable, Misused."""
    share_id = id_of(name)
    api.understood(api.send_to(address(share_id), "DELETE", None))
    return share_id


def id_of(name: str) -> str:
    """Raises Misused for a link that is none of this gateway's share host."""
    if "://" not in name:
        return name
    asked, own = urlsplit(name), urlsplit(address())
    link = LINK.fullmatch(asked.path)
    if link is None or (asked.scheme, asked.netloc.lower()) != (own.scheme, own.netloc.lower()):
        raise Misused(f"{name!r} is no link to a share", hint=f"they look like {own.scheme}://{own.netloc}/share/ID")
    return link["id"]


def check() -> None:
    """Raises what keeps this machine from sharing."""
    next(pages(is_everyones=False))


def pages(*, is_everyones: bool) -> Iterator[list[Any]]:
    query = {"all": "1"} if is_everyones else {}
    for _ in range(MOST_PAGES):
        document = api.understood(api.send_to(f"{address()}?{urlencode(query)}".rstrip("?"), "GET", None))
        match document:
            case {"shares": list(entries), "cursor": None}:
                yield entries
                return
            case {"shares": list(entries), "cursor": str(cursor)}:
                yield entries
                query["cursor"] = cursor
            case _:
                raise Unreachable(f"GET {SHARES} was answered without 'shares'", hint="opencode-auth doctor")
    raise Unreachable(f"GET {SHARES} has more than {MOST_PAGES} pages", hint="opencode-auth doctor")


def address(share_id: str | None = None) -> str:
    """Of all shares, or of one. Raises Misused without a share host."""
    settings = gateway.saved()
    if settings.sharing_url is None:
        hint = f"if it does by now: opencode-auth setup {settings.api_url}"
        raise Misused("this gateway shares no sessions", hint=hint)
    all_shares = settings.sharing_url.rstrip("/") + SHARES
    return all_shares if share_id is None else f"{all_shares}/{quote(share_id, safe='')}"


def share(entry: Any) -> Share:
    """Raises Unreachable for an entry of another shape."""
    try:
        datetime.fromisoformat(entry["expires_at"])
        return Share(
            id=entry["id"],
            url=entry["url"],
            title=entry.get("title") or "",
            session_id=entry["session_id"],
            visibility=entry["visibility"],
            people=tuple(entry.get("people") or ()),
            created_at=entry["created_at"],
            expires_at=entry["expires_at"],
            size_bytes=entry["bytes"],
            owner_name=entry.get("owner_name") or "",
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Unreachable(f"{SHARES} was answered with a share that was not understood: {error}") from error
