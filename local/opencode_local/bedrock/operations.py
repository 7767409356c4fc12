"""Everything that can be asked, and what it takes to answer it."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from opencode_local.bedrock import writers
from opencode_local.bedrock.faults import Surface
from opencode_local.bedrock.prompt import Json, NotAnObject, Prompt, json_object
from opencode_local.bedrock.read import chat as read_chat
from opencode_local.bedrock.read import converse as read_converse
from opencode_local.bedrock.read import messages as read_messages
from opencode_local.bedrock.read import responses as read_responses
from opencode_local.bedrock.refusals import Dialect, invalid
from opencode_local.bedrock.rules import chat, converse, messages, responses
from opencode_local.bedrock.rules.anthropic_headers import check_betas, check_version
from opencode_local.bedrock.service_model import check_request


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request whose body is a JSON object."""

    body: Json
    model_id: str
    headers: Mapping[str, str]
    service: str = "bedrock"
    """Or `bedrock-mantle`."""


Check: TypeAlias = Callable[[Asked], None]
Read: TypeAlias = Callable[[Json, str], Prompt]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """`check` raises Refused; `read` may rely on it. A route that streams on demand has `is_streaming` None."""

    surface: Surface
    dialect: Dialect
    check: Check
    read: Read
    writer: writers.Writer
    is_streaming: bool | None = None
    count_member: str | None = None
    """Set when the answer is nothing but the count of the prompt's tokens, under this name."""

    def streams(self, body: Json) -> bool:
        return bool(body.get("stream")) if self.is_streaming is None else self.is_streaming


def _check_converse(asked: Asked) -> None:
    converse.check(asked.body, asked.model_id, operation="Converse")


def _check_converse_stream(asked: Asked) -> None:
    converse.check(asked.body, asked.model_id, operation="ConverseStream")


def _check_invoke(asked: Asked) -> None:
    check_betas(asked.headers, asked.body)
    messages.check_invoke(asked.body, asked.model_id)


def _check_messages(asked: Asked) -> None:
    check_version(asked.headers, asked.body, asked.model_id)
    check_betas(asked.headers, asked.body)
    messages.check(asked.body, asked.model_id)


def _check_message_count(asked: Asked) -> None:
    check_version(asked.headers, asked.body, asked.model_id)
    check_betas(asked.headers, asked.body)
    messages.check_count(asked.body, asked.model_id)


def _check_count_tokens(asked: Asked) -> None:
    check_request("CountTokens", asked.body, asked.model_id)
    counted = asked.body["input"]
    if counted.get("converse") is not None:
        converse.check_countable(counted["converse"], asked.model_id)
    else:
        messages.check_invoke(_invoke_body(counted), asked.model_id)


def _read_count_tokens(body: Json, model_id: str) -> Prompt:
    counted = body["input"]
    if counted.get("converse") is not None:
        return read_converse.prompt(counted["converse"], model_id)
    return read_messages.prompt(_invoke_body(counted), model_id)


def _invoke_body(counted: Json) -> Json:
    try:
        return json_object(base64.b64decode(counted["invokeModel"]["body"]))
    except NotAnObject as error:
        raise invalid("The body of invokeModel is not a JSON object.") from error


CHAT = Operation(
    surface="chat",
    dialect=Dialect.OPENAI,
    check=lambda asked: chat.check(asked.body),
    read=read_chat.prompt,
    writer=writers.CHAT,
)
RESPONSES = Operation(
    surface="responses",
    dialect=Dialect.OPENAI,
    check=lambda asked: responses.check(asked.body, asked.model_id, service=asked.service),
    read=read_responses.prompt,
    writer=writers.RESPONSES,
)


def _converse(check: Check, *, is_streaming: bool) -> Operation:
    return Operation(
        surface="converse",
        dialect=Dialect.AWS,
        check=check,
        read=read_converse.prompt,
        writer=writers.CONVERSE,
        is_streaming=is_streaming,
    )


def _invoke(*, is_streaming: bool) -> Operation:
    return Operation(
        surface="invoke",
        dialect=Dialect.AWS,
        check=_check_invoke,
        read=read_messages.prompt,
        writer=writers.INVOKE,
        is_streaming=is_streaming,
    )


OPERATIONS: Mapping[str, Operation] = {
    "/model/{model_id}/converse": _converse(_check_converse, is_streaming=False),
    "/model/{model_id}/converse-stream": _converse(_check_converse_stream, is_streaming=True),
    "/model/{model_id}/invoke": _invoke(is_streaming=False),
    "/model/{model_id}/invoke-with-response-stream": _invoke(is_streaming=True),
    "/model/{model_id}/count-tokens": Operation(
        surface="count_tokens",
        dialect=Dialect.AWS,
        check=_check_count_tokens,
        read=_read_count_tokens,
        writer=writers.CONVERSE,
        is_streaming=False,
        count_member="inputTokens",
    ),
    "/openai/v1/chat/completions": CHAT,
    "/v1/chat/completions": CHAT,
    "/openai/v1/responses": RESPONSES,
    "/v1/responses": RESPONSES,
    "/anthropic/v1/messages": Operation(
        surface="messages",
        dialect=Dialect.ANTHROPIC,
        check=_check_messages,
        read=read_messages.prompt,
        writer=writers.MESSAGES,
    ),
    "/anthropic/v1/messages/count_tokens": Operation(
        surface="count_tokens",
        dialect=Dialect.ANTHROPIC,
        check=_check_message_count,
        read=read_messages.prompt,
        writer=writers.MESSAGES,
        is_streaming=False,
        count_member="input_tokens",
    ),
}
"""By path, on bedrock-runtime and bedrock-mantle alike.

Source: Amazon Bedrock user guide, "Inference using Anthropic Messages API" (read 2026-11-21), and botocore 1.43.
"""
