"""Who may ask the stand-in."""

import asyncio
import base64
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from botocore.exceptions import ClientError

from opencode_local.bedrock import BedrockStandIn
from tests.local.bedrock_callers import (
    CHAT,
    CLAUDE,
    CONVERSE,
    MESSAGES,
    VERSION,
    api_key,
    api_key_made,
    boto,
    chat_body,
    converse_body,
    messages_body,
)

SIGNATURE = "f" * 64
SCOPE = "AKID/20261121/us-east-1/bedrock/aws4_request"
BODIES = {CONVERSE: converse_body(), MESSAGES: messages_body(), CHAT: chat_body()}


async def ask(stand_in: BedrockStandIn, path: str = CONVERSE, **headers: str) -> tuple[int, dict[str, Any], str]:
    async with aiohttp.ClientSession(stand_in.url) as session:
        response = await session.post(path, json=BODIES[path], headers={**VERSION, **headers})
        return response.status, await response.json(), response.headers.get("x-amzn-errortype", "")


def encoded(url: str) -> str:
    return "Bearer bedrock-api-key-" + base64.b64encode(url.encode()).decode()


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic YTpi",
        "Bearer",
        "Bearer abc",
        "Bearer bedrock-api-key-@@@",
        "Bearer bedrock-api-key-" + base64.b64encode(b"\xff\xfe").decode(),
        encoded("bedrock.amazonaws.com/?Action=CallWithBearerToken"),
        encoded(
            "bedrock.amazonaws.com/?Action=CallWithBearerToken&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="
            f"{SCOPE}&X-Amz-Date=today&X-Amz-Expires=600&X-Amz-Signature={SIGNATURE}"
        ),
        "AWS4-HMAC-SHA256 nonsense",
        f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host, Signature={SIGNATURE}",
    ],
)
async def test_a_request_without_good_credentials_is_forbidden(authorization: str, stand_in: BedrockStandIn) -> None:
    status, answer, kind = await ask(stand_in, Authorization=authorization)

    assert (status, kind) == (403, "AccessDeniedException")
    assert list(answer) == ["message"]


async def test_an_api_key_made_by_the_token_generator_is_taken_in_any_case_of_its_scheme(
    stand_in: BedrockStandIn,
) -> None:
    for scheme in ("Bearer", "bearer"):
        status, _, _ = await ask(stand_in, Authorization=f"{scheme} {api_key()}")

        assert status == 200


@pytest.mark.parametrize(("path", "status"), [(CONVERSE, 403), (MESSAGES, 401), (CHAT, 401)])
async def test_an_expired_api_key_is_refused_as_such(path: str, status: int, stand_in: BedrockStandIn) -> None:
    old = api_key_made(ago=timedelta(seconds=601), life_s=600)
    fresh = api_key_made(ago=timedelta(seconds=500), life_s=600)

    refused, answer, _ = await ask(stand_in, path, Authorization=f"Bearer {old}")
    accepted, _, _ = await ask(stand_in, path, Authorization=f"Bearer {fresh}")

    assert (refused, accepted) == (status, 200)
    assert "expired" in str(answer)


async def test_an_api_key_may_not_live_longer_than_twelve_hours(stand_in: BedrockStandIn) -> None:
    status, _, _ = await ask(stand_in, Authorization=f"Bearer {api_key_made(ago=timedelta(), life_s=43_201)}")

    assert status == 403


async def test_a_signature_must_be_made_with_the_secret_key(stand_in: BedrockStandIn) -> None:
    def converse(secret_key: str) -> int:
        answer = boto(stand_in.url, secret_key=secret_key).converse(modelId=CLAUDE, **converse_body())
        return int(answer["ResponseMetadata"]["HTTPStatusCode"])

    assert await asyncio.to_thread(converse, "testing-secret") == 200
    with pytest.raises(ClientError, match="signature we calculated does not match"):
        await asyncio.to_thread(converse, "another-secret")


async def test_a_signature_of_yesterday_is_refused(stand_in: BedrockStandIn) -> None:
    authorization = f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host;x-amz-date, Signature={SIGNATURE}"
    headers = {"Authorization": authorization, "X-Amz-Date": "20261121T000000Z"}

    status, answer, _ = await ask(stand_in, **headers)

    assert status == 403
    assert "Signature expired" in answer["message"]


async def test_without_a_secret_key_the_form_of_a_signature_is_enough() -> None:
    stand_in = BedrockStandIn()
    url = await stand_in.start()
    answer = await asyncio.to_thread(
        boto(url, secret_key="any").converse, modelId="openai.gpt-oss-120b-1:0", **converse_body()
    )
    await stand_in.stop()

    assert answer["stopReason"] == "end_turn"
