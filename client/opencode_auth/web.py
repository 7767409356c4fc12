"""HTTP for everything but the proxy: JSON in and out, by the standard library.

Proxies of the environment and the system are honoured, and so are the certificate authorities that other tools are
told of. No redirect is followed: credentials go where they were sent, or nowhere.
"""

import json
import os
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPMessage, HTTPResponse, IncompleteRead
from typing import IO, Any
from urllib.parse import urlencode, urlsplit

from opencode_auth.addresses import LOOPBACK_DOMAIN, check_url, is_loopback
from opencode_auth.errors import Misused, Unreachable
from opencode_auth.version import USER_AGENT

TIMEOUT_S = 15.0
MAX_RESPONSE_BYTES = 4 * 1024 * 1024
CHUNK_BYTES = 64 * 1024
CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""OpenSSL's, requests' and Node's: files of certificate authorities to trust besides the system's."""
SYSTEM_AUTHORITIES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Of Debian, Fedora, openSUSE, macOS: a packed program's OpenSSL looks where the machine that packed it has its own.

Source: Go, crypto/x509, root_linux.go and root_bsd.go (read 2026-11-21).
"""
MAX_RETRY_AFTER_S = 3600.0


@dataclass(frozen=True, kw_only=True)
class Request:
    """`timeout_s` is for the whole exchange."""

    method: str = "GET"
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    timeout_s: float = TIMEOUT_S


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A response of any status; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    host: str

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Raises Unreachable for a body that is not JSON, such as an error page in between."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Unreachable(f"{self.host} answered {self.status} with something that is not JSON") from error

    def document(self) -> dict[str, Any]:
        """The JSON object. Raises Unreachable for anything else, and for a status that is no success."""
        if not self.is_success:
            raise Unreachable(f"{self.host} answered {self.status}", retry_after_s=self.retry_after_s)
        found = self.json()
        if not isinstance(found, dict):
            raise Unreachable(f"{self.host} answered with JSON that is not an object")
        return found

    @property
    def retry_after_s(self) -> float | None:
        """Of the header Retry-After in its form of seconds, capped; None without one."""
        text = self.headers.get("retry-after", "")
        return min(float(text), MAX_RETRY_AFTER_S) if text.isascii() and text.isdigit() else None


def form_request(url: str, form: Mapping[str, str], *, timeout_s: float = TIMEOUT_S) -> Request:
    content_type = {"Content-Type": "application/x-www-form-urlencoded"}
    return Request(method="POST", url=url, headers=content_type, body=urlencode(form).encode(), timeout_s=timeout_s)


def json_request(method: str, url: str, document: object, headers: Mapping[str, str]) -> Request:
    sent = {"Content-Type": "application/json", **headers}
    return Request(method=method, url=url, headers=sent, body=json.dumps(document).encode())


def fetch(url: str, *, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
    """The JSON object at an address. Raises Unreachable."""
    return send(Request(url=url, timeout_s=timeout_s)).document()


def send(request: Request) -> Answer:
    """The answer, whatever its status. Raises Unreachable without one, Misused for an address that is not safe."""
    until_s = time.monotonic() + request.timeout_s
    with exchange(request) as response:
        body = read(response, until_s)
        names = {name.lower(): value for name, value in response.headers.items()}
        return Answer(status=response.status, headers=names, body=body, host=urlsplit(request.url).netloc)


@contextmanager
def exchange(request: Request) -> Iterator[HTTPResponse]:
    """A response of any status, its body not yet read; what goes wrong meanwhile is Unreachable, or Misused."""
    host = urlsplit(check_url(request.url)).netloc
    headers = {"Accept": "application/json", "User-Agent": USER_AGENT, "Host": host, **request.headers}
    outgoing = urllib.request.Request(  # noqa: S310  the scheme was checked
        resolved(request.url), data=request.body, headers=headers, method=request.method
    )
    try:
        with opener(request.url).open(outgoing, timeout=request.timeout_s) as response:
            yield response
    except TooMuch as error:
        raise Unreachable(f"{host} answered with more than {MAX_RESPONSE_BYTES} bytes") from error
    except TimeoutError as error:
        raise Unreachable(f"{host} did not answer within {request.timeout_s:g} s") from error
    except (OSError, HTTPException) as error:
        raise unreachable(host, error) from error


def resolved(url: str) -> str:
    """With a name below `localhost` as an address: some systems' resolvers do not know such names."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not (parts.hostname or "").endswith(LOOPBACK_DOMAIN):
        return url
    return parts._replace(netloc=f"127.0.0.1:{parts.port or 80}").geturl()


class TooMuch(Exception):
    """A response beyond MAX_RESPONSE_BYTES."""


def read(response: HTTPResponse, until_s: float) -> bytes:
    """The body; a server that drips is cut off at `until_s` of the monotonic clock. Raises TimeoutError, TooMuch.

    Raises IncompleteRead for one that ends before its announced end.
    """
    body = bytearray()
    while chunk := response.read1(CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_RESPONSE_BYTES:
            raise TooMuch
        if time.monotonic() > until_s:
            raise TimeoutError
    if response.length:
        raise IncompleteRead(bytes(body), response.length)
    return bytes(body)


def unreachable(host: str, error: Exception) -> Unreachable:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    match reason:
        case ssl.SSLCertVerificationError():
            hint = "behind a proxy that inspects TLS, name its certificate authority: SSL_CERT_FILE=FILE"
            return Unreachable(f"the certificate of {host} is not trusted: {reason.verify_message}", hint=hint)
        case TimeoutError():
            return Unreachable(f"{host} did not answer in time")
        case OSError(strerror=str(said)):
            return Unreachable(f"cannot reach {host}: {said}", hint="opencode-auth doctor")
    return Unreachable(f"cannot reach {host}: {reason}", hint="opencode-auth doctor")


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other."""

    def redirect_request(  # noqa: PLR0913, PLR0917  the standard library's signature
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """None: the redirect is not followed."""


class EveryStatus(urllib.request.HTTPErrorProcessor):
    """Hands every response back; none is an exception."""

    def http_response(self, request: urllib.request.Request, response: HTTPResponse) -> HTTPResponse:
        return response

    https_response = http_response


def opener(url: str) -> urllib.request.OpenerDirector:
    """Without a proxy for addresses of this machine itself."""
    is_direct = is_loopback(urlsplit(url).hostname)
    proxies = urllib.request.ProxyHandler({} if is_direct else None)
    handlers = [proxies, NoRedirect(), EveryStatus()]
    secure = [urllib.request.HTTPSHandler(context=tls_context())] if url.startswith("https:") else []
    return urllib.request.build_opener(*handlers, *secure)


def tls_context() -> ssl.SSLContext:
    """Trusts the system and the files of CA_VARIABLES. Raises Misused for a file that cannot be read."""
    context = ssl.create_default_context()
    if not has_authorities(context) and (found := next(filter(os.path.exists, SYSTEM_AUTHORITIES), None)):
        context.load_verify_locations(cafile=found)
    for variable in CA_VARIABLES:
        file = os.environ.get(variable)
        if file:
            try:
                context.load_verify_locations(**{"capath" if os.path.isdir(file) else "cafile": file})
            except OSError as error:
                raise Misused(f"{variable} names {file!r}, which holds no certificates") from error
    return context


def has_authorities(context: ssl.SSLContext) -> bool:
    """Whether OpenSSL has any where it looks by itself; it reads a folder's only when they are needed."""
    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile or paths.capath or context.cert_store_stats()["x509_ca"])
