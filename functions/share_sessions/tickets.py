"""Tickets to watch a share: whoever has one may open one connection within 60 s.

Browsers send no header of ours when they open a WebSocket, and its host is not that of the sign-in: so the page gets a
ticket where its reader's right to see the share was checked, and hands it over in the address. A ticket is the share's
id and 160 random bits; the table knows only its SHA-256. It holds for the share as it was visible when it was written.
Tickets have a partition of their own beside each share's: who writes them writes nothing else.
"""

import hashlib
import json
import re
import secrets
from base64 import b32encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from served_site.aws_clients import storage_errors
from served_site.problems import Problem, StorageUnavailable
from share_sessions.shares import Share, written

LIFE_S = 60
SECRET_BYTES = 20
TICKET = re.compile(r"(?P<share>[a-z2-7]{32})[.][a-z2-7]{32}")
PARTITION = "tickets#"
"""Before the id of their share."""
PREFIX = "ticket#"


class NoTicket(Problem):
    """It is none, or none of this share, or was used, or its time is up: nobody is told which."""

    status = 403
    code = "forbidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    share_id: str
    access: str
    """`access_text` of the share as it was."""
    share_ends_s: int
    """Since the epoch, when the share did."""


class Tickets:
    """Raises StorageUnavailable whenever DynamoDB refuses or does not answer."""

    def __init__(self, client: Any, table: str, clock: Callable[[], float]) -> None:
        """`client` is boto3's of DynamoDB."""
        self._client, self._table, self._clock = client, table, clock

    def mint(self, share: Share) -> str:
        ticket = f"{share.id}.{b32encode(secrets.token_bytes(SECRET_BYTES)).decode().lower()}"
        ends_s = int(self._clock()) + LIFE_S
        item = {
            **key(share.id, ticket),
            "access": {"S": access_text(share)},
            "share_ends_s": {"N": str(int(share.expires_at.timestamp()))},
            "ends_s": {"N": str(ends_s)},
            "ttl": {"N": str(ends_s)},
        }
        with storage_errors():
            self._client.put_item(TableName=self._table, Item=item)
        return ticket

    def redeem(self, ticket: str) -> Redeemed:
        """Once: the entry goes with the same request that finds it. Raises NoTicket."""
        found = TICKET.fullmatch(ticket)
        if found is None:
            raise NoTicket
        try:
            with storage_errors():
                gone = self._client.delete_item(
                    TableName=self._table,
                    Key=key(found["share"], ticket),
                    ConditionExpression="#ends_s > :now",
                    ExpressionAttributeNames={"#ends_s": "ends_s"},
                    ExpressionAttributeValues={":now": {"N": str(int(self._clock()))}},
                    ReturnValues="ALL_OLD",
                )
        except StorageUnavailable as error:
            if str(error) == "ConditionalCheckFailedException":
                raise NoTicket from error
            raise
        known = gone["Attributes"]
        return Redeemed(
            share_id=found["share"], access=known["access"]["S"], share_ends_s=int(known["share_ends_s"]["N"])
        )


def key(share_id: str, ticket: str) -> dict[str, dict[str, str]]:
    return {"share": {"S": partition(share_id)}, "entry": {"S": PREFIX + hashlib.sha256(ticket.encode()).hexdigest()}}


def partition(share_id: str) -> str:
    return PARTITION + share_id


def access_text(share: Share) -> str:
    """One for each way in which a share may be seen, and its end: tickets and connections from before are outdated."""
    about = [share.visibility, sorted(share.people), written(share.expires_at)]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()
