"""A request's way to the gateway and the answer's way back, byte by byte as it comes."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

from opencode_auth.errors import ClientError, SignInNeeded
from opencode_auth.proxy.body import Body, body_of
from opencode_auth.proxy.credential import Credential
from opencode_auth.proxy.headers import to_gateway, to_tool
from opencode_auth.proxy.refusals import Refusal
from opencode_auth.proxy.upstream import Outgoing, Upstream
from opencode_auth.version import VERSION

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a tool wants of a host: sent once, or twice where the body is kept."""

    method: str
    raw_path: str
    """On that host, with the query, encoded as it came."""
    headers: Sequence[tuple[str, str]]
    body: Body


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A whole answer; the names of headers are in any case."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


class Relay:
    """Sends requests on as the person. `host` is what it is called in words for people."""

    def __init__(
        self, upstream: Upstream, credential: Credential, tell_person: Callable[[], None], *, host: str = "the gateway"
    ) -> None:
        self._upstream = upstream
        self._credential = credential
        self._tell_person = tell_person
        self._host = host

    async def answer(self, request: web.Request, raw_path: str) -> web.StreamResponse:
        """The host's answer, passed back. Raises Refusal, before its first byte only."""
        asked = asked_by(request, raw_path, await body_of(request))
        with self._refusals():
            async with self._answered(asked) as answered:
                return await passed_back(request, answered)

    async def whole_answer(self, asked: Asked) -> Answered:
        """For answers that are small. Raises Refusal."""
        with self._refusals():
            async with self._answered(asked) as answered:
                body = await answered.read()
                return Answered(status=answered.status, headers=to_tool(answered.headers.items()), body=body)

    @asynccontextmanager
    async def _answered(self, asked: Asked) -> AsyncIterator[aiohttp.ClientResponse]:
        """What is to be passed back: after a 401 the answer to a second try, if there is another credential."""
        async with AsyncExitStack() as opened:
            session = await opened.enter_async_context(self._upstream.session())
            used = await self._credential.current()
            answered = await opened.enter_async_context(self._upstream.asked(session, outgoing(asked, used)))
            if answered.status == 401 and asked.body.kept is not None:
                other = await self._credential.instead_of(used)
                if other is not None:
                    answered.release()
                    again = outgoing(asked, other)
                    answered = await opened.enter_async_context(self._upstream.asked(session, again))
            yield answered

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """Turns what keeps a request from its answer into words for the tool."""
        try:
            yield
        except SignInNeeded as error:
            self._tell_person()
            LOG.warning("the person has to sign in: %s", error.message)
            message = f"{error.message}; run `{error.hint or 'opencode-auth login'}`, then try again"
            raise Refusal(401, code="sign_in_needed", message=message) from error
        except ClientError as error:
            raise Refusal(502, code="no_credential", message=error.message) from error
        except aiohttp.SocketTimeoutError as error:
            raise Refusal(504, code="gateway_silent", message=f"{self._host} has not answered for too long") from error
        except (aiohttp.ClientError, OSError) as error:
            message = f"cannot reach {self._host}: {reason(error)}; `opencode-auth doctor` finds out why"
            raise Refusal(502, code="gateway_unreachable", message=message) from error


def asked_by(request: web.Request, raw_path: str, body: Body) -> Asked:
    return Asked(method=request.method, raw_path=raw_path, headers=[*request.headers.items()], body=body)


def outgoing(asked: Asked, credential: str) -> Outgoing:
    headers = to_gateway(asked.headers, credential=credential, version=VERSION)
    return Outgoing(
        method=asked.method,
        raw_path=asked.raw_path,
        headers=CIMultiDict([*headers, *asked.body.headers]),
        data=asked.body.data(),
    )


def reason(error: Exception) -> str:
    """In a few words, without addresses: those of a corporate proxy may hold a password."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return "its certificate is not trusted (SSL_CERT_FILE names one that is)"
        case OSError(strerror=str(said)):
            return said
        case TimeoutError():
            return "no connection in time"
        case aiohttp.ClientHttpProxyError():
            return f"the HTTP proxy in between answered {error.status}"
    return "the connection was closed"


async def passed_back(request: web.Request, answered: aiohttp.ClientResponse) -> web.StreamResponse:
    """Each piece is written as soon as it is read.

    An answer that breaks off in the middle breaks off for the tool as well: it must not look complete.
    """
    headers = CIMultiDict(to_tool(answered.headers.items()))
    response = web.StreamResponse(status=answered.status, reason=answered.reason, headers=headers)
    await response.prepare(request)
    try:
        async for piece in answered.content.iter_any():
            await response.write(piece)
        await response.write_eof()
    except (aiohttp.ClientError, OSError) as error:
        LOG.warning("an answer broke off: %s", type(error).__name__)
        if request.transport is not None:
            request.transport.abort()
    return response
