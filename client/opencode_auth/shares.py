"""Calls to the share host: the person's own shares, and those of all for its administrators."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from opencode_auth import api, gateway
from opencode_auth.errors import ClientError, Misused, Unreachable

SHARES = "/api/shares"
VISIBILITIES = ("organisation", "people", "link")
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


def found(share_id: str, *, is_everyones: bool) -> Share:
    """Raises ClientError for one that is not among them, and what `listed` raises."""
    for each in listed(is_everyones=is_everyones):
        if each.id == share_id:
            return each
    raise ClientError(f"there is no share {share_id!r}", hint="opencode-auth shares")


def change(share_id: str, wish: Mapping[str, Any]) -> Share:
    """As it is then; `wish` has any of `visibility`, `people`, `expires_in_hours`. Raises as `listed`."""
    return share(api.understood(api.send_to(address(share_id), "PATCH", wish)))


def delete(share_id: str) -> None:
    """For everybody and at once. Raises SignInNeeded, Refused, Unreachable."""
    api.understood(api.send_to(address(share_id), "DELETE", None))


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
    except (KeyError, TypeError, AttributeError) as error:
        raise Unreachable(f"{SHARES} was answered with a share that was not understood: {error}") from error
