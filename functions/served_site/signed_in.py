"""Who has signed in: the load balancer's header `x-amzn-oidc-data`, whose signature is verified here.

Source: Application Load Balancer user guide, "Authenticate users using an Application Load Balancer", "User claims
encoding and signature verification" (read 2026-11-21): a JWT of ES256 whose three parts keep base64's padding; its
header names `signer`, `client`, `iss`, `exp` and the `kid` under which the region publishes the key as PEM.
"""

import hashlib
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ecdsa import BadSignatureError, NIST256p, VerifyingKey

from served_site.exchange import Request
from served_site.fetched import Absent, Fetch, Unreachable
from served_site.problems import KeysUnavailable, NotSignedIn
from served_site.settings import SignInSettings

HEADER = "x-amzn-oidc-data"
MAX_CHARACTERS = 32 * 1024
"""More than a load balancer sends: it takes at most 11 KB of claims."""
KEY_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
SIGNATURE_BYTES = 64
MAX_KEYS = 8
MAX_KEY_BYTES = 4096
NAMES = ("name", "given_name", "email")
"""Claims by which people are greeted, best first."""
GROUPS = ("groups", "cognito:groups")
NO_NAME = "there"
MAX_NAME_CHARACTERS = 80


@dataclass(frozen=True, kw_only=True)
class Person:
    subject: str
    name: str = field(repr=False)
    email: str = field(repr=False)
    """In lower case; empty where the issuer tells none, or says that it is not verified."""
    groups: tuple[str, ...] = field(repr=False)


class BalancerKeys:
    """Public keys by id, the last few of them kept."""

    def __init__(self, url: str, fetch: Fetch) -> None:
        self._url, self._fetch = url, fetch
        self._kept: OrderedDict[str, VerifyingKey] = OrderedDict()

    def key(self, id_: str) -> VerifyingKey:
        """Raises NotSignedIn for an id that is none, or of no key, and KeysUnavailable."""
        if not KEY_ID.fullmatch(id_):
            raise NotSignedIn("its kid is no UUID")
        if id_ not in self._kept:
            self._kept[id_] = self._fetched(id_)
        self._kept.move_to_end(id_)
        if len(self._kept) > MAX_KEYS:
            self._kept.popitem(last=False)
        return self._kept[id_]

    def _fetched(self, id_: str) -> VerifyingKey:
        try:
            key = VerifyingKey.from_pem(self._fetch(f"{self._url}/{id_}", MAX_KEY_BYTES).decode())
        except Absent as error:
            raise NotSignedIn("its kid is of no key") from error
        except Unreachable as error:
            raise KeysUnavailable(str(error)) from error
        except Exception as error:  # the library raises all kinds for what is no PEM
            raise KeysUnavailable("the key is no PEM") from error
        if key.curve != NIST256p:
            raise KeysUnavailable("the key is not on P-256")
        return key


class SignedIn:
    """Believes one load balancer, for one client of one issuer."""

    def __init__(self, settings: SignInSettings, fetch: Fetch, clock: Callable[[], float]) -> None:
        self._settings, self._clock = settings, clock
        self._keys = BalancerKeys(settings.signer_keys_url, fetch)

    def person(self, request: Request) -> Person:
        """Raises NotSignedIn, whose text says why, and KeysUnavailable."""
        header, claims, signed, signature = parts(request)
        self._check(header)
        try:
            self._keys.key(str(header.get("kid"))).verify(signature, signed, hashfunc=hashlib.sha256)
        except BadSignatureError as error:
            raise NotSignedIn("its signature is not that of the key") from error
        subject = claims.get("sub")
        if not isinstance(subject, str) or not subject:
            raise NotSignedIn("it has no sub")
        return Person(subject=subject, name=name(claims), email=email(claims), groups=groups(claims))

    def _check(self, header: Mapping[str, Any]) -> None:
        """Before any key is fetched, so that only our load balancer's headers cost a fetch."""
        wanted = {
            "alg": "ES256",
            "signer": self._settings.signer_arn,
            "client": self._settings.client_id,
            "iss": self._settings.issuer,
        }
        wrong = [field_name for field_name, value in wanted.items() if header.get(field_name) != value]
        if wrong:
            raise NotSignedIn(f"its {wrong[0]} is another")
        ends_s = header.get("exp")
        if type(ends_s) is not int or ends_s <= self._clock():
            raise NotSignedIn("it has expired")


def parts(request: Request) -> tuple[Mapping[str, Any], Mapping[str, Any], bytes, bytes]:
    """JOSE header, claims, what is signed, signature. Raises NotSignedIn."""
    values = request.headers.get(HEADER, ())
    if len(values) != 1 or len(values[0]) > MAX_CHARACTERS:
        raise NotSignedIn("there is not one header of a load balancer")
    texts = values[0].split(".")
    if len(texts) != 3:
        raise NotSignedIn("it has not three parts")
    header, claims, signature = map(decoded, texts)
    if len(signature) != SIGNATURE_BYTES:
        raise NotSignedIn("its signature has another length")
    return json_object(header), json_object(claims), ".".join(texts[:2]).encode(), signature


def decoded(text: str) -> bytes:
    """Of URL-safe base64 with its padding, in the one way of writing that there is for these bytes."""
    try:
        content = urlsafe_b64decode(text)
    except ValueError as error:
        raise NotSignedIn("a part is not base64 with padding") from error
    if urlsafe_b64encode(content).decode() != text:
        raise NotSignedIn("a part is not base64 as load balancers write it")
    return content


def json_object(content: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise NotSignedIn("a part is no JSON") from error
    if not isinstance(document, dict):
        raise NotSignedIn("a part is no JSON object")
    return document


def email(claims: Mapping[str, Any]) -> str:
    """Cognito writes `email_verified` as text; issuers that tell nothing of it are believed."""
    told = claims.get("email")
    is_believed = str(claims.get("email_verified", True)).lower() == "true"
    return told.strip().lower() if isinstance(told, str) and is_believed else ""


def groups(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """Of whichever claim has them."""
    lists = [claims[claim] for claim in GROUPS if isinstance(claims.get(claim), list)]
    return tuple(group for names in lists for group in names if isinstance(group, str))


def name(claims: Mapping[str, Any]) -> str:
    """On one line and not endless, whatever characters it has."""
    found = (shown(claims[claim]) for claim in NAMES if isinstance(claims.get(claim), str))
    return next(filter(None, found), NO_NAME)


def shown(text: str) -> str:
    words = " ".join(text.split())
    return "".join(character for character in words if character.isprintable())[:MAX_NAME_CHARACTERS].strip()
