"""Credentials as Bedrock checks them: its own API keys and Signature Version 4.

A short-term API key is `bedrock-api-key-` and the base64 of a presigned `CallWithBearerToken` URL without its scheme.
Sources: what aws-bedrock-token-generator 1.1 makes and what botocore 1.43 signs (2026-11-21). What only AWS can know,
the secret behind an access key, is checked when the stand-in is told it, or by its gate.
"""

import base64
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from opencode_local.access.signatures import NotAuthentic, Received, Signed, check_time, signed, verify
from opencode_local.bedrock.refusals import Refused

KEY_PREFIX = "bedrock-api-key-"
LONGEST_KEY_LIFE_S = 43_200
NO_CREDENTIALS = "Missing Authentication Token"
BAD_KEY = "Authentication failed: Please make sure your API Key is valid."
EXPIRED_KEY = "Bearer Token has expired"
WRONG_SCOPE = "Authorization header requires a Credential scoped to Bedrock."
MISMATCH = "The request signature we calculated does not match the signature you provided."
SERVICES = ("bedrock", "bedrock-mantle")
UNSIGNED_PARAMETERS = {"Version"}
"""Those that the generator adds to the URL once it is signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a request is known by: a signature over itself, or over the request that an API key is made of."""

    over: Received
    signed: Signed
    is_bearer: bool

    def verify(self, secret_access_key: str, now: datetime) -> None:
        """Raises Refused when it was made with another secret."""
        try:
            verify(self.over, self.signed, secret_access_key, now)
        except NotAuthentic as error:
            raise Refused("AccessDeniedException", BAD_KEY if self.is_bearer else MISMATCH) from error


def check(received: Received, *, secret_key: str | None, now: datetime) -> Proof:
    """Raises Refused when the request is not an authentic one. `now` is aware.

    `secret_key` is the one that SigV4 signatures have to be made with; None: their form and time are enough.
    """
    scheme, _, credential = (received.header("authorization") or "").partition(" ")
    if scheme.lower() == "bearer":
        return _api_key(credential.strip(), now)
    if scheme != "AWS4-HMAC-SHA256":
        raise Refused("AccessDeniedException", NO_CREDENTIALS)
    proof = _signature(received, now)
    if secret_key is not None:
        proof.verify(secret_key, now)
    return proof


def _api_key(token: str, now: datetime) -> Proof:
    over = _presigned(token)
    try:
        claimed = signed(over)
    except NotAuthentic as error:
        raise Refused("AccessDeniedException", BAD_KEY) from error
    is_call = dict(parse_qsl(over.query)).get("Action") == "CallWithBearerToken"
    if claimed.service != "bedrock" or not is_call or not 0 < (claimed.life_s or 0) <= LONGEST_KEY_LIFE_S:
        raise Refused("AccessDeniedException", BAD_KEY)
    if claimed.has_ended(now):
        raise Refused("ExpiredTokenException", EXPIRED_KEY)
    if not claimed.is_current(now):
        raise Refused("AccessDeniedException", BAD_KEY)
    return Proof(over=over, signed=claimed, is_bearer=True)


def _presigned(token: str) -> Received:
    if not token.startswith(KEY_PREFIX):
        raise Refused("AccessDeniedException", BAD_KEY)
    try:
        url = urlsplit("https://" + base64.b64decode(token.removeprefix(KEY_PREFIX), validate=True).decode("ascii"))
    except ValueError as error:
        raise Refused("AccessDeniedException", BAD_KEY) from error
    query = "&".join(part for part in url.query.split("&") if part.partition("=")[0] not in UNSIGNED_PARAMETERS)
    return Received(method="POST", path=url.path, query=query, headers={"Host": url.netloc}, body=b"")


def _signature(received: Received, now: datetime) -> Proof:
    try:
        claimed = signed(received)
        check_time(claimed, now)
    except NotAuthentic as error:
        raise Refused("AccessDeniedException", error.message) from error
    if claimed.service not in SERVICES:
        raise Refused("AccessDeniedException", WRONG_SCOPE)
    if not {"host", "x-amz-date"} <= set(claimed.headers):
        raise Refused("AccessDeniedException", "'host' and 'x-amz-date' must be signed headers.")
    return Proof(over=received, signed=claimed, is_bearer=False)
