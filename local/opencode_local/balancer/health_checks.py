"""How a load balancer finds out whether its targets are well.

Source: Application Load Balancer user guide, "Health checks for Application Load Balancer target groups" (read
2026-11-21).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from opencode_local.provider.handlers.target_groups import HEALTH_CHECK_DEFAULTS, LAMBDA_HEALTH_CHECK_DEFAULTS

INITIAL_PACE_S = 0.25
"""How often a target that is still `initial` is asked.

The one difference from AWS, which asks at the declared interval from the first: so that a start does not wait for it.
Failures before the first success count at the declared interval all the same.
"""
USER_AGENT = "ELB-HealthChecker/2.0"


@dataclass(frozen=True, slots=True)
class TargetHealth:
    """In AWS's words: `healthy`, or another state and its reason, like `Target.Timeout`, and what that means."""

    state: str
    reason: str = ""
    description: str = ""


HEALTHY = TargetHealth("healthy")
INITIAL = TargetHealth("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
DRAINING = TargetHealth("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
NOT_REGISTERED = TargetHealth("unused", "Target.NotRegistered", "Target is not registered to the target group")
UNCHECKED = TargetHealth(
    "unavailable", "Target.HealthCheckDisabled", "Health checks are not enabled for this target's target group"
)
TIMED_OUT = TargetHealth("unhealthy", "Target.Timeout", "Request timed out")
FAILED = TargetHealth("unhealthy", "Target.FailedHealthChecks", "Health checks failed")


def mismatch(status: int) -> TargetHealth:
    return TargetHealth(
        "unhealthy", "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{status}]"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """The settings of one target group."""

    is_enabled: bool
    protocol: str
    port: str
    """`traffic-port` is that of the target."""
    path: str
    matcher: str
    """Statuses that are well: `200`, `200-299`, `200,404`."""
    interval_s: float
    timeout_s: float
    healthy_threshold: int
    unhealthy_threshold: int

    def url(self, host: str, port: int) -> URL:
        asked = port if self.port == "traffic-port" else int(self.port)
        return URL(f"{self.protocol.lower()}://{host}:{asked}{self.path}", encoded=True)

    def accepts(self, status: int) -> bool:
        ranges = (part.strip().partition("-") for part in self.matcher.split(","))
        return any(int(first) <= status <= int(last or first) for first, _, last in ranges)

    @property
    def initial_failures(self) -> int:
        """How many checks at the initial pace take as long as the declared number at the declared interval."""
        return max(self.unhealthy_threshold, round(self.unhealthy_threshold * self.interval_s / INITIAL_PACE_S))


def declared(properties: Mapping[str, Any]) -> HealthCheck:
    """The check of a target group with these properties; what is not declared is AWS's default."""
    given = {key: value for key, value in (properties.get("healthCheck") or {}).items() if value is not None}
    is_function = properties.get("targetType") == "lambda"
    settings = {**HEALTH_CHECK_DEFAULTS, **(LAMBDA_HEALTH_CHECK_DEFAULTS if is_function else {}), **given}
    return HealthCheck(
        is_enabled=bool(settings["enabled"] and (given or not is_function)),
        protocol=str(settings["protocol"]),
        port=str(settings["port"]),
        path=str(settings["path"]),
        matcher=str(settings["matcher"]),
        interval_s=float(settings["interval"]),
        timeout_s=float(settings["timeout"]),
        healthy_threshold=int(settings["healthyThreshold"]),
        unhealthy_threshold=int(settings["unhealthyThreshold"]),
    )


async def asked(session: aiohttp.ClientSession, check: HealthCheck, url: URL, timeout_s: float) -> TargetHealth:
    """What one request says: `HEALTHY`, or how it failed."""
    headers = {"User-Agent": USER_AGENT, "Connection": "close", "Accept-Encoding": "gzip, compressed"}
    try:
        async with (
            asyncio.timeout(timeout_s),
            session.get(url, headers=headers, allow_redirects=False, ssl=False) as response,
        ):
            return HEALTHY if check.accepts(response.status) else mismatch(response.status)
    except TimeoutError:
        return TIMED_OUT
    except (aiohttp.ClientError, OSError):
        return FAILED


@dataclass(slots=True)
class Tally:
    """Turns single answers into the health of a target."""

    check: HealthCheck
    health: TargetHealth = INITIAL
    passes: int = 0
    """In a row."""
    failures: int = 0
    """In a row."""

    def count(self, answer: TargetHealth) -> TargetHealth:
        """The health after one more answer."""
        passed = answer is HEALTHY
        self.passes, self.failures = (self.passes + 1, 0) if passed else (0, self.failures + 1)
        if passed and self.passes >= self._passes_wanted:
            self.health = HEALTHY
        elif not passed and (self.health.state == "unhealthy" or self.failures >= self._failures_allowed):
            self.health = answer
        return self.health

    @property
    def pace_s(self) -> float:
        return INITIAL_PACE_S if self.health is INITIAL else self.check.interval_s

    @property
    def _passes_wanted(self) -> int:
        """A new target has to pass one check, one that was unhealthy as many as declared."""
        return 1 if self.health is INITIAL else self.check.healthy_threshold

    @property
    def _failures_allowed(self) -> int:
        return self.check.initial_failures if self.health is INITIAL else self.check.unhealthy_threshold
