"""The ways in which a script can be written, one per protocol and wrapping."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from opencode_local.bedrock import frames
from opencode_local.bedrock.prompt import Json
from opencode_local.bedrock.prompt_cache import Usage
from opencode_local.bedrock.refusals import Refused
from opencode_local.bedrock.script import Script
from opencode_local.bedrock.write import chat, converse, invoke, messages, responses, sse


class BreakEvent(Protocol):
    def __call__(self, whole: bytes, *, is_corrupt: bool) -> bytes:
        """The event as it looks when it cannot be read."""
        ...


class Writer(NamedTuple):
    """`answer` and `events` take the script, its usage and the request's body."""

    answer: Callable[[Script, Usage, Json], bytes]
    events: Callable[[Script, Usage, Json], list[bytes]]
    error_event: Callable[[Refused], bytes]
    broken_event: BreakEvent
    headers: Mapping[str, str]


FRAMES = {"Content-Type": frames.CONTENT_TYPE}
SSE = {"Content-Type": sse.CONTENT_TYPE, "Cache-Control": "no-cache"}

CONVERSE = Writer(converse.answer, converse.events, converse.error_event, converse.broken_event, FRAMES)
INVOKE = Writer(
    messages.answer,
    invoke.events,
    converse.error_event,
    converse.broken_event,
    {**FRAMES, "X-Amzn-Bedrock-Content-Type": "application/json"},
)
CHAT = Writer(chat.answer, chat.events, chat.error_event, sse.broken_event, SSE)
RESPONSES = Writer(responses.answer, responses.events, responses.error_event, sse.broken_event, SSE)
MESSAGES = Writer(messages.answer, messages.events, messages.error_event, sse.broken_event, SSE)
