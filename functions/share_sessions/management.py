"""API Gateway's `@connections`, with which a function writes to one connection, or closes it.

It is asked for hundreds of them in a row: boto3's client of the same takes four times as long for a request, nearly all
of it for what is the same for every one. Signing and connections are botocore's.
Source: API Gateway developer guide, "Use @connections commands in your backend service" (read 2026-11-21).
"""

import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

SERVICE = "execute-api"
TIMEOUT_S = 1.0
"""To connect, and then to be answered."""
GONE = 410
NO_DELAY = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
"""A request's body is written after its headers: without this it waits some 40 ms until those are acknowledged, which
botocore's session by itself leaves so and its clients do not.
"""


class Refused(Exception):
    """The text is the status."""


class Gone(Refused):
    """The connection has ended, or is not open yet."""


class Management:
    """Of one API's stage. Raises Gone, Refused, and botocore's HTTPClientError where nobody answers."""

    def __init__(self, endpoint: str, region: str, credentials: Callable[[], Any], *, at_once: int) -> None:
        """`credentials` gives botocore's that are good now. As many connections are kept open as are used `at_once`."""
        self._url, self._region, self._credentials = f"{endpoint}/@connections/", region, credentials
        self._http = URLLib3Session(
            timeout=(TIMEOUT_S, TIMEOUT_S), max_pool_connections=at_once, socket_options=NO_DELAY
        )

    def post(self, connection_id: str, data: bytes) -> None:
        self._ask("POST", connection_id, data)

    def disconnect(self, connection_id: str) -> None:
        self._ask("DELETE", connection_id, b"")

    def _ask(self, method: str, connection_id: str, data: bytes) -> None:
        request = AWSRequest(method, self._url + quote(connection_id, safe=""), data=data)
        SigV4Auth(self._credentials(), SERVICE, self._region).add_auth(request)
        status = self._http.send(request.prepare()).status_code
        if status == GONE:
            raise Gone(status)
        if status >= 300:
            raise Refused(status)
