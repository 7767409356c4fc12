"""The tables that the router writes."""

from typing import NamedTuple, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

EXPIRY_ATTRIBUTE = "ttl"
"""Unix time in seconds after which DynamoDB removes an item."""


class Index(NamedTuple):
    """A global secondary index with all attributes."""

    name: str
    hash_key: str
    range_key: str


class Schema(NamedTuple):
    """Keys of a table. All of them are strings."""

    hash_key: str
    range_key: str | None = None
    indexes: tuple[Index, ...] = ()


KEYS = Schema("key_hash", indexes=(Index("user-sub-index", "user_sub", "created_at"),))
"""Personal API keys by their hash; a caller's own by subject."""
USAGE = Schema("request_id", indexes=(Index("caller-index", "caller", "started_at"),))
"""What each request used; a caller's own in order of time."""
COUNTERS = Schema("subject", "window")
"""What a subject (a caller, key or team) has spent in a window of time."""


class RecordsArgs(TypedDict):
    """What Records is made from."""

    deletion_protection: NotRequired[bool]
    """Whether AWS and the engine refuse to delete the tables. Plain. Default true."""
    kms_key_arn: NotRequired[Input[str]]
    """Customer managed KMS key that encrypts the tables. Default the key that DynamoDB owns."""


class Records(pulumi.ComponentResource):
    """The router's tables: paid by request, restorable to any second of the last 35 days, old items removed."""

    keys_table_name: Output[str]
    """Table of personal API keys."""
    keys_table_arn: Output[str]
    """ARN of the table of personal API keys."""
    usage_table_name: Output[str]
    """Table of what each request used."""
    usage_table_arn: Output[str]
    """ARN of the table of what each request used."""
    counters_table_name: Output[str]
    """Table of what is spent per subject and window."""
    counters_table_arn: Output[str]
    """ARN of the table of what is spent per subject and window."""

    def __init__(self, name: str, args: RecordsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("opencode_components:index:Records", name, {**args}, opts)
        of_self = ResourceOptions(parent=self)
        is_protected = args.get("deletion_protection", True)
        # Unset rather than False: protection of the component as a whole must still reach its tables.
        guarded = ResourceOptions.merge(of_self, ResourceOptions(protect=is_protected or None))
        encryption = server_side_encryption(args.get("kms_key_arn"))

        keys = table(f"{name}-keys", KEYS, encryption, guarded)
        usage = table(f"{name}-usage", USAGE, encryption, guarded)
        counters = table(f"{name}-counters", COUNTERS, encryption, guarded)

        self.keys_table_name, self.keys_table_arn = keys.name, keys.arn
        self.usage_table_name, self.usage_table_arn = usage.name, usage.arn
        self.counters_table_name, self.counters_table_arn = counters.name, counters.arn
        self.register_outputs(
            {
                "keys_table_name": self.keys_table_name,
                "keys_table_arn": self.keys_table_arn,
                "usage_table_name": self.usage_table_name,
                "usage_table_arn": self.usage_table_arn,
                "counters_table_name": self.counters_table_name,
                "counters_table_arn": self.counters_table_arn,
            }
        )


def table(
    name: str,
    schema: Schema,
    encryption: aws.dynamodb.TableServerSideEncryptionArgsDict | None,
    opts: ResourceOptions,
    *,
    is_recoverable: bool = True,
) -> aws.dynamodb.Table:
    """A table of `schema`. Whether the engine protects it decides whether AWS does.

    One that `is_recoverable` can be restored to any second of the last 35 days, with all that was deleted since.
    """
    return aws.dynamodb.Table(
        name,
        billing_mode="PAY_PER_REQUEST",
        hash_key=schema.hash_key,
        range_key=schema.range_key,
        attributes=[{"name": key, "type": "S"} for key in key_attributes(schema)],
        global_secondary_indexes=[global_secondary_index(index) for index in schema.indexes] or None,
        ttl={"attribute_name": EXPIRY_ATTRIBUTE, "enabled": True},
        point_in_time_recovery={"enabled": is_recoverable},
        server_side_encryption=encryption,
        deletion_protection_enabled=bool(opts.protect),
        opts=opts,
    )


def key_attributes(schema: Schema) -> list[str]:
    """The attributes that DynamoDB wants declared: those that are part of a key, once each."""
    keys = [schema.hash_key, schema.range_key, *(key for index in schema.indexes for key in index[1:])]
    return [key for key in dict.fromkeys(keys) if key]


def global_secondary_index(index: Index) -> aws.dynamodb.TableGlobalSecondaryIndexArgsDict:
    return {
        "name": index.name,
        "key_schemas": [
            {"attribute_name": index.hash_key, "key_type": "HASH"},
            {"attribute_name": index.range_key, "key_type": "RANGE"},
        ],
        "projection_type": "ALL",
    }


def server_side_encryption(
    kms_key_arn: Input[str] | None,
) -> aws.dynamodb.TableServerSideEncryptionArgsDict | None:
    """The customer's key. Without one there is nothing to say: DynamoDB encrypts every table with a key it owns."""
    return None if kms_key_arn is None else {"enabled": True, "kms_key_arn": kms_key_arn}
