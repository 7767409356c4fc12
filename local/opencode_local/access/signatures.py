"""Signature Version 4, as AWS checks it: who signs a request, and whether the signature is made with their secret.

Sources: IAM user guide, "Create a signed AWS API request" and "Troubleshoot Signature Version 4 signing"; Amazon S3 API
reference, "Authenticating Requests (AWS Signature Version 4)" (read 2026-11-21). Signatures of single chunks of a
streamed body are not checked: the signature of its headers is.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

ALGORITHM = "AWS4-HMAC-SHA256"
AMZ_DATE = "%Y%m%dT%H%M%SZ"
CLOCK_SKEW = timedelta(minutes=5)
LONGEST_PRESIGNED_S = 604_800
UNRESERVED = "-_.~"
KEPT_KEYS = 256
HEADER = re.compile(
    rf"{ALGORITHM}\s+Credential=(?P<credential>[^,\s]+),\s*SignedHeaders=(?P<signed>[^,\s]+),"
    r"\s*Signature=(?P<signature>[0-9a-f]{64})\s*"
)
PRESIGNED = ("X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature")
NO_TOKEN = "Missing Authentication Token"  # noqa: S105  the message that AWS answers an unsigned request with
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


class NotAuthentic(Exception):
    """The request is not an authentic one. `code` is AWS's common error: `SignatureDoesNotMatch`, ..."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request as it arrived: `path` and `query` as the caller has encoded them, header names in any case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def header(self, name: str) -> str | None:
        wanted = name.lower()
        return next((value for known, value in self.headers.items() if known.lower() == wanted), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What a request says of its signature."""

    access_key_id: str
    session_token: str | None = field(repr=False)
    region: str
    service: str
    """The signing name: `dynamodb`, `monitoring`, ..."""
    made: datetime
    life_s: int | None
    """Of a presigned URL."""
    headers: tuple[str, ...]
    """Names of the signed ones, in lower case."""
    signature: str

    @property
    def scope(self) -> str:
        return f"{self.made:%Y%m%d}/{self.region}/{self.service}/aws4_request"

    def has_ended(self, now: datetime) -> bool:
        """A presigned URL ends with its life, a signed request when clocks can no longer be the reason."""
        return now >= self.made + (CLOCK_SKEW if self.life_s is None else timedelta(seconds=self.life_s))

    def is_current(self, now: datetime) -> bool:
        return self.made - CLOCK_SKEW <= now and not self.has_ended(now)


def signed(received: Received) -> Signed:
    """Raises NotAuthentic: MissingAuthenticationToken, IncompleteSignature."""
    authorization = received.header("authorization")
    if authorization is not None:
        return _signed_by_header(received, authorization)
    parameters = dict(parse_qsl(received.query, keep_blank_values=True))
    if "X-Amz-Signature" not in parameters:
        raise NotAuthentic("MissingAuthenticationToken", NO_TOKEN)
    missing = [name for name in PRESIGNED if not parameters.get(name)]
    if missing:
        raise NotAuthentic("IncompleteSignature", f"Authorization parameters lack {', '.join(missing)}.")
    return Signed(
        **_stated(parameters["X-Amz-Credential"], parameters["X-Amz-Date"]),
        life_s=_life_s(parameters["X-Amz-Expires"]),
        session_token=parameters.get("X-Amz-Security-Token"),
        headers=tuple(parameters["X-Amz-SignedHeaders"].lower().split(";")),
        signature=parameters["X-Amz-Signature"],
    )


def _signed_by_header(received: Received, authorization: str) -> Signed:
    found = HEADER.fullmatch(authorization)
    date = received.header("x-amz-date")
    if found is None or date is None:
        raise NotAuthentic(
            "IncompleteSignature",
            "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters, and existence of "
            f"either a 'X-Amz-Date' or a 'Date' header. Authorization={authorization.partition(' ')[0]}",
        )
    return Signed(
        **_stated(found["credential"], date),
        life_s=None,
        session_token=received.header("x-amz-security-token"),
        headers=tuple(found["signed"].lower().split(";")),
        signature=found["signature"],
    )


def _stated(credential: str, date: str) -> Mapping[str, Any]:
    """The fields of Signed that both forms write alike."""
    parts = credential.split("/")
    if len(parts) != 5 or parts[4] != "aws4_request" or not date.startswith(parts[1]):
        raise NotAuthentic(
            "IncompleteSignature",
            f"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got "
            f"'{credential}'",
        )
    try:
        made = datetime.strptime(date, AMZ_DATE).replace(tzinfo=UTC)
    except ValueError as error:
        raise NotAuthentic("IncompleteSignature", f"Date must be in ISO-8601 'basic format'. Got '{date}'.") from error
    return {"access_key_id": parts[0], "region": parts[2], "service": parts[3], "made": made}


def _life_s(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= LONGEST_PRESIGNED_S:
        raise NotAuthentic("IncompleteSignature", f"X-Amz-Expires must be 1 to {LONGEST_PRESIGNED_S}, not '{text}'.")
    return int(text)


def verify(received: Received, claimed: Signed, secret_access_key: str, now: datetime) -> None:
    """Raises NotAuthentic when it is stale, lacks a header, or was made with another secret."""
    check_time(claimed, now)
    if "host" not in claimed.headers:
        raise NotAuthentic("SignatureDoesNotMatch", "'Host' must be a 'SignedHeader' in the AWS Authorization.")
    stated = received.header("x-amz-content-sha256")
    if stated is not None and re.fullmatch(r"[0-9a-f]{64}", stated) and stated != sha256(received.body).hexdigest():
        raise NotAuthentic("SignatureDoesNotMatch", MISMATCH)
    if not hmac.compare_digest(expected(received, claimed, secret_access_key), claimed.signature):
        raise NotAuthentic("SignatureDoesNotMatch", MISMATCH)


def check_time(claimed: Signed, now: datetime) -> None:
    """Raises NotAuthentic outside the signature's time: SignatureDoesNotMatch, or AccessDenied for a URL of S3."""
    if claimed.service == "s3" and claimed.life_s is not None and claimed.has_ended(now):
        raise NotAuthentic("AccessDenied", "Request has expired")
    if not claimed.is_current(now):
        raise NotAuthentic(
            "SignatureDoesNotMatch",
            f"Signature expired: {claimed.made:{AMZ_DATE}} is not within its time at {now:{AMZ_DATE}}",
        )


def expected(received: Received, claimed: Signed, secret_access_key: str) -> str:
    """The signature that the owner of the secret would have made: 64 hexadecimal digits."""
    digest = sha256(_canonical_request(received, claimed).encode()).hexdigest()
    text = "\n".join((ALGORITHM, f"{claimed.made:{AMZ_DATE}}", claimed.scope, digest))
    return hmac.digest(signing_key(secret_access_key, claimed.scope), text.encode(), "sha256").hex()


@lru_cache(maxsize=KEPT_KEYS)
def signing_key(secret_access_key: str, scope: str) -> bytes:
    """The same for a day, a region and a service."""
    key = f"AWS4{secret_access_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _canonical_request(received: Received, claimed: Signed) -> str:
    headers = {name.lower(): " ".join(value.split()) for name, value in received.headers.items()}
    lines = [f"{name}:{headers.get(name, '')}" for name in claimed.headers]
    return "\n".join(
        (
            received.method,
            _canonical_path(received.path, claimed.service),
            _canonical_query(received.query),
            *lines,
            "",
            ";".join(claimed.headers),
            _payload_hash(received, claimed),
        )
    )


def _canonical_path(path: str, service: str) -> str:
    """All services but S3 have the path, as it was sent, encoded once more."""
    if service == "s3":
        return path or "/"
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in {"", "."}:
            kept.append(quote(segment, safe=UNRESERVED))
    return f"/{'/'.join(kept)}{'/' if kept and path.endswith('/') else ''}"


def _canonical_query(query: str) -> str:
    pairs = [part.partition("=") for part in query.split("&") if part]
    encoded = [(_encoded(name), _encoded(value)) for name, _, value in pairs if name != "X-Amz-Signature"]
    return "&".join(f"{name}={value}" for name, value in sorted(encoded))


def _encoded(text: str) -> str:
    return quote(unquote(text), safe=UNRESERVED)


def _payload_hash(received: Received, claimed: Signed) -> str:
    stated = received.header("x-amz-content-sha256")
    if stated is not None:
        return stated
    if claimed.life_s is not None and claimed.service == "s3":
        return "UNSIGNED-PAYLOAD"
    return sha256(received.body).hexdigest()
