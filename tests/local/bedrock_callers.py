"""Callers of the Bedrock stand-in: real clients and the least that each route takes."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import anthropic
import boto3
import openai
from aws_bedrock_token_generator import provide_token
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import CredentialProvider, Credentials
from botocore.eventstream import EventStreamBuffer

from opencode_local.bedrock import BedrockStandIn

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
GPT_OSS = "openai.gpt-oss-120b-1:0"
CONVERSE = f"/model/{CLAUDE.replace(':', '%3A')}/converse"
MESSAGES = "/anthropic/v1/messages"
CHAT = "/openai/v1/chat/completions"
RESPONSES = "/openai/v1/responses"
REGION = "us-east-1"
SECRET_KEY = "testing-secret"
VERSION = {"anthropic-version": "2023-06-01"}
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n rest").decode()


class Known(CredentialProvider):  # type: ignore[misc]  # botocore is not typed
    def load(self) -> Credentials:
        return Credentials("AKIDEXAMPLE", SECRET_KEY)


def api_key() -> str:
    return str(provide_token(region=REGION, aws_credentials_provider=Known()))


def api_key_made(*, ago: timedelta, life_s: int = 600) -> str:
    """An API key as AWS's generator makes it, but at another time."""
    request = AWSRequest("POST", "https://bedrock.amazonaws.com/", params={"Action": "CallWithBearerToken"})
    signer = SigV4QueryAuth(Known().load(), "bedrock", REGION, expires=life_s)
    signer.add_auth(request)
    date = (datetime.now(UTC) - ago).strftime("%Y%m%dT%H%M%SZ")
    url = request.url.replace(request.context["timestamp"], date).removeprefix("https://") + "&Version=1"
    return "bedrock-api-key-" + base64.b64encode(url.encode()).decode()


def bearer(**headers: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {api_key()}", **headers}


def boto(url: str, *, secret_key: str = SECRET_KEY) -> Any:
    return boto3.client(
        "bedrock-runtime",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key=secret_key,
        config=Config(retries={"max_attempts": 1}, read_timeout=5),
    )


def openai_client(url: str) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{url}/openai/v1", api_key=api_key(), max_retries=0)


def anthropic_client(url: str) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(
        base_url=f"{url}/anthropic", auth_token=api_key(), api_key=None, max_retries=0, default_headers=VERSION
    )


async def post(url: str, path: str, body: Any, **headers: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, JSON body and headers of one authentic request."""
    async with aiohttp.ClientSession(url) as session:
        response = await session.post(path, json=body, headers=bearer(**{**VERSION, **headers}))
        return response.status, await response.json(), dict(response.headers)


def converse_body(*content: Any, **members: Any) -> dict[str, Any]:
    """A Converse request of one user message."""
    return {"messages": [{"role": "user", "content": [*(content or ({"text": "hello"},))]}], **members}


def messages_body(text: Any = "hello", **members: Any) -> dict[str, Any]:
    return {"model": CLAUDE, "max_tokens": 4000, "messages": [{"role": "user", "content": text}], **members}


def chat_body(text: Any = "hello", **members: Any) -> dict[str, Any]:
    return {"model": GPT_OSS, "messages": [{"role": "user", "content": text}], **members}


def converse_tool(name: str = "add") -> dict[str, Any]:
    return {"toolSpec": {"name": name, "inputSchema": {"json": {"type": "object"}}}}


def messages_tool(name: str = "add") -> dict[str, Any]:
    return {"name": name, "input_schema": {"type": "object"}}


def chat_tool(name: str = "add") -> Any:
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}


STREAMS: dict[str, Any] = {
    f"{CONVERSE}-stream": converse_body(),
    MESSAGES: messages_body(stream=True),
    CHAT: chat_body(stream=True),
}
WHOLE: dict[str, Any] = {CONVERSE: converse_body(), MESSAGES: messages_body(), CHAT: chat_body()}
ENDINGS = {f"{CONVERSE}-stream": b"metadata", MESSAGES: b"message_stop", CHAT: b"[DONE]"}
FRAMES = f"{CONVERSE}-stream"


@asynccontextmanager
async def asking(stand_in: BedrockStandIn, path: str, body: Any) -> AsyncIterator[aiohttp.ClientResponse]:
    async with (
        aiohttp.ClientSession(stand_in.url) as session,
        session.post(path, json=body, headers=bearer(**VERSION)) as response,
    ):
        yield response


async def read(stand_in: BedrockStandIn, path: str, body: Any) -> bytes:
    async with asking(stand_in, path, body) as response:
        assert response.status == 200
        return await response.read()


def events(stream: bytes) -> list[bytes]:
    """The events of a text stream."""
    return [event for event in stream.split(b"\n\n") if event]


def frames(stream: bytes) -> list[Any]:
    """botocore's reading of a frame stream: headers and payload of each frame."""
    buffer = EventStreamBuffer()
    buffer.add_data(stream)
    return [(frame.headers, frame.payload) for frame in buffer]


def count(path: str, stream: bytes) -> int:
    return len(frames(stream) if path == FRAMES else events(stream))
