"""OpenCode and a share host on both sides of the local proxy, as tests play them."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from yarl import URL

from opencode_auth.proxy.sharing import Pace
from tests.client.proxied import Handler, LocalProxy, PlayedGateway

GATEWAY = "http://127.0.0.1:1"
NOW_S = 1_795_000_000.5
ID, SHARE_SECRET = "a234567" * 4 + "aaaa", "secret-of-the-share"
SYNC = f"/api/share/{ID}/sync"
TAKEN = {"success": True, "sequence": 7}


@dataclass
class Time:
    """Stands still; pauses are only noted."""

    now_s: float = NOW_S
    pauses_s: list[float] = field(default_factory=list)

    async def pause(self, seconds: float) -> None:
        self.pauses_s.append(seconds)

    @property
    def pace(self) -> Pace:
        return Pace(pause=self.pause, now_s=lambda: self.now_s)


async def taken(_request: web.Request) -> web.StreamResponse:
    return web.json_response(TAKEN)


def answering(*statuses: int, **headers: str) -> Handler:
    """One status after the other, the last for ever."""
    left = list(statuses)

    async def answer(request: web.Request) -> web.StreamResponse:
        status = left.pop(0) if len(left) > 1 else left[0]
        if status == 0:
            assert request.transport is not None
            request.transport.close()
        body = TAKEN if status == 200 else {"error": {"message": f"a {status}"}}
        return web.json_response(body, status=status or 200, headers={} if status == 200 else headers)

    return answer


def sharing(proxy: LocalProxy, path: str, secret: str | None = None) -> URL:
    return URL(f"{proxy.url}/sharing/{proxy.secret if secret is None else secret}{path}", encoded=True)


def part(number: int, text: str = "words") -> dict[str, Any]:
    return {"type": "part", "data": {"id": f"prt_{number}", "messageID": "msg_1", "text": text}}


async def synced(proxy: LocalProxy, items: Sequence[Any]) -> tuple[int, Any]:
    sent = json.dumps({"secret": SHARE_SECRET, "data": items}).encode()
    async with proxy.tool.post(sharing(proxy, SYNC), data=io.BytesIO(sent)) as response:
        return response.status, await response.json()


def received(host: PlayedGateway) -> list[dict[str, Any]]:
    return [json.loads(body) for body in host.bodies]
