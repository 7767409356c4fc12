"""Requests as events and answers as responses: payload formats 2.0 and 1.0 of HTTP APIs and function URLs.

Sources: API Gateway developer guide, "Create AWS Lambda proxy integrations for HTTP APIs"; Lambda developer guide,
"Invoking Lambda function URLs" (read 2026-11-21).
"""

import base64
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote
from uuid import uuid4

from aiohttp import web
from multidict import CIMultiDict

TEXT_TYPES = ("text/", "application/json", "application/javascript", "application/xml")
TEXT_SUFFIXES = ("+json", "+xml")
TIME = "%d/%b/%Y:%H:%M:%S +0000"
HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "te", "trailer", "transfer-encoding", "upgrade"}
)
SET_BY_US = frozenset({"content-length", "date", *HOP_BY_HOP})


class BadAnswer(Exception):
    """A function's answer that is no response: it is the function's fault, not the caller's."""


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """A request and what it was routed to."""

    request: web.Request
    body: bytes = field(repr=False)
    account_id: str
    api_id: str
    domain_name: str
    route_key: str = "$default"
    stage: str = "$default"
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    authorizer: Mapping[str, Any] | None = None
    resource_path: str = ""
    """Of format 1.0: the route's path."""
    request_id: str = field(default_factory=lambda: str(uuid4()))

    @property
    def source_ip(self) -> str:
        return self.request.remote or ""

    @property
    def raw_path(self) -> str:
        return self.request.raw_path.partition("?")[0]


def event(arrived: Arrived, payload_format: str) -> dict[str, Any]:
    """`payload_format` is `2.0` or `1.0`."""
    return event_2(arrived) if payload_format == "2.0" else event_1(arrived)


def event_2(arrived: Arrived) -> dict[str, Any]:
    request = arrived.request
    made: dict[str, Any] = {
        "version": "2.0",
        "routeKey": arrived.route_key,
        "rawPath": arrived.raw_path,
        "rawQueryString": request.rel_url.raw_query_string,
        "headers": headers(arrived),
        "requestContext": _context_2(arrived),
        "isBase64Encoded": False,
    }
    cookies = [cookie.strip() for line in request.headers.getall("Cookie", []) for cookie in line.split(";")]
    optional: dict[str, Any] = {
        "cookies": cookies,
        "queryStringParameters": {name: ",".join(found) for name, found in query(request).items()},
        "pathParameters": dict(arrived.path_parameters),
        "stageVariables": dict(arrived.stage_variables),
    }
    return {**made, **{name: part for name, part in optional.items() if part}, **body_members(arrived)}


def event_1(arrived: Arrived) -> dict[str, Any]:
    request = arrived.request
    by_name = query(request)
    multi = {name: request.headers.getall(name) for name in request.headers}
    return {
        "version": "1.0",
        "resource": arrived.resource_path or arrived.raw_path,
        "path": arrived.raw_path,
        "httpMethod": request.method,
        "headers": {name: found[-1] for name, found in multi.items()},
        "multiValueHeaders": multi,
        "queryStringParameters": {name: found[-1] for name, found in by_name.items()} or None,
        "multiValueQueryStringParameters": by_name or None,
        "requestContext": _context_1(arrived),
        "pathParameters": dict(arrived.path_parameters) or None,
        "stageVariables": dict(arrived.stage_variables) or None,
        "body": None,
        "isBase64Encoded": False,
        **body_members(arrived),
    }


def headers(arrived: Arrived) -> dict[str, str]:
    """In lower case, several of a name joined, without cookies; with those that a proxy adds."""
    request = arrived.request
    names = {name.lower() for name in request.headers} - {"cookie"}
    port = str(request.url.port or 80)
    added = {
        "x-amzn-trace-id": f"Root=1-{int(time.time()):08x}-{arrived.request_id.replace('-', '')[:24]}",
        "x-forwarded-for": arrived.source_ip,
        "x-forwarded-port": port,
        "x-forwarded-proto": request.scheme,
    }
    return {**added, **{name: ",".join(request.headers.getall(name)) for name in sorted(names)}}


def query(request: web.Request) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, text in parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True):
        found.setdefault(name, []).append(text)
    return found


def body_members(arrived: Arrived) -> dict[str, Any]:
    """Text as it is, anything else in base64; nothing for no body."""
    if not arrived.body:
        return {}
    kind = arrived.request.content_type
    if kind.startswith(TEXT_TYPES) or kind.endswith(TEXT_SUFFIXES):
        try:
            return {"body": arrived.body.decode(), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass
    return {"body": base64.b64encode(arrived.body).decode(), "isBase64Encoded": True}


def _context_2(arrived: Arrived) -> dict[str, Any]:
    request = arrived.request
    authorizer = {} if arrived.authorizer is None else {"authorizer": arrived.authorizer}
    return {
        "accountId": arrived.account_id,
        "apiId": arrived.api_id,
        **authorizer,
        "domainName": arrived.domain_name,
        "domainPrefix": arrived.domain_name.split(".", maxsplit=1)[0],
        "http": {
            "method": request.method,
            "path": unquote(arrived.raw_path),
            "protocol": "HTTP/1.1",
            "sourceIp": arrived.source_ip,
            "userAgent": request.headers.get("User-Agent", ""),
        },
        "requestId": arrived.request_id,
        "routeKey": arrived.route_key,
        "stage": arrived.stage,
        **moment(),
    }


def _context_1(arrived: Arrived) -> dict[str, Any]:
    request, now = arrived.request, moment()
    user_agent = request.headers.get("User-Agent", "")
    return {
        "accountId": arrived.account_id,
        "apiId": arrived.api_id,
        "authorizer": dict(arrived.authorizer or {}),
        "domainName": arrived.domain_name,
        "domainPrefix": arrived.domain_name.split(".", maxsplit=1)[0],
        "extendedRequestId": arrived.request_id,
        "httpMethod": request.method,
        "identity": {"sourceIp": arrived.source_ip, "userAgent": user_agent},
        "path": arrived.raw_path,
        "protocol": "HTTP/1.1",
        "requestId": arrived.request_id,
        "requestTime": now["time"],
        "requestTimeEpoch": now["timeEpoch"],
        "resourceId": arrived.route_key,
        "resourcePath": arrived.resource_path or arrived.raw_path,
        "stage": arrived.stage,
    }


def moment() -> dict[str, Any]:
    """Now, as request contexts tell it."""
    now = datetime.now(UTC)
    return {"time": now.strftime(TIME), "timeEpoch": int(now.timestamp() * 1000)}


def response(answer: Any, payload_format: str, *, default_type: str) -> web.Response:
    """What a function's answer says. An answer of format 2.0 without a status is a body, and fine.

    Raises BadAnswer.
    """
    if isinstance(answer, Mapping) and "statusCode" in answer:
        return _stated(answer, default_type)
    if payload_format != "2.0":
        raise BadAnswer("it has no statusCode")
    text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
    return web.Response(body=text.encode(), headers={"Content-Type": "application/json"})


def _stated(answer: Mapping[str, Any], default_type: str) -> web.Response:
    try:
        status = int(answer["statusCode"])
        body = _body(answer)
        found = _headers(answer)
    except (TypeError, ValueError, AttributeError) as error:
        raise BadAnswer(str(error)) from error
    if not 100 <= status <= 599:
        raise BadAnswer(f"status code {status}")
    if "Content-Type" not in found:
        found["Content-Type"] = default_type
    return web.Response(status=status, body=body, headers=found)


def _body(answer: Mapping[str, Any]) -> bytes:
    body = answer.get("body")
    text = "" if body is None else body if isinstance(body, str) else json.dumps(body)
    return base64.b64decode(text, validate=True) if answer.get("isBase64Encoded") else text.encode()


def _headers(answer: Mapping[str, Any]) -> CIMultiDict[str]:
    made: CIMultiDict[str] = CIMultiDict()
    for name, text in (answer.get("headers") or {}).items():
        made[name] = scalar(text)
    for name, texts in (answer.get("multiValueHeaders") or {}).items():
        made.popall(name, None)
        made.extend((name, scalar(text)) for text in texts)
    for cookie in _cookies(answer.get("cookies") or ()):
        made.add("Set-Cookie", cookie)
    for name in SET_BY_US & {name.lower() for name in made}:
        made.popall(name)
    return made


def _cookies(cookies: Sequence[Any]) -> list[str]:
    return [str(cookie) for cookie in cookies]


def scalar(value: Any) -> str:
    """A header's value: numbers and booleans as JSON writes them."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise ValueError(f"a header has the value {value!r}")
