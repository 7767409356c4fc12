"""What AWS says of a service, for as long as it runs: any client may change it there."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opencode_local.containers.definition import TaskDefinition, described
from opencode_local.containers.deployment import Configuration
from opencode_local.containers.deployment import described as configuration_of
from opencode_local.provider.aws import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One look at the service."""

    desired_count: int
    definition: str
    """ARN, or `family:revision` if a client named it so."""
    deployment_id: str
    """Another one after `forceNewDeployment`."""
    configuration: Configuration
    grace_s: float


class DescribedService:
    """One service in the embedded AWS, seen with the account's own rights. Nothing here blocks the event loop."""

    def __init__(self, account: Account, arn: str) -> None:
        region, self._cluster = arn.split(":")[3], arn.split("/")[-2]
        self._arn = arn
        self._account, self._region = account, region

    async def look(self) -> Seen | None:
        """None when the service is no longer there."""
        answer = await self._ask("describe_services", cluster=self._cluster, services=[self._arn])
        service = next((each for each in answer["services"] if each["status"] == "ACTIVE"), None)
        if service is None:
            return None
        deployments = service.get("deployments") or [{}]
        return Seen(
            desired_count=int(service["desiredCount"]),
            definition=service["taskDefinition"],
            deployment_id=deployments[0].get("id", ""),
            configuration=configuration_of(service),
            grace_s=float(service.get("healthCheckGracePeriodSeconds") or 0),
        )

    async def update(self, **changes: Any) -> None:
        """UpdateService with those members."""
        await self._ask("update_service", cluster=self._cluster, service=self._arn, **changes)

    async def definition(self, name: str) -> TaskDefinition:
        """Raises Unsupported."""
        answer = await self._ask("describe_task_definition", taskDefinition=name)
        return described(answer["taskDefinition"])

    async def _ask(self, method: str, **params: Any) -> Mapping[str, Any]:
        def call() -> Mapping[str, Any]:
            answer: Mapping[str, Any] = getattr(self._account.client("ecs", self._region), method)(**params)
            return answer

        return await asyncio.to_thread(call)
