"""The four ways of asking that every failure is tried in: two protocols, whole and streamed, native and translated."""

import io
import json
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.router.running import Router


@dataclass(frozen=True)
class Way:
    """One endpoint and one model."""

    name: str
    path: str
    model: str
    surface: str
    """Where the stand-in should see it."""
    end: bytes
    """What closes a complete stream."""

    @property
    def is_anthropic(self) -> bool:
        return "messages" in self.path

    def body(self, text: str = "say 20 words", **members: Any) -> dict[str, Any]:
        limit = {"max_tokens": 1000} if self.is_anthropic else {}
        return {"model": self.model, **limit, "messages": [{"role": "user", "content": text}], **members}

    def error_of(self, body: dict[str, Any]) -> tuple[str, str]:
        """Type or code, and message, after checking the protocol's whole shape."""
        if self.is_anthropic:
            assert body.keys() == {"type", "error", "request_id"}
            assert body["type"] == "error"
            assert body["error"].keys() == {"type", "message"}
            return body["error"]["type"], body["error"]["message"]
        assert body.keys() == {"error", "request_id"}
        assert body["error"].keys() == {"message", "type", "param", "code"}
        return body["error"]["code"], body["error"]["message"]


CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
DONE, STOP = b"data: [DONE]\n\n", b'"message_stop"'
WAYS = [
    Way("native chat", CHAT, "kimi-k25", "chat", DONE),
    Way("native messages", MESSAGES, "claude-sonnet-5", "messages", STOP),
    Way("messages by invoke", MESSAGES, "claude-sonnet", "invoke", STOP),
    Way("chat to converse", CHAT, "claude-sonnet", "converse", DONE),
    Way("messages to converse", MESSAGES, "nova-2-lite", "converse", STOP),
]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Any
    body: bytes
    was_cut: bool = False
    """The connection ended before the response did."""

    @property
    def request_id(self) -> str:
        return str(self.headers["x-request-id"])


async def ask(router: Router, way: Way, headers: dict[str, str], **members: Any) -> Answer:
    body = io.BytesIO(json.dumps(way.body(**members)).encode())
    async with router.client.post(way.path, data=body, headers=headers) as response:
        try:
            return Answer(response.status, response.headers, await response.read())
        except aiohttp.ClientPayloadError:
            return Answer(response.status, response.headers, b"", was_cut=True)
