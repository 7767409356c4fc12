"""How each protocol of AWS says that a request is refused.

Sources: "Common errors" of the services' API references; AWS JSON 1.0, query and REST XML protocols of Smithy 2.0;
Amazon SNS API reference, "Common errors" (AuthorizationError); Amazon S3 API reference, "Error responses" (read
2026-11-21).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import uuid4
from xml.sax.saxutils import escape

ACCESS_DENIED = "AccessDenied"


class Protocol(StrEnum):
    """The shape of a service's errors."""

    JSON = "json"
    QUERY = "query"
    REST_JSON = "rest-json"
    S3 = "s3"


SERVICES = {"execute-api": Protocol.REST_JSON, "lambda": Protocol.REST_JSON, "s3": Protocol.S3}
"""By signing name, where it is not told by X-Amz-Target."""
CODES: Mapping[str, Mapping[Protocol, str]] = {
    ACCESS_DENIED: {
        Protocol.JSON: "AccessDeniedException",
        Protocol.QUERY: "AccessDenied",
        Protocol.REST_JSON: "AccessDeniedException",
        Protocol.S3: "AccessDenied",
    },
    "ExpiredTokenException": {
        Protocol.JSON: "ExpiredTokenException",
        Protocol.QUERY: "ExpiredToken",
        Protocol.REST_JSON: "ExpiredTokenException",
        Protocol.S3: "ExpiredToken",
    },
    "IncompleteSignature": {
        Protocol.JSON: "IncompleteSignatureException",
        Protocol.QUERY: "IncompleteSignature",
        Protocol.REST_JSON: "IncompleteSignatureException",
        Protocol.S3: "AuthorizationHeaderMalformed",
    },
    "MissingAuthenticationToken": {
        Protocol.JSON: "MissingAuthenticationTokenException",
        Protocol.QUERY: "MissingAuthenticationToken",
        Protocol.REST_JSON: "MissingAuthenticationTokenException",
        Protocol.S3: "AccessDenied",
    },
    "SignatureDoesNotMatch": {
        Protocol.JSON: "InvalidSignatureException",
        Protocol.QUERY: "SignatureDoesNotMatch",
        Protocol.REST_JSON: "InvalidSignatureException",
        Protocol.S3: "SignatureDoesNotMatch",
    },
    "UnrecognizedClientException": {
        Protocol.JSON: "UnrecognizedClientException",
        Protocol.QUERY: "InvalidClientTokenId",
        Protocol.REST_JSON: "UnrecognizedClientException",
        Protocol.S3: "InvalidAccessKeyId",
    },
}
"""By what is wrong: the code in each protocol."""
JSON_STATUS = 400
STATUS = 403
S3_STATUSES = {"ExpiredToken": 400, "AuthorizationHeaderMalformed": 400}
OWN_DENIALS = {"sns": "AuthorizationError"}
"""Services with a word of their own for a denied action."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def answer(code: str, message: str, *, service: str, has_target: bool) -> Answer:
    """`code` is a key of CODES, `service` a signing name; `has_target`: the request names its operation in a header."""
    protocol = Protocol.JSON if has_target else SERVICES.get(service, Protocol.QUERY)
    named = CODES[code][protocol]
    if code == ACCESS_DENIED:
        named = OWN_DENIALS.get(service, named)
    request_id = str(uuid4())
    match protocol:
        case Protocol.JSON:
            return _json(named, message, request_id, is_query_compatible=service == "sqs")
        case Protocol.REST_JSON:
            headers = {"Content-Type": "application/json", "x-amzn-ErrorType": named, "x-amzn-RequestId": request_id}
            return Answer(status=STATUS, headers=headers, body=json.dumps({"Message": message}).encode())
        case Protocol.S3:
            status = S3_STATUSES.get(named, STATUS)
            return Answer(status=status, headers=_xml_headers(request_id), body=_s3_body(named, message, request_id))
        case Protocol.QUERY:
            return Answer(status=STATUS, headers=_xml_headers(request_id), body=_query_body(named, message, request_id))


def _json(named: str, message: str, request_id: str, *, is_query_compatible: bool) -> Answer:
    """SQS tells SDKs the code that it had in its earlier protocol."""
    headers = {"Content-Type": "application/x-amz-json-1.0", "x-amzn-RequestId": request_id}
    if is_query_compatible:
        headers["x-amzn-query-error"] = f"{named.removesuffix('Exception')};Sender"
    body = json.dumps({"__type": f"com.amazon.coral.service#{named}", "message": message}).encode()
    return Answer(status=JSON_STATUS, headers=headers, body=body)


def _xml_headers(request_id: str) -> Mapping[str, str]:
    return {"Content-Type": "text/xml", "x-amzn-RequestId": request_id}


def _query_body(named: str, message: str, request_id: str) -> bytes:
    error = f"<Error><Type>Sender</Type><Code>{named}</Code><Message>{escape(message)}</Message></Error>"
    return f"<ErrorResponse>{error}<RequestId>{request_id}</RequestId></ErrorResponse>".encode()


def _s3_body(named: str, message: str, request_id: str) -> bytes:
    text = f"<Code>{named}</Code><Message>{escape(message)}</Message><RequestId>{request_id}</RequestId>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{text}</Error>'.encode()
