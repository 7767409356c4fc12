"""One version of a service on its way: how many tasks may start and stop now, and when it has failed.

Sources: Amazon ECS API reference, "DeploymentConfiguration" and "DeploymentCircuitBreaker"; ECS developer guide,
"Deploy Amazon ECS services by replacing tasks", "How the Amazon ECS deployment circuit breaker detects failures" and
"Amazon ECS service throttle logic" (read 2026-11-21).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

from opencode_local.containers.definition import TaskDefinition

RolloutState = Literal["IN_PROGRESS", "COMPLETED", "FAILED"]
MIN_THRESHOLD, MAX_THRESHOLD = 3, 200
THRESHOLD_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """How a service's tasks are replaced."""

    minimum_healthy_percent: int = 100
    maximum_percent: int = 200
    has_circuit_breaker: bool = False
    rolls_back: bool = False

    def least(self, desired: int) -> int:
        """Healthy tasks that must remain; rounded up."""
        return math.ceil(desired * self.minimum_healthy_percent / 100)

    def most(self, desired: int) -> int:
        """PENDING and RUNNING tasks that there may be; rounded down."""
        return math.floor(desired * self.maximum_percent / 100)


def declared(properties: Mapping[str, Any]) -> Configuration:
    """Of an `aws:ecs/service:Service`."""
    breaker = properties.get("deploymentCircuitBreaker")
    return _configuration(
        properties.get("deploymentMinimumHealthyPercent"), properties.get("deploymentMaximumPercent"), breaker
    )


def described(service: Mapping[str, Any]) -> Configuration:
    """Of a service of DescribeServices."""
    known = service.get("deploymentConfiguration") or {}
    return _configuration(
        known.get("minimumHealthyPercent"), known.get("maximumPercent"), known.get("deploymentCircuitBreaker")
    )


def _configuration(least: int | None, most: int | None, breaker: Mapping[str, Any] | None) -> Configuration:
    return Configuration(
        minimum_healthy_percent=100 if least is None else int(least),
        maximum_percent=200 if most is None else int(most),
        has_circuit_breaker=bool((breaker or {}).get("enable")),
        rolls_back=bool((breaker or {}).get("rollback")),
    )


@dataclass(slots=True, kw_only=True)
class Deployment:
    """Tasks of one version, from when it was asked for."""

    definition: TaskDefinition
    id: str = field(default_factory=lambda: f"ecs-svc/{uuid4().int % 10**19:019}")
    rollout_state: RolloutState = "IN_PROGRESS"
    failures: int = 0
    """Tasks in a row that have not become healthy."""
    last_reason: str = ""
    """Why the last of them stopped."""
    next_start: float = 0.0
    """Not before, by the loop's clock."""

    def threshold(self, desired: int) -> int:
        """Failures at which the circuit breaker opens; half of the desired tasks, rounded up."""
        return min(max(math.ceil(desired * THRESHOLD_SHARE), MIN_THRESHOLD), MAX_THRESHOLD)

    def task_failed(self, reason: str, *, now: float, first_retry_s: float, last_retry_s: float) -> None:
        """The next start waits twice as long as the last one did.

        On Fargate only tasks that never reach RUNNING wait: a task takes half a minute to get there. Here it takes
        milliseconds, and one that ends at once would otherwise be started again without a pause.
        """
        self.failures += 1
        self.last_reason = reason
        self.next_start = now + min(first_retry_s * 2.0 ** min(self.failures - 1, 32), last_retry_s)

    def task_became_healthy(self) -> None:
        """Failures are counted in a row: `resetOnHealthyTask` is true where it is not declared."""
        self.failures = 0
        self.next_start = 0.0


@dataclass(frozen=True, slots=True)
class Tally:
    """Live tasks, by what is to become of them."""

    current: int
    """Of the primary deployment, and not found unhealthy."""
    current_healthy: int
    outgoing_healthy: int
    """Of older deployments, and well."""
    outgoing_unhealthy: int
    """Of older deployments and not (yet) well, or found unhealthy."""


@dataclass(frozen=True, slots=True)
class Step:
    """What may be done now."""

    start: int = 0
    stop_unhealthy: int = 0
    stop_healthy: int = 0
    stop_current: int = 0
    """Tasks of the primary deployment that are too many."""


def step(desired: int, tally: Tally, configuration: Configuration) -> Step:
    """Replacements start first, as far as the maximum allows; what they replace stops as they become healthy.

    Where the maximum leaves no room for all replacements, healthy tasks stop down to the minimum, to make room, and
    unhealthy ones at once.
    """
    outgoing = tally.outgoing_healthy + tally.outgoing_unhealthy
    missing = max(0, desired - tally.current)
    room = max(0, configuration.most(desired) - tally.current - outgoing)
    is_roomy = room >= missing
    kept = max(0, (desired if is_roomy else configuration.least(desired)) - tally.current_healthy)
    stop = max(0, outgoing - kept) if is_roomy else tally.outgoing_unhealthy + max(0, tally.outgoing_healthy - kept)
    stop_unhealthy = min(stop, tally.outgoing_unhealthy)
    return Step(
        start=min(missing, room),
        stop_unhealthy=stop_unhealthy,
        stop_healthy=stop - stop_unhealthy,
        stop_current=max(0, tally.current - desired),
    )
