"""The embedded AWS: DynamoDB and STS of moto on loopback, with the router's tables."""

import logging
import os
from collections.abc import Mapping
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIALOCALGATEWAY", "AWS_SECRET_ACCESS_KEY": "local-gateway"}
KEYS_TABLE = "gateway-keys"
USAGE_TABLE = "gateway-usage"


class EmbeddedAws:
    """Runs in a thread of its own. Its data ends with it."""

    def __init__(self, region: str = REGION) -> None:
        self.region = region
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.url = ""

    def start(self) -> str:
        """The endpoint of all services, with the router's tables in place."""
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")  # nobody here starts from a machine image
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        create_tables(self.dynamodb())
        return self.url

    def stop(self) -> None:
        self._server.stop()

    def credentials(self) -> Mapping[str, str]:
        """Environment variables with which an AWS SDK signs here; never looked up elsewhere."""
        return {**CREDENTIALS, "AWS_EC2_METADATA_DISABLED": "true"}

    def dynamodb(self) -> Any:
        return boto3.client(
            "dynamodb",
            region_name=self.region,
            endpoint_url=self.url,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )


def create_tables(dynamodb: Any) -> None:
    dynamodb.create_table(
        TableName=KEYS_TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=attributes("key_hash", "user_sub", "created_at"),
        KeySchema=[{"AttributeName": "key_hash", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[index("user-sub-index", "user_sub", "created_at")],
    )
    dynamodb.create_table(
        TableName=USAGE_TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=attributes("request_id", "caller", "started_at"),
        KeySchema=[{"AttributeName": "request_id", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[index("caller-index", "caller", "started_at")],
    )


def attributes(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def index(name: str, partition: str, sort: str) -> dict[str, Any]:
    keys = [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]
    return {"IndexName": name, "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}
