"""The AWS that handlers call: boto3 clients of the embedded AWS, each call first held against the service model."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.model import ServiceModel

from opencode_local.provider.errors import AwsError, code_of
from opencode_local.provider.request_rules import failures
from opencode_local.provider.store import Store

ACCOUNT_ID = "123456789012"  # the account of whoever calls the embedded AWS without having assumed a role
REGION = "us-east-1"
TIMEOUT_S = 30
REFUSAL_CODE = "ValidationException"


@dataclass
class Account:
    """One account behind one endpoint: credentials, and what its regions hold that the embedded AWS does not.

    Accounts are apart there: each test can have its own and finds it empty.
    """

    url: str
    account_id: str = ACCOUNT_ID
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    _stores: dict[str, Store] = field(default_factory=dict)
    _credentials: dict[str, str] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def client(self, service: str, region: str) -> Any:
        """A plain boto3 client, unchecked: for looking at what is there."""
        with self._lock:
            if (service, region) not in self._clients:
                self._clients[service, region] = _client(self.url, service, region, self.credentials())
            return self._clients[service, region]

    def store(self, region: str) -> Store:
        with self._lock:
            return self._stores.setdefault(region, Store())

    def credentials(self) -> Mapping[str, str]:
        """What boto3 signs with: keys that the embedded AWS takes for this account's."""
        if not self._credentials:
            first = {"aws_access_key_id": "AKIALOCALGATEWAY", "aws_secret_access_key": "local-gateway"}
            self._credentials.update(first if self.account_id == ACCOUNT_ID else self._assumed(first))
        return self._credentials

    def _assumed(self, first: Mapping[str, str]) -> Mapping[str, str]:
        role = f"arn:aws:iam::{self.account_id}:role/local-provider"
        sts = _client(self.url, "sts", REGION, first)
        session = sts.assume_role(RoleArn=role, RoleSessionName="local-provider")["Credentials"]
        return {
            "aws_access_key_id": session["AccessKeyId"],
            "aws_secret_access_key": session["SecretAccessKey"],
            "aws_session_token": session["SessionToken"],
        }


class Aws:
    """One account seen from one region."""

    def __init__(self, account: Account, region: str = REGION, default_tags: Mapping[str, str] | None = None) -> None:
        self.account = account
        self.region = region
        self.default_tags = dict(default_tags or {})
        self.partition = "aws"

    @property
    def account_id(self) -> str:
        return self.account.account_id

    @property
    def store(self) -> Store:
        """Documents of the region for what the embedded AWS has no API for."""
        return self.account.store(self.region)

    def at(self, region: str) -> "Aws":
        """The same account seen from another region."""
        return self if region == self.region else Aws(self.account, region, self.default_tags)

    def client(self, service: str) -> Any:
        """A boto3 client whose every call is first validated by the service model: see `validate`."""
        return CheckedClient(self.account.client(service, self.region))

    def validate(self, service: str, operation: str, **params: Any) -> None:
        """Raises AwsError ValidationException when `params` are no request of e.g. ("ec2", "CreateVpc").

        For what we keep in the store because the embedded AWS lacks the call.
        """
        refuse_invalid(self.account.client(service, self.region).meta.service_model, operation, params)

    def arn(self, service: str, resource: str) -> str:
        """`arn:aws:<service>:<region>:<account>:<resource>`."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"


class CheckedClient:
    """Attribute access gives the client's own methods, with the request checked before it is sent."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, method: str) -> Any:
        call = getattr(self._client, method)
        operation = self._client.meta.method_to_api_mapping.get(method)
        if operation is None:
            return call
        return _checked(call, self._client.meta.service_model, operation)


def _checked(call: Callable[..., Any], model: ServiceModel, operation: str) -> Callable[..., Any]:
    def checked(**params: Any) -> Any:
        refuse_invalid(model, operation, params)
        return call(**params)

    return checked


def refuse_invalid(model: ServiceModel, operation: str, params: Mapping[str, Any]) -> None:
    """Raises AwsError worded as AWS words failed constraints."""
    found = list(failures(model.operation_model(operation), params))
    if found:
        plural = "s" if len(found) > 1 else ""
        message = f"{len(found)} validation error{plural} detected: {'; '.join(found)}"
        raise AwsError(REFUSAL_CODE, message, operation)


def found(call: Callable[..., Any], *codes: str, **params: Any) -> Any | None:
    """The call's answer; None when AWS answers with one of the `codes` that say it is not there."""
    try:
        return call(**params)
    except (ClientError, AwsError) as error:
        if code_of(error) in codes:
            return None
        raise


def _client(url: str, service: str, region: str, credentials: Mapping[str, str]) -> Any:
    config = Config(retries={"total_max_attempts": 1}, read_timeout=TIMEOUT_S, max_pool_connections=32)
    return boto3.client(service, region_name=region, endpoint_url=url, config=config, **credentials)
