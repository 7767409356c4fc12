"""The requests whose answers are measured: small ones an SDK would send, and one of 200,000 tokens."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from bench import http1
from bench.pacing import paced_user

CHAT_MODEL = "gpt-oss-120b"
"""Served natively in Chat Completions."""
CLAUDE_MODEL = "claude-sonnet-5-5"
"""Served natively in Anthropic Messages, and by Converse to clients of Chat Completions."""
CHAT_PATH = "/openai/v1/chat/completions"
"""Of bedrock-runtime."""
QUESTION = "What does this function return for an empty list, and why? " * 4
LONG_PROMPT_TURNS = 40
LONG_PROMPT_TURN = (QUESTION * 100)[:20_000]

Json = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One request to the gateway, and where the bare relay sends the same body."""

    path: str
    upstream_path: str
    body: Json
    pieces: int
    """How many pieces of text the answer holds."""

    def to_gateway(self, headers: Mapping[str, str]) -> bytes:
        """Any gateway; the headers say who asks."""
        return self._request(self.path, headers)

    def to_upstream(self) -> bytes:
        """Also for what passes it there without a look."""
        return self._request(self.upstream_path, {})

    def _request(self, path: str, headers: Mapping[str, str]) -> bytes:
        all_headers = {"Content-Type": "application/json", "User-Agent": "bench", **headers}
        return http1.request("POST", path, headers=all_headers, body=msgspec.json.encode(self.body))


def chat(model: str, *, upstream_path: str, is_streaming: bool) -> Exchange:
    messages = [{"role": "system", "content": "You are a helpful assistant."}, {"role": "user", "content": QUESTION}]
    return Exchange(
        path="/v1/chat/completions",
        upstream_path=upstream_path,
        body={"model": model, "messages": messages, "max_tokens": 1000, "stream": is_streaming},
        pieces=200 if is_streaming else 1,
    )


def native_chat(*, is_streaming: bool) -> Exchange:
    return chat(CHAT_MODEL, upstream_path=CHAT_PATH, is_streaming=is_streaming)


def translated_chat(*, is_streaming: bool) -> Exchange:
    path = f"/model/{CLAUDE_MODEL}/converse" + ("-stream" if is_streaming else "")
    return chat(CLAUDE_MODEL, upstream_path=path, is_streaming=is_streaming)


def native_messages(*, is_streaming: bool) -> Exchange:
    return Exchange(
        path="/v1/messages",
        upstream_path="/anthropic/v1/messages",
        body={
            "model": CLAUDE_MODEL,
            "max_tokens": 1000,
            "system": "You are a helpful assistant.",
            "messages": [{"role": "user", "content": QUESTION}],
            "stream": is_streaming,
        },
        pieces=200 if is_streaming else 1,
    )


def long_prompt() -> Exchange:
    """A streamed Chat request of 820 KB in 41 turns, the last of them the user's."""
    roles = [("user", "assistant")[turn % 2] for turn in range(LONG_PROMPT_TURNS + 1)]
    turns = [{"role": role, "content": LONG_PROMPT_TURN} for role in roles]
    exchange = native_chat(is_streaming=True)
    return replace(exchange, body={**exchange.body, "messages": turns})


def paced_chat(*, events_per_s: float, lasts_s: float) -> Exchange:
    exchange = native_chat(is_streaming=True)
    user = paced_user(events_per_s=events_per_s, events=int(events_per_s * lasts_s))
    return replace(exchange, body={**exchange.body, "user": user})
