"""The AWS that tasks and functions see: the embedded one, behind signatures and IAM.

It runs the embedded AWS's own application in this process, over the data that the raw endpoint has, too: a request
takes no second way over the network.
"""

import asyncio
import logging
import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from typing import Any

from opencode_local.access.decision import Denied, check
from opencode_local.access.needs import Unknowable
from opencode_local.access.operations import IAM_PREFIXES, Asked, NotUnderstood, read
from opencode_local.access.refusals import ACCESS_DENIED, Answer, answer
from opencode_local.access.services.operating import session_tags
from opencode_local.access.services.table import needs
from opencode_local.access.sessions import Principal, Sessions
from opencode_local.access.signatures import NotAuthentic, Received, Signed, signed, verify
from opencode_local.aws_server import AwsServer, services
from opencode_local.status import Status

log = logging.getLogger(__name__)

KEPT_DENIALS = 200
PRIVATE_PATHS = ("/moto-api", "/latest/")
"""Of the embedded AWS itself, and of machines: they are not AWS's."""
ACCESS_KEY_ID = re.compile(rb"<AccessKeyId>([^<]+)</AccessKeyId>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """A call that was refused for what its caller may do."""

    principal_arn: str
    action: str
    resource: str
    message: str


Serve = Callable[[Asked, Received], Answer]
"""Answers one operation in the thread of its request."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A call that may go on."""

    claimed: Signed
    principal: Principal
    asked: Asked


class AwsEndpoint:
    """Every call is that of a role's session, and goes on only when the role's policies allow it at this moment."""

    def __init__(self, sessions: Sessions, *, on_denial: Callable[[Denial], None] = lambda _denial: None) -> None:
        """`on_denial` is called in the thread of the request."""
        self.url = ""
        self.recent_denials: deque[Denial] = deque(maxlen=KEPT_DENIALS)
        """Newest last."""
        self._sessions = sessions
        self._on_denial = on_denial
        self._parts: dict[str, Serve] = {}
        self._embedded = services()
        self._server: AwsServer | None = None

    async def start(self, port: int = 0) -> str:
        """Serves on loopback until `stop`; returns the URL for AWS_ENDPOINT_URL. Port 0 is any free one."""
        self._server = AwsServer(self, port)
        self.url = self._server.start()
        return self.url

    async def stop(self) -> None:
        """Open connections are closed."""
        if self._server is not None:
            await asyncio.to_thread(self._server.stop)

    def serve(self, operation: str, by: Serve) -> None:
        """Has an operation such as `lambda:Invoke` answered by a part of the run instead of the embedded AWS."""
        self._parts[operation] = by

    def status(self) -> list[Status]:
        denied = f"; {len(self.recent_denials)} calls denied" if self.recent_denials else ""
        return [Status(name="aws", kind="AWS endpoint", state="active", detail=f"{self.url}{denied}")]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """The WSGI application."""
        received = received_from(environ)
        try:
            admitted = self._admit(received)
        except Refused as refused:
            return respond(refused.answer, start_response)
        part = self._parts.get(f"{admitted.asked.service}:{admitted.asked.operation}")
        if part is not None:
            return respond(part(admitted.asked, received), start_response)
        return self._pass_on(environ, received, admitted, start_response)

    def _admit(self, received: Received) -> Admitted:
        has_target = received.header("x-amz-target") is not None
        service = ""
        try:
            claimed = signed(received)
            service = claimed.service
            now = self._sessions.now()
            principal = self._sessions.holder(claimed.access_key_id, claimed.session_token)
            verify(received, claimed, principal.session.secret_access_key, now)
            asked = self._asked(received, claimed, principal)
            for need in needs(asked):
                check(principal, need, region=claimed.region, now=now)
        except NotAuthentic as error:
            raise Refused(answer(error.code, error.message, service=service, has_target=has_target)) from error
        except (NotUnderstood, Unknowable) as error:
            unknown = Denied(f"User: {principal.arn} is not authorized: {error}", action=service, resource="*")
            self.note(principal, unknown)
            raise Refused(answer(ACCESS_DENIED, unknown.message, service=service, has_target=has_target)) from error
        except Denied as error:
            self.note(principal, error)
            raise Refused(answer(ACCESS_DENIED, error.message, service=service, has_target=has_target)) from error
        return Admitted(claimed, principal, asked)

    def _asked(self, received: Received, claimed: Signed, principal: Principal) -> Asked:
        if received.path.startswith(PRIVATE_PATHS):
            raise NotUnderstood(f"{received.path} is no path of AWS")
        operation, params = read(received, claimed.service)
        return Asked(
            service=IAM_PREFIXES.get(claimed.service, claimed.service),
            operation=operation,
            params=params,
            region=claimed.region,
            account_id=principal.account_id,
            partition=principal.session.role_arn.split(":")[1],
        )

    def note(self, principal: Principal, denied: Denied) -> None:
        """Keeps it for whoever asks, also that of another gate of the same account."""
        log.warning("%s", denied.message)
        denial = Denial(
            principal_arn=principal.arn, action=denied.action, resource=denied.resource, message=denied.message
        )
        self.recent_denials.append(denial)
        self._on_denial(denial)

    def _pass_on(
        self, environ: dict[str, Any], received: Received, admitted: Admitted, start_response: Any
    ) -> Iterable[bytes]:
        """The embedded AWS reads account and service from the header, and a bucket from the host's name."""
        scope = f"{admitted.principal.embedded_key_id}/{admitted.claimed.scope}"
        environ = {
            **environ,
            "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=checked",
            "HTTP_HOST": self.url.removeprefix("http://"),
            "wsgi.input": BytesIO(received.body),
            "CONTENT_LENGTH": str(len(received.body)),
        }
        body = self._embedded(environ, start_response)
        tags = session_tags(admitted.asked.params) if admitted.asked.operation == "AssumeRole" else {}
        if not tags:
            return body
        whole = b"".join(body)
        if found := ACCESS_KEY_ID.search(whole):
            self._sessions.note(found[1].decode(), tags)
        return [whole]


class Refused(Exception):
    """The request is answered here."""

    def __init__(self, given: Answer) -> None:
        super().__init__(given.status)
        self.answer = given


def respond(given: Answer, start_response: Any) -> Iterable[bytes]:
    start_response(f"{given.status} {HTTPStatus(given.status).phrase}", list(given.headers.items()))
    return [given.body]


def received_from(environ: Mapping[str, Any]) -> Received:
    """The request of a WSGI environment, whose body the server has read."""
    path, _, query = str(environ["REQUEST_URI"]).partition("?")
    headers = {name[5:].replace("_", "-").lower(): str(environ[name]) for name in environ if name.startswith("HTTP_")}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = str(environ[name])
    return Received(
        method=environ["REQUEST_METHOD"], path=path, query=query, headers=headers, body=environ["wsgi.input"].read()
    )
