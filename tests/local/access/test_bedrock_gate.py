"""Who may call which model at the stand-in for Bedrock, with AWS's own token generator and SDK.

Sources: Service authorization reference, "Amazon Bedrock" and "Amazon Bedrock Powered by AWS Mantle"; Amazon Bedrock
user guide, "Prerequisites for inference profiles" and "Global cross-Region inference" (read 2026-11-21).
"""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aws_bedrock_token_generator import provide_token
from botocore.credentials import CredentialProvider, Credentials
from botocore.exceptions import ClientError

from opencode_local.bedrock import BedrockStandIn
from opencode_local.bedrock.gate import BedrockGate
from tests.local.access.guarded import REGION, Caller, Clock, Guarded, Json, allow
from tests.local.bedrock_callers import chat_body, converse_body, messages_body, post

OSS, NOVA, MANTLE_OSS = "openai.gpt-oss-120b-1:0", "amazon.nova-pro-v1:0", "openai.gpt-oss-120b"
TOKENS = allow(["bedrock:CallWithBearerToken", "bedrock-mantle:CallWithBearerToken"], "*")
INVOKE, STREAM = "bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"
CONVERSE, CHAT, MANTLE_CHAT = "/model/{}/converse", "/openai/v1/chat/completions", "/v1/chat/completions"


def model(name: str, region: str = REGION) -> str:
    return f"arn:aws:bedrock:{region}::foundation-model/{name}"


@pytest.fixture(scope="module")
async def gated(aws_of_tasks: Guarded) -> AsyncIterator[BedrockStandIn]:
    gate = BedrockGate(aws_of_tasks.sessions, region=REGION, on_denial=aws_of_tasks.endpoint.note)
    stand_in = BedrockStandIn(gate=gate)
    await stand_in.start()
    yield stand_in
    await stand_in.stop()


class Of(CredentialProvider):  # type: ignore[misc]  # botocore is not typed
    """A session's credentials, for the token generator."""

    def __init__(self, caller: Caller) -> None:
        self._session = caller.session

    def load(self) -> Credentials:
        session = self._session
        return Credentials(session.access_key_id, session.secret_access_key, session.session_token)


def bearer(caller: Caller) -> dict[str, str]:
    return {"Authorization": f"Bearer {provide_token(region=REGION, aws_credentials_provider=Of(caller))}"}


async def converse(url: str, caller: Caller, model_id: str, **changes: Any) -> tuple[int, str]:
    path = CONVERSE.format(model_id.replace(":", "%3A"))
    status, body, _ = await post(url, path, converse_body(), **{**bearer(caller), **changes})
    return status, str(body.get("message", ""))


async def test_a_bearer_token_calls_what_its_role_may_call(aws_of_tasks: Guarded, gated: BedrockStandIn) -> None:
    caller = aws_of_tasks.caller(TOKENS, allow(INVOKE, model(OSS)))

    allowed, refused = [await converse(gated.url, caller, name) for name in (OSS, NOVA)]

    assert allowed[0] == 200
    assert refused == (
        403,
        f"User: {caller.arn} is not authorized to perform: bedrock:InvokeModel on resource: {model(NOVA)} because no "
        "identity-based policy allows the bedrock:InvokeModel action",
    )


async def test_bearer_tokens_need_a_permission_of_their_own(aws_of_tasks: Guarded, gated: BedrockStandIn) -> None:
    caller = aws_of_tasks.caller(allow(INVOKE, model(OSS)))

    status, message = await converse(gated.url, caller, OSS)
    answer = await asyncio.to_thread(boto_converse, gated.url, caller, OSS)

    assert status == 403
    assert "bedrock:CallWithBearerToken on resource: *" in message
    assert answer["stopReason"] == "end_turn", "a signed request needs none"


def boto_converse(url: str, caller: Caller, model_id: str) -> Any:
    client = caller.client("bedrock-runtime", endpoint_url=url)
    try:
        return client.converse(modelId=model_id, **converse_body())
    finally:
        client.close()


async def test_streams_and_counts_are_actions_of_their_own(aws_of_tasks: Guarded, gated: BedrockStandIn) -> None:
    caller = aws_of_tasks.caller(TOKENS, allow([INVOKE], model("*")))
    headers = bearer(caller)
    streamed = {**chat_body(), "stream": True}
    counted = {"input": {"converse": {"messages": converse_body()["messages"]}}}

    _, refused_stream, _ = await post(gated.url, CHAT, streamed, **headers)
    _, refused_count, _ = await post(gated.url, f"/model/{NOVA.replace(':', '%3A')}/count-tokens", counted, **headers)

    assert STREAM in refused_stream["error"]["message"]
    assert "bedrock:CountTokens" in refused_count["message"]


def through(prefix: str, account_id: str, *regions: str) -> list[Json]:
    profile = f"arn:aws:bedrock:{REGION}:{account_id}:inference-profile/{prefix}.{NOVA}"
    by_profile = {"StringEquals": {"bedrock:InferenceProfileArn": profile}}
    return [allow(INVOKE, profile), allow(INVOKE, [model(NOVA, region) for region in regions], **by_profile)]


@pytest.mark.parametrize(
    ("prefix", "regions"), [("us", ("us-east-1", "us-east-2", "us-west-2")), ("global", (REGION, ""))]
)
async def test_a_profile_needs_itself_and_its_model_wherever_it_may_lead(
    aws_of_tasks: Guarded, gated: BedrockStandIn, prefix: str, regions: tuple[str, ...]
) -> None:
    account_id = aws_of_tasks.account.account_id
    caller = aws_of_tasks.caller(TOKENS, *through(prefix, account_id, *regions))
    assert (await converse(gated.url, caller, f"{prefix}.{NOVA}"))[0] == 200
    assert (await converse(gated.url, caller, NOVA))[0] == 403, "not past the profile"

    for missing in range(len(regions)):
        left = [region for place, region in enumerate(regions) if place != missing]
        aws_of_tasks.allow(caller.session.role_arn, TOKENS, *through(prefix, account_id, *left))
        status, message = await converse(gated.url, caller, f"{prefix}.{NOVA}")
        assert (status, f"on resource: {model(NOVA, regions[missing])} " in message) == (403, True)


async def test_mantle_is_authorised_on_its_project_by_model(aws_of_tasks: Guarded, gated: BedrockStandIn) -> None:
    project = aws_of_tasks.arn("bedrock-mantle", "project/default")
    by_model = {"StringEquals": {"bedrock-mantle:Model": MANTLE_OSS}}
    caller = aws_of_tasks.caller(TOKENS, allow("bedrock-mantle:CreateInference", project, **by_model))

    allowed, _, _ = await post(gated.mantle_url, MANTLE_CHAT, {**chat_body(), "model": MANTLE_OSS}, **bearer(caller))
    status, other, _ = await post(
        gated.mantle_url, MANTLE_CHAT, {**chat_body(), "model": "openai.gpt-oss-20b"}, **bearer(caller)
    )

    assert (allowed, status) == (200, 403)
    assert other["error"]["message"].endswith(
        f"bedrock-mantle:CreateInference on resource: {project} because no identity-based policy allows the "
        "bedrock-mantle:CreateInference action"
    )


async def test_the_address_tells_mantle_where_both_have_the_path(aws_of_tasks: Guarded, gated: BedrockStandIn) -> None:
    headers = {**bearer(aws_of_tasks.caller(TOKENS)), "anthropic-version": "2023-06-01"}

    answers = [
        await post(url, "/anthropic/v1/messages", messages_body(), **headers) for url in (gated.url, gated.mantle_url)
    ]

    runtime, mantle = (body["error"]["message"] for _, body, _ in answers)
    assert "bedrock:InvokeModel" in runtime
    assert "bedrock-mantle:CreateInference" in mantle


async def test_a_token_is_only_as_good_as_the_session_behind_it(
    aws_of_tasks: Guarded, aws_clock: Clock, gated: BedrockStandIn
) -> None:
    caller, other = (aws_of_tasks.caller(TOKENS, allow(INVOKE, model(OSS))) for _ in range(2))
    token = bearer(caller)["Authorization"].removeprefix("Bearer bedrock-api-key-")
    url = base64.b64decode(token).decode()
    stolen = url.replace(caller.session.access_key_id, other.session.access_key_id)
    forged = "Bearer bedrock-api-key-" + base64.b64encode(stolen.encode()).decode()
    role = caller.session.role_arn.rpartition("/")[2]

    assert (await converse(gated.url, caller, OSS))[0] == 200
    bad_key = "Authentication failed: Please make sure your API Key is valid."
    assert await converse(gated.url, caller, OSS, Authorization=forged) == (403, bad_key)
    headers = bearer(caller)
    aws_clock.advance(timedelta(minutes=61))
    assert await converse(gated.url, caller, OSS, **headers) == (403, "Bearer Token has expired")
    aws_clock.back()
    aws_of_tasks.credentials.forget(role)
    assert await converse(gated.url, caller, OSS, **headers) == (403, bad_key)


async def test_a_signed_request_is_refused_like_everywhere_in_aws(aws_of_tasks: Guarded, gated: BedrockStandIn) -> None:
    caller = aws_of_tasks.caller(allow(INVOKE, model(OSS)))
    with pytest.raises(ClientError, match="is not authorized to perform: bedrock:InvokeModel on resource: "):
        await asyncio.to_thread(boto_converse, gated.url, caller, NOVA)

    aws_of_tasks.credentials.forget(caller.session.role_arn.rpartition("/")[2])
    with pytest.raises(ClientError, match="UnrecognizedClientException"):
        await asyncio.to_thread(boto_converse, gated.url, caller, OSS)
