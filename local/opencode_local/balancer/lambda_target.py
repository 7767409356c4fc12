"""Functions as targets: the event that a request becomes, and the answer that the function's JSON becomes.

Source: Application Load Balancer user guide, "Use Lambda functions as targets of an Application Load Balancer" (read
2026-11-21).
"""

import asyncio
import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

from opencode_local.balancer.health_checks import (
    FAILED,
    HEALTHY,
    TIMED_OUT,
    USER_AGENT,
    HealthCheck,
    TargetHealth,
    mismatch,
)
from opencode_local.balancer.limits import MAX_FUNCTION_BYTES
from opencode_local.balancer.request_headers import HOP_BY_HOP
from opencode_local.balancer.request_target import path_and_query
from opencode_local.functions.invocation import FunctionFailed, Invoke, Throttled

TEXT = re.compile(r"text/.*|application/(json|javascript|xml)", re.IGNORECASE)


class Malformed(Exception):
    """The function answered with something that is no answer to an HTTP request."""


def event(
    request: web.BaseRequest, headers: CIMultiDict[str], body: bytes, *, group_arn: str, is_multi_value: bool
) -> dict[str, Any]:
    """What the function is asked. Query parameters are as sent; header names are in lower case."""
    encoded = is_encoded(headers, body)
    path, query = path_and_query(request)
    return {
        "requestContext": {"elb": {"targetGroupArn": group_arn}},
        "httpMethod": request.method,
        "path": path,
        **_grouped("queryStringParameters", "multiValueQueryStringParameters", query, is_multi_value=is_multi_value),
        **_grouped(
            "headers",
            "multiValueHeaders",
            [(name.lower(), value) for name, value in headers.items()],
            is_multi_value=is_multi_value,
        ),
        "body": base64.b64encode(body).decode() if encoded else body.decode("utf-8", "replace"),
        "isBase64Encoded": encoded,
    }


def is_encoded(headers: Mapping[str, str], body: bytes) -> bool:
    """Compressed bodies, and those of types that are no text, are Base64."""
    kind = headers.get("Content-Type", "").partition(";")[0].strip()
    return bool(body) and ("Content-Encoding" in headers or not TEXT.fullmatch(kind))


def answer(answered: Any, *, is_multi_value: bool) -> web.Response:
    """Raises Malformed."""
    if not isinstance(answered, Mapping) or type(answered.get("statusCode")) is not int:
        raise Malformed("it is no object with a whole number as statusCode")
    if len(json.dumps(answered, ensure_ascii=False).encode()) > MAX_FUNCTION_BYTES:
        raise Malformed("its JSON is larger than 1 MB")
    status = answered["statusCode"]
    reason = str(answered.get("statusDescription") or "").partition(" ")[2] or None
    found = list(_headers(answered, is_multi_value=is_multi_value))
    headers = CIMultiDict((name, value) for name, value in found if name.lower() not in HOP_BY_HOP | {"content-length"})
    try:
        return web.Response(status=status, reason=reason, headers=headers, body=_body(answered))
    except ValueError as error:
        raise Malformed(str(error)) from error


async def asked(invoke: Invoke | None, check: HealthCheck, names: tuple[str, str], timeout_s: float) -> TargetHealth:
    """What one health check of a function says; `names` are the target group's ARN and the function's."""
    if invoke is None:
        return FAILED
    group_arn, function_arn = names
    question = {
        "requestContext": {"elb": {"targetGroupArn": group_arn}},
        "httpMethod": "GET",
        "path": check.path,
        "queryStringParameters": {},
        "headers": {"user-agent": USER_AGENT},
        "body": "",
        "isBase64Encoded": False,
    }
    try:
        async with asyncio.timeout(timeout_s):
            status = (await invoke(function_arn, question))["statusCode"]
    except TimeoutError:
        return TIMED_OUT
    except (FunctionFailed, Throttled, LookupError, TypeError):
        return FAILED
    return HEALTHY if check.accepts(int(status)) else mismatch(int(status))


def _grouped(single: str, multi: str, pairs: Iterable[tuple[str, str]], *, is_multi_value: bool) -> dict[str, Any]:
    """All values of each name, or the last one that was sent."""
    if not is_multi_value:
        return {single: dict(pairs)}
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return {multi: grouped}


def _headers(answered: Mapping[str, Any], *, is_multi_value: bool) -> Iterable[tuple[str, str]]:
    found = answered.get("multiValueHeaders" if is_multi_value else "headers") or {}
    if not isinstance(found, Mapping):
        raise Malformed("its headers are no object")
    for name, value in found.items():
        for one in value if is_multi_value and isinstance(value, list) else [value]:
            if not isinstance(one, str):
                raise Malformed(f"the value of its header {name!r} is no text")
            yield name, one


def _body(answered: Mapping[str, Any]) -> bytes:
    body = answered.get("body") or ""
    if not isinstance(body, str):
        raise Malformed("its body is no text")
    if not answered.get("isBase64Encoded"):
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise Malformed(f"its body is not Base64: {error}") from error
