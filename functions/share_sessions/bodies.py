"""What is sent to shares, checked field by field; every refusal names the field and repeats nothing of its value."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from served_site.exchange import Request
from share_sessions import limits
from share_sessions.items import decoded
from share_sessions.problems import BadRequest, TooLarge
from share_sessions.register import Wishes
from share_sessions.visibility import VISIBILITIES, Visibility

SESSION_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
ADDRESS = re.compile(r"[^\s@]{1,64}@[^\s@]{1,190}")
MAX_SECRET_CHARACTERS = 200
VERSIONS = range(1, 2**53)
"""What JavaScript holds as a whole number, too."""
MOST_AHEAD_MS = 24 * 60 * 60 * 1000
"""Whatever has the version of a clock that is ahead hides what comes from right ones, until they have caught up."""
WISHES = ("visibility", "people", "expires_in_hours")


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    session_id: str
    wishes: Wishes


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    secret: str = field(repr=False)
    data: Any = field(repr=False)
    """Not checked yet."""
    version: int | None


def creation(request: Request) -> Creation:
    """Raises BadRequest and TooLarge, as everything here."""
    sent = fields(request, "sessionID", *WISHES)
    session_id = sent.get("sessionID")
    if not isinstance(session_id, str) or not SESSION_ID.fullmatch(session_id):
        raise BadRequest("sessionID has to be 1 to 128 letters, digits, _, ., : and -")
    return Creation(session_id=session_id, wishes=wishes(sent))


def change(request: Request) -> Wishes:
    sent = fields(request, *WISHES)
    if not sent:
        raise BadRequest(f"the body has to have one of {', '.join(WISHES)}")
    return wishes(sent)


def sync(request: Request, now_s: float) -> Sync:
    sent = fields(request, "secret", "data", "version")
    version = sent.get("version")
    if version is not None and (type(version) is not int or version not in VERSIONS):
        raise BadRequest("version has to be a whole number from 1 to 2^53 - 1")
    if version is not None and version > now_s * 1000 + MOST_AHEAD_MS:
        raise BadRequest("version has to be milliseconds since the epoch; it is more than a day ahead of the time here")
    return Sync(secret=secret(sent), data=sent.get("data"), version=version)


def deletion_secret(request: Request) -> str | None:
    """None where nothing is sent: then the caller has to be somebody who may delete the share."""
    sent = fields(request, "secret") if request.body else {}
    return secret(sent) if sent else None


def fields(request: Request, *known: str) -> Mapping[str, Any]:
    """Of the body's JSON object, none of them unknown: a wish that is misspelt is not passed over."""
    if len(request.body) > limits.BATCH_BYTES:
        raise TooLarge("the body", value=len(request.body), limit=limits.BATCH_BYTES, unit="bytes")
    try:
        sent = decoded(request.body)
    except ValueError as error:
        raise BadRequest("the body has to be JSON") from error
    if not isinstance(sent, dict) or not sent.keys() <= set(known):
        raise BadRequest(f"the body has to be an object of {', '.join(known)} and nothing else")
    return sent


def secret(sent: Mapping[str, Any]) -> str:
    value = sent.get("secret")
    if not isinstance(value, str) or len(value) > MAX_SECRET_CHARACTERS:
        raise BadRequest(f"secret has to be a text of {MAX_SECRET_CHARACTERS} characters at most")
    return value


def wishes(sent: Mapping[str, Any]) -> Wishes:
    return Wishes(
        visibility=visibility(sent["visibility"]) if "visibility" in sent else None,
        people=people(sent["people"]) if "people" in sent else None,
        expires_in_hours=hours(sent["expires_in_hours"]) if "expires_in_hours" in sent else None,
    )


def visibility(value: Any) -> Visibility:
    if not isinstance(value, str) or value not in VISIBILITIES:
        raise BadRequest(f"visibility has to be one of {', '.join(VISIBILITIES)}")
    return VISIBILITIES[value]


def people(value: Any) -> tuple[str, ...]:
    """In lower case, each once."""
    if not isinstance(value, list) or len(value) > limits.PEOPLE:
        raise BadRequest(f"people has to be a list of {limits.PEOPLE} e-mail addresses at most")
    for place, address in enumerate(value):
        if not isinstance(address, str) or not ADDRESS.fullmatch(address):
            raise BadRequest(f"people[{place}] has to be an e-mail address")
    return tuple(dict.fromkeys(address.lower() for address in value))


def hours(value: Any) -> int:
    if type(value) is not int or value not in limits.EXPIRY_HOURS:
        raise BadRequest(f"expires_in_hours has to be a whole number from 1 to {limits.EXPIRY_HOURS.stop - 1}")
    return value
