"""What the functions of shared sessions may do, as policy statements: pure functions.

A transaction is authorised by the actions of its parts: DynamoDB developer guide, "IAM policies for transactions".
Who may write which partitions: the same, "Using IAM policy conditions for fine-grained access control".
What commands on connections need: API Gateway developer guide, "Use IAM authorization" (all read 2026-11-21).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opencode_components.bedrock_policy import Statement
from opencode_components.task_policies import allow, customer_key_statement

OWNER_INDEX = "owner-index"
SNAPSHOTS = "snapshots/"
WRITING = (
    *("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"),
    *("dynamodb:BatchWriteItem", "dynamodb:Query"),
)
READING = ("dynamodb:GetItem", "dynamodb:Query")
TICKETS = ("tickets#*",)
CONNECTIONS = ("connections#*", "connection#*")
"""Partitions of the table that are no share's, whose ids have no such sign."""
KEEPING = ("s3:GetObject", "s3:PutObject", "s3:PutObjectTagging", "s3:DeleteObject", "s3:DeleteObjectVersion")
COMMANDS = ("POST", "DELETE")
"""Writing to a connection, and closing it."""


@dataclass(frozen=True, kw_only=True)
class Stores:
    """What the functions share, by ARN."""

    region: str
    table_arn: str
    bucket_arn: str
    stage_arn: str | None = None
    """Of the API of live connections."""
    kms_key_arn: str | None = None
    """Of the table, if a customer's."""


def writer_statements(stores: Stores) -> list[Statement]:
    """Of the api function: the only one that writes shares, takes them away and tells those who watch."""
    versions = allow("VersionsOfSnapshots", ["s3:ListBucketVersions"], stores.bucket_arn)
    commands = [
        allow(
            f"Live{command.capitalize()}",
            ["execute-api:ManageConnections"],
            f"{stores.stage_arn}/{command}/@connections/*",
        )
        for command in COMMANDS
    ]
    return [
        allow("Shares", WRITING, stores.table_arn),
        allow("SharesOfOwner", ["dynamodb:Query", "dynamodb:Scan"], f"{stores.table_arn}/index/{OWNER_INDEX}"),
        allow("Snapshots", KEEPING, f"{stores.bucket_arn}/{SNAPSHOTS}*"),
        {**versions, "Condition": {"StringLike": {"s3:prefix": f"{SNAPSHOTS}*"}}},
        *commands,
    ]


def reader_statements(stores: Stores) -> list[Statement]:
    """Of the viewer: reads what is shared, and writes a ticket for whoever may watch it."""
    return [
        allow("Shares", READING, stores.table_arn),
        of_partitions(TICKETS, allow("Tickets", ["dynamodb:PutItem"], stores.table_arn)),
        allow("Snapshots", ["s3:GetObject"], f"{stores.bucket_arn}/{SNAPSHOTS}*"),
    ]


def doorkeeper_statements(stores: Stores) -> list[Statement]:
    """Of the function that admits connections: takes tickets, and notes who is connected."""
    writing = ["dynamodb:PutItem", "dynamodb:DeleteItem"]
    return [
        allow("Shares", ["dynamodb:GetItem"], stores.table_arn),
        of_partitions(TICKETS, allow("Tickets", ["dynamodb:DeleteItem"], stores.table_arn)),
        of_partitions(CONNECTIONS, allow("Connections", writing, stores.table_arn)),
    ]


def of_partitions(patterns: Sequence[str], statement: Statement) -> Statement:
    """For entries of these alone. A request that names no partition would pass the first condition by itself.

    Source: IAM user guide, "Single-valued vs. multivalued context keys" (read 2026-11-21).
    """
    named = {"dynamodb:LeadingKeys": list(patterns)}
    return {
        **statement,
        "Condition": {"ForAllValues:StringLike": named, "Null": {"dynamodb:LeadingKeys": "false"}},
    }


def policy(statements: Callable[[Stores], Sequence[Statement]], known: Mapping[str, Any]) -> str:
    """The document, for what Stores is made from; with a customer's key, DynamoDB may use it."""
    stores = Stores(**known)
    own_key = [customer_key_statement(stores.region, stores.kms_key_arn)] if stores.kms_key_arn else []
    return json.dumps({"Version": "2012-10-17", "Statement": [*statements(stores), *own_key]})
