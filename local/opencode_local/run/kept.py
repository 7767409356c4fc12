"""What outlives a run with KEEP=1: the items of its tables, its people, and the key that was shown.

Resources are known by their names in the program: what AWS calls them is new in each run.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from opencode_components.testing import Graph
from opencode_local.provider.aws import Account
from opencode_local.run import kept_people

TABLE, POOL = "aws:dynamodb/table:Table", "aws:cognito/userPool:UserPool"
SAVE_EVERY_S = 30
"""A run that is killed loses no more than this."""
BATCH = 25
"""DynamoDB's limit for BatchWriteItem."""


class Kept:
    """A folder of JSON files, readable by its owner alone."""

    def __init__(self, folder: Path, account: Account, region: str) -> None:
        self._folder = folder
        self._dynamodb = account.client("dynamodb", region)
        self._cognito = account.client("cognito-idp", region)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def save(self, graph: Graph) -> None:
        for table in graph.all(TABLE):
            pages = self._dynamodb.get_paginator("scan").paginate(TableName=table.id, ConsistentRead=True)
            self.write(table.name, [item for page in pages for item in page["Items"]])
        for pool in graph.all(POOL):
            self.write(pool.name, kept_people.everyone(self._cognito, str(pool.id)))

    def restore(self, graph: Graph) -> None:
        """Raises botocore's ClientError when a table has other keys than it had."""
        for table in graph.all(TABLE):
            for batch in batches(self.read(table.name)):
                puts = [{"PutRequest": {"Item": item}} for item in batch]
                self._dynamodb.batch_write_item(RequestItems={table.id: puts})
        for pool in graph.all(POOL):
            kept_people.invite(self._cognito, str(pool.id), self.read(pool.name))

    @asynccontextmanager
    async def saving(self, graph: Graph) -> AsyncIterator[None]:
        """While it is open, what has changed is saved every so often, and at the end."""
        saving = asyncio.create_task(self._save_for_ever(graph))
        try:
            yield
        finally:
            saving.cancel()
            await asyncio.gather(saving, return_exceptions=True)
            await asyncio.to_thread(self.save, graph)

    async def _save_for_ever(self, graph: Graph) -> None:
        while True:
            await asyncio.sleep(SAVE_EVERY_S)
            await asyncio.to_thread(self.save, graph)

    def write(self, name: str, content: Any) -> None:
        """Whole or not at all."""
        file = self._folder / f"{name}.json"
        part = file.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_text(json.dumps(content, default=as_text))
        part.replace(file)

    def read(self, name: str) -> Any:
        """An empty list for what was never written."""
        file = self._folder / f"{name}.json"
        return json.loads(file.read_text(), object_hook=with_bytes) if file.is_file() else []


def batches(items: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))


def as_text(binary: bytes) -> str:
    return base64.b64encode(binary).decode()


def with_bytes(value: dict[str, Any]) -> dict[str, Any]:
    """DynamoDB's binary values, `{"B": ...}` and `{"BS": [...]}`, are bytes to its client."""
    match value:
        case {"B": str(text)}:
            return {"B": base64.b64decode(text)}
        case {"BS": list(texts)}:
            return {"BS": [base64.b64decode(text) for text in texts]}
        case _:
            return value
