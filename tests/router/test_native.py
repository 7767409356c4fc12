"""Models that speak the caller's own protocol: bodies pass, bytes come back as they are, usage is read in passing."""

import json
from typing import Any

import pytest

from opencode_local.bedrock import BedrockStandIn, Fault
from tests.router.running import Router

CHAT = "kimi-k25"
CLAUDE = "claude-sonnet-5"


def chat(**members: Any) -> dict[str, Any]:
    return {"model": CHAT, "messages": [{"role": "user", "content": "good morning"}], **members}


def message(**members: Any) -> dict[str, Any]:
    return {"model": CLAUDE, "max_tokens": 100, "messages": [{"role": "user", "content": "good morning"}], **members}


async def post(router: Router, path: str, body: Any, headers: dict[str, str]) -> tuple[int, bytes, Any]:
    async with router.client.post(path, json=body, headers=headers) as response:
        return response.status, await response.read(), response.headers


async def test_a_chat_body_arrives_with_only_the_model_changed(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str]
) -> None:
    body = chat(seed=7, a_field_of_next_year={"deep": [1, 2.50, None]})

    status, answer, _ = await post(router, "/v1/chat/completions", body, as_ada)

    assert status == 200, answer
    assert bedrock.calls[-1].body == {**body, "model": bedrock.calls[-1].model_id}
    assert bedrock.calls[-1].model_id != CHAT


async def test_an_answer_names_the_model_that_was_asked_for(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str]
) -> None:
    for path, body in (("/v1/chat/completions", chat()), ("/v1/messages", message())):
        _, whole, _ = await post(router, path, body, as_ada)
        _, stream, _ = await post(router, path, {**body, "stream": True}, as_ada)

        assert json.loads(whole)["model"] == body["model"]
        assert bedrock.calls[-1].model_id.encode() not in stream
        assert b'"model":"' + body["model"].encode() + b'"' in stream


async def test_a_messages_body_arrives_with_only_the_model_changed(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str]
) -> None:
    body = message(metadata={"user_id": "u"}, system=[{"type": "text", "text": "be brief"}])

    status, answer, _ = await post(router, "/anthropic/v1/messages", body, as_ada)

    assert status == 200, answer
    assert bedrock.calls[-1].surface == "messages"
    assert bedrock.calls[-1].body == {**body, "model": bedrock.calls[-1].model_id}
    assert bedrock.calls[-1].headers["anthropic-version"] == "2023-06-01"


async def test_betas_that_bedrock_does_not_know_are_dropped_and_named(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str]
) -> None:
    known = router.gateway.catalogue.find(CLAUDE).model.betas[0]
    headers = {**as_ada, "anthropic-beta": f"claude-code-20250219,{known}"}

    status, answer, answer_headers = await post(router, "/v1/messages", message(), headers)

    assert status == 200, answer
    assert bedrock.calls[-1].headers["anthropic-beta"] == known
    assert answer_headers["anthropic-beta-dropped"] == "claude-code-20250219"


async def test_a_stream_is_relayed_byte_for_byte_when_the_name_is_the_same(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str]
) -> None:
    bedrock_id = router.gateway.catalogue.find(CHAT).model.bedrock_ids["region"]
    body = chat(model=bedrock_id, stream=True, stream_options={"include_usage": True})

    _, stream, _ = await post(router, "/v1/chat/completions", body, as_ada)

    chunks = [json.loads(line[6:]) for line in stream.decode().split("\n\n") if line.startswith("data: {")]
    assert stream.endswith(b"data: [DONE]\n\n")
    assert "".join(c["choices"][0]["delta"].get("content") or "" for c in chunks if c["choices"]).startswith("You said")
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["prompt_tokens"] > 0


async def test_usage_nobody_asked_for_is_kept_by_the_gateway(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str]
) -> None:
    _, stream, headers = await post(router, "/v1/chat/completions", chat(stream=True), as_ada)

    record = await router.usage(headers["x-request-id"])
    assert b'"usage":{' not in stream.replace(b" ", b"")
    assert bedrock.calls[-1].body["stream_options"] == {"include_usage": True}
    assert record["input_tokens"] > 0
    assert record["output_tokens"] > 0
    assert record["is_estimate"] is False


@pytest.mark.parametrize(("path", "make"), [("/v1/chat/completions", chat), ("/v1/messages", message)])
async def test_usage_and_bytes_are_the_same_however_the_stream_is_split(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str], path: str, make: Any
) -> None:
    body = make(stream=True, messages=[{"role": "user", "content": "say 12 words"}])
    _, smooth, first = await post(router, path, body, as_ada)
    bedrock.clear()
    bedrock.order(Fault(kind="split"))
    _, split, second = await post(router, path, body, as_ada)

    counts = [
        {
            kind: count
            for kind, count in (await router.usage(headers["x-request-id"])).items()
            if kind.endswith("tokens")
        }
        for headers in (first, second)
    ]
    assert counts[0] == counts[1]
    assert counts[0]["output_tokens"] > 5
    assert smooth.count(b"\n\n") == split.count(b"\n\n")


async def test_cache_reads_and_writes_are_counted_apart(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str]
) -> None:
    system = [{"type": "text", "text": "a long rule " * 2000, "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
    _, _, first = await post(router, "/v1/messages", message(system=system), as_ada)
    _, _, second = await post(router, "/v1/messages", message(system=system, stream=True), as_ada)

    written, read = [await router.usage(headers["x-request-id"]) for headers in (first, second)]
    assert written["cache_write_1h_tokens"] > 1000
    assert written["cache_write_5m_tokens"] == 0
    assert read["cache_read_tokens"] == written["cache_write_1h_tokens"]
    assert 0 < read["cost_micro_usd"] < written["cost_micro_usd"]
