"""The table of usage records in DynamoDB; needs `dynamodb:BatchWriteItem` on it.

Requests are written and signed here: in botocore, the checks of a shape that never varies would take longer than all
the rest of a model request. Source: DynamoDB API reference, "BatchWriteItem" and "Low-level API" (read 2026-11-21).
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
from aiobotocore.credentials import AioCredentials
from aiohttp import ClientSession, ClientTimeout
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from msgspec import Raw, Struct

MAX_BATCH = 25
"""DynamoDB's limit for BatchWriteItem."""
TIMEOUT = ClientTimeout(total=10, connect=2)
API_VERSION = "DynamoDB_20120810"


class TableRefused(Exception):
    """DynamoDB refused a call; its own word for the reason."""


class Key(Struct):
    request_id: dict[str, str]


class Put(Struct, rename="pascal"):
    item: Key


class Write(Struct, rename="pascal"):
    put_request: Put


class Reply(Struct, rename="pascal"):
    unprocessed_items: dict[str, list[Write]] = {}


class Entry(NamedTuple):
    """A record as it waits to be written: its item is encoded once, when there is time for one."""

    request_id: str
    item: Raw


class UsageTable:
    """Puts records; putting one twice changes nothing, since its key is the request id."""

    def __init__(self, *, name: str, url: str, region: str, credentials: AioCredentials | None) -> None:
        self.name = name
        self._url = url
        self._region = region
        self._credentials = credentials
        self._session = ClientSession(timeout=TIMEOUT)

    async def close(self) -> None:
        await self._session.close()

    async def put(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Those of at most MAX_BATCH entries that DynamoDB had no capacity for.

        Raises what `call` raises.
        """
        puts = [{"PutRequest": {"Item": entry.item}} for entry in entries]
        reply = await self.call("BatchWriteItem", {"RequestItems": {self.name: puts}})
        refused = msgspec.json.decode(reply, type=Reply).unprocessed_items.get(self.name, ())
        keys = {write.put_request.item.request_id["S"] for write in refused}
        return [entry for entry in entries if entry.request_id in keys]

    async def call(self, operation: str, request: Mapping[str, object]) -> bytes:
        """The answer, as JSON, to one request of DynamoDB's API.

        Raises TableRefused, aiohttp's ClientError, TimeoutError, or what botocore raises when it has no credentials.
        """
        body = msgspec.json.encode(request)
        headers = await self._signed(operation, body)
        await asyncio.sleep(0)  # requests that came meanwhile go first
        async with self._session.post(self._url, data=body, headers=headers) as response:
            reply = await response.read()
            if response.status != 200:
                raise TableRefused(f"{response.status} {reply[:200].decode(errors='replace')}")
        return reply

    async def _signed(self, operation: str, body: bytes) -> Mapping[str, str]:
        if self._credentials is None:
            raise TableRefused("there are no AWS credentials")
        credentials = await self._credentials.get_frozen_credentials()
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"{API_VERSION}.{operation}"}
        request = AWSRequest(method="POST", url=self._url, data=body, headers=headers)
        SigV4Auth(credentials, "dynamodb", self._region).add_auth(request)
        return dict(request.headers.items())
