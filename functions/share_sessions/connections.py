"""Who watches which share: API Gateway's connections, in the table of shares.

A connection is one entry beside its share, in `connections#<share>`, by which writers find it, and one of its own,
`connection#<id>`, by which its end is found: API Gateway tells of no more than its id when it ends. Neither is in the
share's own partition: who writes them writes nothing of any share.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from served_site.aws_clients import storage_errors

PARTITION = "connections#"
"""Before the id of the share that they watch."""
PREFIX = "connection#"
POINTER = "connection"
"""The entry under the connection's own key."""
LIFE_S = 2 * 60 * 60
"""API Gateway ends every connection then.

Source: API Gateway developer guide, "Quotas for configuring and running a WebSocket API" (read 2026-11-21).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    id: str
    made_s: int
    """Since the epoch."""
    access: str
    """`access_text` of the share for which it was let in."""


class Connections:
    """Raises StorageUnavailable whenever DynamoDB refuses or does not answer."""

    def __init__(self, client: Any, table: str, clock: Callable[[], float]) -> None:
        """`client` is boto3's of DynamoDB."""
        self._client, self._table, self._clock = client, table, clock

    def add(self, share_id: str, connection_id: str, *, access: str, share_ends_s: int) -> None:
        """For as long as both last, the share and API Gateway's patience."""
        now_s = int(self._clock())
        ttl = {"N": str(min(now_s + LIFE_S, share_ends_s))}
        pointer = {"share": {"S": PREFIX + connection_id}, "entry": {"S": POINTER}, "of": {"S": share_id}, "ttl": ttl}
        about = {"access": {"S": access}, "made_s": {"N": str(now_s)}, "ttl": ttl}
        entry = {**key(share_id, connection_id), **about}
        with storage_errors():
            for item in (pointer, entry):
                self._client.put_item(TableName=self._table, Item=item)

    def end(self, connection_id: str) -> None:
        """Of an unknown one, too: API Gateway may tell of an end twice, or of a connection that was dropped."""
        pointer = {"share": {"S": PREFIX + connection_id}, "entry": {"S": POINTER}}
        with storage_errors():
            gone = self._client.delete_item(TableName=self._table, Key=pointer, ReturnValues="ALL_OLD")
        if share := gone.get("Attributes", {}).get("of"):
            self.drop(share["S"], connection_id)

    def drop(self, share_id: str, connection_id: str) -> None:
        """Nothing is written to it any more."""
        with storage_errors():
            self._client.delete_item(TableName=self._table, Key=key(share_id, connection_id))

    def of(self, share_id: str) -> Iterator[Connection]:
        """Those whose time is not up."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="#share = :share AND begins_with(#entry, :prefix)",
            FilterExpression="#ttl > :now",
            ExpressionAttributeNames={"#share": "share", "#entry": "entry", "#ttl": "ttl"},
            ExpressionAttributeValues={
                ":share": {"S": partition(share_id)},
                ":prefix": {"S": PREFIX},
                ":now": {"N": str(int(self._clock()))},
            },
        )
        with storage_errors():
            for page in pages:
                for item in page["Items"]:
                    yield Connection(
                        id=item["entry"]["S"].removeprefix(PREFIX),
                        made_s=int(item["made_s"]["N"]),
                        access=item["access"]["S"],
                    )


def key(share_id: str, connection_id: str) -> dict[str, dict[str, str]]:
    return {"share": {"S": partition(share_id)}, "entry": {"S": PREFIX + connection_id}}


def partition(share_id: str) -> str:
    return PARTITION + share_id
