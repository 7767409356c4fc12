"""A request's way to the gateway and the answer's way back, byte by byte as it comes."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

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


class Relay:
    """Sends requests on as the person."""

    def __init__(self, upstream: Upstream, credential: Credential, tell_person: Callable[[], None]) -> None:
        self._upstream = upstream
        self._credential = credential
        self._tell_person = tell_person

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The gateway's answer, passed back. Raises Refusal, before its first byte only."""
        body = await body_of(request)
        with self._refusals():
            async with self._answered(request, body) as answered:
                return await passed_back(request, answered)

    @asynccontextmanager
    async def _answered(self, request: web.Request, body: Body) -> AsyncIterator[aiohttp.ClientResponse]:
        """What is to be passed back: after a 401 the answer to a second try, if there is another credential."""
        async with AsyncExitStack() as opened:
            session = await opened.enter_async_context(self._upstream.session())
            used = await self._credential.current()
            answered = await opened.enter_async_context(self._upstream.asked(session, outgoing(request, body, used)))
            if answered.status == 401 and body.kept is not None:
                other = await self._credential.instead_of(used)
                if other is not None:
                    answered.release()
                    again = outgoing(request, body, other)
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
            raise Refusal(504, code="gateway_silent", message="the gateway has not answered for too long") from error
        except (aiohttp.ClientError, OSError) as error:
            message = f"cannot reach the gateway: {reason(error)}; `opencode-auth doctor` finds out why"
            raise Refusal(502, code="gateway_unreachable", message=message) from error


def outgoing(request: web.Request, body: Body, credential: str) -> Outgoing:
    headers = to_gateway(request.headers.items(), credential=credential, version=VERSION)
    return Outgoing(
        method=request.method,
        raw_path=request.raw_path,
        headers=CIMultiDict([*headers, *body.headers]),
        data=body.data(),
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
