"""Target groups: who is registered, how they are, and who gets the next request.

Source: Application Load Balancer user guide, "Target groups for your Application Load Balancers" (read 2026-11-21).
"""

import asyncio
from collections.abc import Collection

import aiohttp

from opencode_components.testing.graph import Graph, Resource
from opencode_local.balancer import health_checks, lambda_target
from opencode_local.balancer.choosing import ALGORITHMS, eligible, share, warm
from opencode_local.balancer.declaration import declaration
from opencode_local.balancer.health_checks import (
    HEALTHY,
    NOT_REGISTERED,
    HealthCheck,
    TargetHealth,
)
from opencode_local.balancer.registrations import Registration, Target
from opencode_local.balancer.tempo import REAL_TIME, Tempo
from opencode_local.functions.invocation import Invoke
from opencode_local.status import Status

ATTACHMENTS = "aws:*/targetGroupAttachment:TargetGroupAttachment"
DEFAULT_DELAY_S = 300


class TargetGroup:
    """One declared target group. Targets may be registered before it starts; checks begin with it.

    `invoke` asks the function of a group whose target is one.
    """

    def __init__(self, resource: Resource, *, invoke: Invoke | None = None, tempo: Tempo = REAL_TIME) -> None:
        self.properties = declaration(resource)
        self.arn = str(self.properties["arn"])
        self.name = str(self.properties.get("name") or resource.name)
        self.invoke = invoke
        self._check: HealthCheck = health_checks.declared(self.properties)
        self._tempo = tempo
        self._turn = 0
        self._registrations: dict[Target, Registration] = {}
        self._session: aiohttp.ClientSession | None = None

    @property
    def target_type(self) -> str:
        return str(self.properties.get("targetType") or "instance")

    @property
    def scheme(self) -> str:
        return str(self.properties.get("protocol") or "HTTP").lower()

    @property
    def protocol_version(self) -> str:
        return str(self.properties.get("protocolVersion") or "HTTP1")

    @property
    def targets(self) -> Collection[Target]:
        return self._registrations.keys()

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True), cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
        )
        for registration in self._registrations.values():
            self._begin_checks(registration)

    async def stop(self) -> None:
        """Forgets its targets; what is open with them is cut."""
        leaving = list(self._registrations)
        await asyncio.gather(*(self._leave(target, delay_s=0) for target in leaving))
        if self._session is not None:
            await self._session.close()
            self._session = None

    def register(self, target: Target) -> None:
        """Requests may come once it has passed a check. One that is draining is no longer."""
        registration = self._registrations.get(target)
        if registration is None or registration.is_draining:
            registration = self._registrations[target] = Registration(target, self._check)
            self._begin_checks(registration)

    async def deregister(self, target: Target) -> None:
        """No new requests from now on; returns when the open ones have ended.

        After the declared delay those that are left are cut. Does nothing for a target that is not registered.
        """
        await self._leave(target, delay_s=self._delay_s)

    def remove(self, target: Target) -> None:
        """The target is gone: its requests fail by themselves."""
        registration = self._registrations.pop(target, None)
        if registration is not None:
            self._retire(registration)

    async def until_healthy(self, target: Target) -> None:
        """Raises LookupError when it is not, or no longer, registered."""
        while True:
            registration = self._registrations.get(target)
            if registration is None:
                raise LookupError(f"{target} is not registered with {self.name}")
            if registration.takes_requests:
                return
            await registration.changed.wait()

    def health(self, target: Target) -> TargetHealth:
        registration = self._registrations.get(target)
        return NOT_REGISTERED if registration is None else registration.health

    def choose(self, *, preferred: str | None = None, without: Collection[Target] = ()) -> Registration | None:
        """Who gets the next request; None when nobody can.

        `preferred` is the id of the target that a cookie names: it is chosen while it takes requests.
        """
        candidates = [each for each in eligible(list(self._registrations.values())) if each.target not in without]
        if not candidates:
            return None
        for candidate in candidates:
            if preferred == candidate.target.id:
                return candidate
        kind = str(self.properties.get("loadBalancingAlgorithmType") or "round_robin")
        if kind == "round_robin":
            candidates = list(warm(candidates, self._tempo.clock(), self._slow_start_s, self._tempo.random))
        self._turn += 1
        return ALGORITHMS[kind](candidates, self._turn - 1, self._tempo.random)

    def status(self) -> list[Status]:
        return [
            Status(
                name=f"{self.name} {registration.target.id}",
                kind="target",
                state=registration.health.state,
                detail=registration.health.description,
            )
            for registration in self._registrations.values()
        ]

    @property
    def _delay_s(self) -> float:
        declared = self.properties.get("deregistrationDelay")
        return float(DEFAULT_DELAY_S if declared is None else declared) * self._tempo.second_s

    @property
    def _slow_start_s(self) -> float:
        return float(self.properties.get("slowStart") or 0)

    def _begin_checks(self, registration: Registration) -> None:
        if self._session is not None and self._check.is_enabled:
            registration.checking = asyncio.create_task(self._watch(registration))

    async def _watch(self, registration: Registration) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            started = clock()
            answer = await self._ask(registration.target)
            self._note(registration, answer)
            # The time that an answer takes does not move the next check.
            pace_s = registration.tally.pace_s
            await self._tempo.pulse.wait(max(0.0, pace_s - (clock() - started)))

    async def _ask(self, target: Target) -> TargetHealth:
        timeout_s = self._check.timeout_s * self._tempo.check_second_s
        if self.target_type == "lambda":
            return await lambda_target.asked(self.invoke, self._check, (self.arn, target.id), timeout_s)
        if self._session is None:
            raise RuntimeError(f"{self.name} has not been started")
        return await health_checks.asked(
            self._session, self._check, self._check.url(target.host, target.port), timeout_s
        )

    def _note(self, registration: Registration, answer: TargetHealth) -> None:
        before = registration.health
        registration.count(answer)
        if registration.health is before:
            return
        now, others = self._tempo.clock(), [each for each in self._registrations.values() if each is not registration]
        is_warmed = any(each.health is HEALTHY and share(each, now, self._slow_start_s) == 1 for each in others)
        is_slow = registration.health is HEALTHY and self._slow_start_s and is_warmed
        registration.slow_since = now if is_slow else None

    async def _leave(self, target: Target, *, delay_s: float) -> None:
        registration = self._registrations.get(target)
        if registration is None:
            return
        registration.is_draining = True
        self._retire(registration)
        await registration.drained(delay_s)
        if self._registrations.get(target) is registration:
            del self._registrations[target]

    def _retire(self, registration: Registration) -> None:
        registration.stop_checks()
        registration.announce()


def attached(graph: Graph, group: TargetGroup) -> list[Target]:
    """The targets that the program itself declares: functions, and addresses with their ports."""
    declared = [each.inputs for each in graph.all(ATTACHMENTS) if each.inputs["targetGroupArn"] == group.arn]
    if group.target_type == "lambda":
        return [Target(each["targetId"]) for each in declared]
    return [
        Target(each["targetId"], each["targetId"], int(each.get("port") or group.properties["port"]))
        for each in declared
    ]
