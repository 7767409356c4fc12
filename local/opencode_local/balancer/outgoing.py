"""The requests that a load balancer makes of identity providers: bounded in time and size, never redirected."""

from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec

TIMEOUT_S = 5.0
"""Of a whole exchange with a token or user info endpoint; taken for key sets, too, of which AWS names no number.

Source: "Troubleshoot your Application Load Balancers", HTTP 500 (read 2026-11-21).
"""


class Unreachable(Exception):
    """No complete answer came in time."""


class TooLarge(Exception):
    """The answer is larger than a load balancer reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, whatever its status."""

    status: int
    body: bytes

    def document(self) -> dict[str, Any]:
        """The JSON object that the body is. Raises ValueError."""
        document = msgspec.json.decode(self.body)
        if not isinstance(document, dict):
            raise ValueError("the answer is no JSON object")
        return document


def new_session(timeout_s: float = TIMEOUT_S) -> aiohttp.ClientSession:
    timeout = aiohttp.ClientTimeout(total=timeout_s)
    return aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())


async def ask(session: aiohttp.ClientSession, method: str, url: str, *, max_bytes: int, **options: Any) -> Answer:
    """`options` are aiohttp's. Raises Unreachable and TooLarge."""
    try:
        async with session.request(method, url, allow_redirects=False, **options) as response:
            body = b""
            async for part in response.content.iter_chunked(1 << 16):
                body += part
                if len(body) > max_bytes:
                    raise TooLarge(f"{url} answers with more than {max_bytes} bytes")
            return Answer(status=response.status, body=body)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Unreachable(f"{url}: {error or type(error).__name__}") from error
