"""The table of usage records in DynamoDB; needs `dynamodb:BatchWriteItem` on it.

The request is written and signed here: in botocore, the checks of a shape that never varies would take longer than all
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
HEADERS = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.BatchWriteItem"}


class NotWritten(Exception):
    """DynamoDB refused a batch; its own word for the reason."""


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
        self._name = name
        self._url = url
        self._region = region
        self._credentials = credentials
        self._session = ClientSession(timeout=TIMEOUT)

    async def close(self) -> None:
        await self._session.close()

    async def put(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Those of at most MAX_BATCH entries that DynamoDB had no capacity for.

        Raises NotWritten, aiohttp's ClientError, TimeoutError, or what botocore raises when it has no credentials.
        """
        puts = [{"PutRequest": {"Item": entry.item}} for entry in entries]
        body = msgspec.json.encode({"RequestItems": {self._name: puts}})
        headers = await self._signed(body)
        await asyncio.sleep(0)  # requests that came meanwhile go first
        async with self._session.post(self._url, data=body, headers=headers) as response:
            reply = await response.read()
            if response.status != 200:
                raise NotWritten(f"{response.status} {reply[:200].decode(errors='replace')}")
        refused = msgspec.json.decode(reply, type=Reply).unprocessed_items.get(self._name, ())
        keys = {write.put_request.item.request_id["S"] for write in refused}
        return [entry for entry in entries if entry.request_id in keys]

    async def _signed(self, body: bytes) -> Mapping[str, str]:
        if self._credentials is None:
            raise NotWritten("there are no AWS credentials")
        credentials = await self._credentials.get_frozen_credentials()
        request = AWSRequest(method="POST", url=self._url, data=body, headers=HEADERS)
        SigV4Auth(credentials, "dynamodb", self._region).add_auth(request)
        return dict(request.headers.items())
