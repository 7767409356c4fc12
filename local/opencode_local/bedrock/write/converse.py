"""A script as Converse answers it, whole or as frames."""

from collections.abc import Iterator

import msgspec

from opencode_local.bedrock.frames import event_frame, exception_frame, with_wrong_crc
from opencode_local.bedrock.prompt import Json
from opencode_local.bedrock.prompt_cache import Usage
from opencode_local.bedrock.refusals import Refused
from opencode_local.bedrock.script import Block, Reasoning, Script, Text, ToolCall
from opencode_local.bedrock.signatures import redaction, signature

ID_PREFIX = "tooluse_"
PADDING = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
LATENCY_MS = 120
STOP_SEQUENCE_PATH = "/stop_sequence"


def answer(script: Script, usage: Usage, asked: Json) -> bytes:
    """The JSON body of the response to the request body `asked`."""
    signs = _signs(asked)
    content = [_block(block, signs=signs) for block in script.blocks]
    return msgspec.json.encode(
        {
            "output": {"message": {"role": "assistant", "content": content}},
            **_ending(script, asked),
            **_accounts(usage),
        }
    )


def events(script: Script, usage: Usage, asked: Json) -> list[bytes]:
    """The frames of the response, in order."""
    return [
        event_frame(name, msgspec.json.encode({**payload, "p": padding(index)}))
        for index, (name, payload) in enumerate(_events(script, usage, asked))
    ]


def error_event(refused: Refused) -> bytes:
    name = refused.name[0].lower() + refused.name[1:]
    return exception_frame(name, msgspec.json.encode({"message": refused.message}))


def broken_event(whole: bytes, *, is_corrupt: bool) -> bytes:
    """A frame that cannot be read: its CRC is wrong, or its payload is no JSON."""
    return with_wrong_crc(whole) if is_corrupt else event_frame("contentBlockDelta", b'{"contentBlockIndex":0,"del')


def padding(index: int) -> str:
    """Filling of varying length, behind which Bedrock hides how long a token is."""
    return PADDING[: 1 + index * 17 % len(PADDING)]


def _signs(asked: Json) -> bool:
    """Only Claude, which is told to think in its own way, signs its reasoning."""
    return "thinking" in (asked.get("additionalModelRequestFields") or {})


def _ending(script: Script, asked: Json) -> Json:
    ending: Json = {"stopReason": script.stop_reason}
    paths = asked.get("additionalModelResponseFieldPaths") or ()
    if STOP_SEQUENCE_PATH in paths:
        ending["additionalModelResponseFields"] = {"stop_sequence": script.stop_sequence}
    return ending


def _accounts(usage: Usage) -> Json:
    counts = {
        "inputTokens": usage.input,
        "outputTokens": usage.output,
        "totalTokens": usage.total,
        "cacheReadInputTokens": usage.cache_read,
        "cacheWriteInputTokens": usage.written,
        "cacheDetails": [{"ttl": ttl, "inputTokens": count} for ttl, count in usage.cache_write.items()],
    }
    return {"usage": counts, "metrics": {"latencyMs": LATENCY_MS}}


def _block(block: Block, *, signs: bool) -> Json:
    match block:
        case ToolCall():
            use = {"toolUseId": ID_PREFIX + block.stem, "name": block.name}
            return {"toolUse": {**use, "input": msgspec.json.decode(block.arguments)}}
        case Reasoning(is_redacted=True):
            return {"reasoningContent": {"redactedContent": redaction(block.text)}}
        case Reasoning():
            mark = {"signature": signature(block.text)} if signs else {}
            return {"reasoningContent": {"reasoningText": {"text": block.text, **mark}}}
        case Text():
            return {"text": block.text}


def _events(script: Script, usage: Usage, asked: Json) -> Iterator[tuple[str, Json]]:
    yield "messageStart", {"role": "assistant"}
    signs = _signs(asked)
    for index, block in enumerate(script.blocks):
        if isinstance(block, ToolCall):
            start = {"toolUse": {"toolUseId": ID_PREFIX + block.stem, "name": block.name}}
            yield "contentBlockStart", {"contentBlockIndex": index, "start": start}
        for delta in _deltas(block, signs=signs):
            yield "contentBlockDelta", {"contentBlockIndex": index, "delta": delta}
        yield "contentBlockStop", {"contentBlockIndex": index}
    yield "messageStop", _ending(script, asked)
    yield "metadata", _accounts(usage)


def _deltas(block: Block, *, signs: bool) -> Iterator[Json]:
    match block:
        case ToolCall():
            yield from ({"toolUse": {"input": part}} for part in block.deltas)
        case Reasoning(is_redacted=True):
            yield {"reasoningContent": {"redactedContent": redaction(block.text)}}
        case Reasoning():
            yield from ({"reasoningContent": {"text": word}} for word in block.deltas)
            if signs:
                yield {"reasoningContent": {"signature": signature(block.text)}}
        case Text():
            yield from ({"text": word} for word in block.deltas)
