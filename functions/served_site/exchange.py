"""Requests and answers as a load balancer hands them to a function and takes them from it.

Source: Application Load Balancer user guide, "Use Lambda functions as targets of an Application Load Balancer" (read
2026-11-21).
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_plus

TEXT_TYPES = ("text/", "application/json")
"""Of bodies that are sent as they are, unless they are large; others are Base64."""
LARGE_BYTES = 100_000
"""In Base64 a body grows by a third, as text by whatever has to be escaped in it.

A load balancer takes an answer of 1 MB at most, escapes and all: 700,000 bytes of any text fit.
"""
ON_EVERY_ANSWER = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "accelerometer=(), camera=(), display-capture=(), fullscreen=(), geolocation=(), "
    "gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(), "
    "screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Clipboard access stays, for the buttons that copy."""


@dataclass(frozen=True, kw_only=True)
class Request:
    method: str
    path: str
    """As sent: percent-encoding is not undone."""
    headers: Mapping[str, tuple[str, ...]]
    """All values by name in lower case."""
    query: Mapping[str, str]
    """The last value of each name, percent-encoding undone."""
    body: bytes = field(repr=False)
    is_multi_value: bool
    """Whether the target group hands over every value of a header, and takes answers likewise."""

    def header(self, name: str) -> str:
        """The values joined, empty without any."""
        return ", ".join(self.headers.get(name, ()))

    @property
    def is_from_browser(self) -> bool:
        return "text/html" in self.header("accept")


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def request(event: Mapping[str, Any]) -> Request:
    """Of a load balancer's event, whether its target group has `lambda.multi_value_headers.enabled` or not."""
    multi = event.get("multiValueHeaders")
    single = {name: [value] for name, value in event.get("headers", {}).items()}
    sent = event.get("body") or ""
    return Request(
        method=event["httpMethod"],
        path=event["path"],
        headers={name.lower(): tuple(values) for name, values in (multi or single).items()},
        query=query(event),
        body=b64decode(sent) if event.get("isBase64Encoded") else sent.encode(errors="surrogatepass"),
        is_multi_value=multi is not None,
    )


def query(event: Mapping[str, Any]) -> Mapping[str, str]:
    """Load balancers hand names and values over as they were sent."""
    multi = event.get("multiValueQueryStringParameters") or {}
    last = {**(event.get("queryStringParameters") or {}), **{name: values[-1] for name, values in multi.items()}}
    return {unquote_plus(name): unquote_plus(value) for name, value in last.items()}


def event_answer(answer: Answer, asked: Request) -> dict[str, Any]:
    """The body is left out for HEAD."""
    headers = {"Cache-Control": "no-store", **ON_EVERY_ANSWER, **answer.headers}
    body = b"" if asked.method == "HEAD" else answer.body
    is_text = headers.get("Content-Type", "text/plain").startswith(TEXT_TYPES) and len(body) <= LARGE_BYTES
    multi = {"multiValueHeaders": {name: [value] for name, value in headers.items()}}
    return {
        "statusCode": answer.status,
        "statusDescription": f"{answer.status} {HTTPStatus(answer.status).phrase}",
        **(multi if asked.is_multi_value else {"headers": headers}),
        "isBase64Encoded": not is_text,
        "body": body.decode() if is_text else b64encode(body).decode(),
    }


def html(text: str, *, status: int = 200) -> Answer:
    return Answer(status=status, headers={"Content-Type": "text/html; charset=utf-8"}, body=text.encode())


def plain(text: str, *, status: int = 200) -> Answer:
    return Answer(status=status, headers={"Content-Type": "text/plain; charset=utf-8"}, body=text.encode())


def json_answer(document: Any, *, status: int = 200) -> Answer:
    return Answer(status=status, headers={"Content-Type": "application/json"}, body=json_bytes(document))


def json_bytes(document: Any) -> bytes:
    """Short. Halves of surrogate pairs, which UTF-8 has not, are written as JSON's escapes."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(errors="backslashreplace")


def redirect(url: str) -> Answer:
    return Answer(status=302, headers={"Location": url})
