"""A Messages stream as InvokeModelWithResponseStream wraps it: each event is the payload of a `chunk` frame.

Sources: botocore's model of bedrock-runtime (1.43); the metrics' names: open-telemetry/opentelemetry-python-genai#514
(read 2026-11-21).
"""

import base64

import msgspec

from opencode_local.bedrock.frames import event_frame
from opencode_local.bedrock.prompt import Json
from opencode_local.bedrock.prompt_cache import Usage
from opencode_local.bedrock.script import Script
from opencode_local.bedrock.write import converse, messages

FIRST_BYTE_MS = 40


def events(script: Script, usage: Usage, _asked: Json) -> list[bytes]:
    """The frames of the response, in order; the last event carries the metrics of the invocation."""
    *before, last = messages.payloads(script, usage)
    metrics = {
        "inputTokenCount": usage.input,
        "outputTokenCount": usage.output,
        "cacheReadInputTokenCount": usage.cache_read,
        "cacheWriteInputTokenCount": usage.written,
        "invocationLatency": converse.LATENCY_MS,
        "firstByteLatency": FIRST_BYTE_MS,
    }
    return [
        _chunk(payload, index)
        for index, payload in enumerate([*before, {**last, "amazon-bedrock-invocationMetrics": metrics}])
    ]


def _chunk(payload: Json, index: int) -> bytes:
    content = base64.b64encode(msgspec.json.encode(payload)).decode()
    return event_frame("chunk", msgspec.json.encode({"bytes": content, "p": converse.padding(index)}))
