"""One request on its way through a load balancer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from aiohttp import web
from multidict import CIMultiDict

from opencode_local.balancer.registrations import Target

Cookies = Callable[[Target, CIMultiDict[str]], Sequence[str]]


def no_cookies(_target: Target, _answer: CIMultiDict[str]) -> Sequence[str]:
    return ()


@dataclass(kw_only=True)
class Exchange:
    """What is known of it when it is forwarded."""

    request: web.Request
    headers: CIMultiDict[str]
    """What the target gets."""
    set_cookies: Sequence[str] = ()
    """Added to the answer, whichever target gives it."""
    preferred: str | None = None
    """The id of the target to which a cookie ties the client."""
    cookies_of: Cookies = no_cookies
    """What is set for the target that answered, with these headers."""
    answer: web.StreamResponse | None = field(default=None, init=False)
    """What has begun to go to the client."""

    @property
    def is_websocket(self) -> bool:
        """Whether the client asks for a WebSocket: RFC 6455, section 4.1."""
        asked = self.request.headers
        connection = {part.strip().lower() for part in asked.get("Connection", "").split(",")}
        return "upgrade" in connection and asked.get("Upgrade", "").lower() == "websocket"

    async def begin(self, answer: web.StreamResponse, target: Target) -> web.StreamResponse:
        """Sends status and headers. Of cookies the target's come last: it signs people out by expiring ours."""
        own = [*self.cookies_of(target, answer.headers), *self.set_cookies]
        for cookie in [*own, *answer.headers.popall("Set-Cookie", ())]:
            answer.headers.add("Set-Cookie", cookie)
        self.answer = answer
        await answer.prepare(self.request)
        return answer

    def break_off(self) -> web.StreamResponse:
        """Closes the client's connection in the middle of an answer: the only way to say that it is not complete."""
        if self.answer is None:
            raise RuntimeError("no answer has begun")
        if self.request.transport is not None:
            self.request.transport.close()
        return self.answer
