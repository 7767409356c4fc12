"""Credentials as Bedrock checks them: its own API keys and Signature Version 4.

A short-term API key is `bedrock-api-key-` and the base64 of a presigned `CallWithBearerToken` URL without its scheme.
Sources: what aws-bedrock-token-generator 1.1 makes and what botocore 1.43 signs (2026-11-21). What only AWS can know,
the secret behind an access key, is checked when the stand-in is told it.
"""

import base64
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from opencode_local.bedrock.refusals import Refused

KEY_PREFIX = "bedrock-api-key-"
AMZ_DATE = "%Y%m%dT%H%M%SZ"
LONGEST_KEY_LIFE_S = 43_200
CLOCK_SKEW = timedelta(minutes=5)
NO_CREDENTIALS = "Missing Authentication Token"
BAD_KEY = "Authentication failed: Please make sure your API Key is valid."
SIGNATURE = re.compile(r"[0-9a-f]{64}")
SIGV4 = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/\s]+)/(?P<date>\d{8})/(?P<region>[a-z0-9-]+)/(?P<service>[a-z0-9-]+)"
    r"/aws4_request,\s*SignedHeaders=(?P<signed>[a-z0-9;.-]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)
SERVICES = ("bedrock", "bedrock-mantle")
KEY_PARAMETERS = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-Signature")


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request as it arrived. `url` is absolute, its path as encoded by the caller."""

    url: str
    headers: Mapping[str, str]
    body: bytes


def check(received: Received, *, secret_key: str | None, now: datetime) -> None:
    """Raises Refused when the request is not an authentic one. `now` is aware."""
    scheme, _, credential = received.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        _check_api_key(credential.strip(), now)
    elif scheme == "AWS4-HMAC-SHA256":
        _check_signature(received, secret_key, now)
    else:
        raise Refused("AccessDeniedException", NO_CREDENTIALS)


def _check_api_key(token: str, now: datetime) -> None:
    parameters = _api_key_parameters(token)
    _, _, scope = parameters["X-Amz-Credential"].partition("/")
    if (
        not scope.endswith("/bedrock/aws4_request")
        or parameters.get("Action") != "CallWithBearerToken"
        or not SIGNATURE.fullmatch(parameters["X-Amz-Signature"])
    ):
        raise Refused("AccessDeniedException", BAD_KEY)
    try:
        made = _instant(parameters["X-Amz-Date"])
        life_s = int(parameters["X-Amz-Expires"])
    except ValueError as error:
        raise Refused("AccessDeniedException", BAD_KEY) from error
    if not 0 < life_s <= LONGEST_KEY_LIFE_S or made > now + CLOCK_SKEW:
        raise Refused("AccessDeniedException", BAD_KEY)
    if now >= made + timedelta(seconds=life_s):
        raise Refused("ExpiredTokenException", "Bearer Token has expired")


def _api_key_parameters(token: str) -> Mapping[str, str]:
    if not token.startswith(KEY_PREFIX):
        raise Refused("AccessDeniedException", BAD_KEY)
    try:
        url = base64.b64decode(token.removeprefix(KEY_PREFIX), validate=True).decode("ascii")
    except ValueError as error:
        raise Refused("AccessDeniedException", BAD_KEY) from error
    parameters = {name: values[0] for name, values in parse_qs(urlsplit(f"https://{url}").query).items()}
    if any(name not in parameters for name in KEY_PARAMETERS):
        raise Refused("AccessDeniedException", BAD_KEY)
    return parameters


def _check_signature(received: Received, secret_key: str | None, now: datetime) -> None:
    found = SIGV4.fullmatch(received.headers["Authorization"])
    date = received.headers.get("X-Amz-Date", "")
    if found is None or found["service"] not in SERVICES or not date.startswith(found["date"]):
        raise Refused("AccessDeniedException", "Authorization header requires a Credential scoped to Bedrock.")
    signed = found["signed"].split(";")
    if not {"host", "x-amz-date"} <= set(signed):
        raise Refused("AccessDeniedException", "'host' and 'x-amz-date' must be signed headers.")
    try:
        is_stale = abs(now - _instant(date)) > CLOCK_SKEW
    except ValueError as error:
        raise Refused("AccessDeniedException", f"X-Amz-Date {date!r} is not a date.") from error
    if is_stale:
        raise Refused("AccessDeniedException", f"Signature expired: {date} is not within 5 minutes of now.")
    if secret_key is not None and not hmac.compare_digest(_expected(received, found, secret_key), found["signature"]):
        raise Refused(
            "AccessDeniedException",
            "The request signature we calculated does not match the signature you provided.",
        )


def _expected(received: Received, found: re.Match[str], secret_key: str) -> str:
    """The signature that the owner of `secret_key` would have made over the signed headers and the body."""
    signed = {name: received.headers.get(name, "") for name in found["signed"].split(";")}
    request = AWSRequest(method="POST", url=received.url, data=received.body, headers=signed)
    request.context["timestamp"] = received.headers["X-Amz-Date"]
    signer = SigV4Auth(Credentials(found["key"], secret_key), found["service"], found["region"])
    text = signer.string_to_sign(request, signer.canonical_request(request))
    signature: str = signer.signature(text, request)
    return signature


def _instant(date: str) -> datetime:
    return datetime.strptime(date, AMZ_DATE).replace(tzinfo=UTC)
