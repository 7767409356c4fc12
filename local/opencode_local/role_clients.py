"""Clients of the AWS endpoint that act for a role, as ECS and Lambda do for a task or a function."""

import threading
from typing import Any

import boto3
from botocore.config import Config

from opencode_local.access.session import Session

TIMEOUT_S = 10
ATTEMPTS = 2
"""ECS says that it has retried once before it gives up."""


class RoleClients:
    """One client for each role, service and region; made again when the role's session is another."""

    def __init__(self, endpoint_url: str) -> None:
        self._endpoint_url = endpoint_url
        self._boto = boto3.Session()
        self._known: dict[tuple[str, str, str], tuple[str, Any]] = {}
        self._lock = threading.Lock()

    def client(self, service: str, region: str, session: Session) -> Any:
        """May take some time: not for an event loop's thread."""
        place = (service, region, session.role_arn)
        with self._lock:
            key_id, client = self._known.get(place, ("", None))
            if key_id != session.access_key_id:
                if client is not None:
                    client.close()
                client = self._made(service, region, session)
                self._known[place] = (session.access_key_id, client)
            return client

    def close(self) -> None:
        with self._lock:
            for _, client in self._known.values():
                client.close()
            self._known.clear()

    def _made(self, service: str, region: str, session: Session) -> Any:
        return self._boto.client(
            service,
            region_name=region,
            endpoint_url=self._endpoint_url,
            aws_access_key_id=session.access_key_id,
            aws_secret_access_key=session.secret_access_key,
            aws_session_token=session.session_token,
            config=Config(retries={"total_max_attempts": ATTEMPTS}, connect_timeout=TIMEOUT_S, read_timeout=TIMEOUT_S),
        )
