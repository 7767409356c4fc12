"""The embedded AWS: moto's server on loopback, with nothing in it yet."""

import logging
import os
from typing import Any

import boto3

from opencode_local.aws_server import AwsServer, services

REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIALOCALGATEWAY", "AWS_SECRET_ACCESS_KEY": "local-gateway"}


class EmbeddedAws:
    """Runs in a thread of its own. Its data ends with it. Whoever calls it is an administrator."""

    def __init__(self, region: str = REGION) -> None:
        self.region = region
        self._server = AwsServer(services())
        self.url = ""

    def start(self) -> str:
        """The endpoint of all services."""
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")  # nobody here starts from a machine image
        self.url = self._server.start()
        return self.url

    def stop(self) -> None:
        self._server.stop()

    def dynamodb(self) -> Any:
        return boto3.client(
            "dynamodb",
            region_name=self.region,
            endpoint_url=self.url,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )
