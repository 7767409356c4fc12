"""The service scheduler: keeps as many healthy tasks of the newest deployment running as are desired.

Sources: ECS developer guide, "Amazon ECS services", "Service scheduler concepts"; "Deploy Amazon ECS services by
replacing tasks"; "Amazon ECS service unhealthy event messages" (read 2026-11-21). A task that is found unhealthy is
replaced first and stopped then, as the maximum allows.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from opencode_local.containers.deployment import Configuration, Deployment, Tally, step
from opencode_local.containers.host import Timings
from opencode_local.containers.service_events import IMPAIRED, STEADY, ServiceEvents
from opencode_local.containers.task import Task
from opencode_local.containers.task_health import is_healthy, unhealthy_reason

MADE_BY_DEPLOYMENT = "Scaling activity initiated by (deployment {id})"
UNHEALTHY = "Task failed health checks"
IMPAIRED_AFTER = 3


class DeploymentFailed(Exception):
    """The circuit breaker has opened, and there was nothing to go back to; the text says why tasks stopped."""


@dataclass(slots=True, kw_only=True)
class Wanted:
    """What the service is asked for."""

    desired_count: int
    configuration: Configuration
    grace_s: float
    """From a task's start until failed checks count."""


@dataclass(slots=True, eq=False)
class Placement:
    """A task and what is known of it."""

    task: Task
    deployment: Deployment
    is_healthy: bool = False
    was_healthy: bool = False
    is_condemned: bool = False
    """Found unhealthy: to be replaced."""
    has_ended: bool = False
    """Is no longer live, and that has been noted."""


class Scheduler:
    """`make` starts nothing: it gives a task of a deployment that tells `wake` of its changes."""

    def __init__(
        self,
        wanted: Wanted,
        deployment: Deployment,
        *,
        make: Callable[[Deployment], Task],
        events: ServiceEvents,
        timings: Timings,
    ) -> None:
        self.wanted = wanted
        self.deployments = [deployment]
        """The primary one first."""
        self.placements: list[Placement] = []
        self._completed: Deployment | None = None
        self._make = make
        self._events = events
        self._timings = timings
        self._woken = asyncio.Event()
        self._turned = asyncio.Event()
        self._was_steady = False

    @property
    def primary(self) -> Deployment:
        return self.deployments[0]

    @property
    def is_steady(self) -> bool:
        """As many as desired, all healthy and of the primary deployment, and nothing else."""
        return len(self.placements) == self.wanted.desired_count and all(
            each.is_healthy and each.task.is_live and each.deployment is self.primary for each in self.placements
        )

    def deploy(self, deployment: Deployment) -> None:
        self.deployments = [deployment, *self.deployments]
        self._was_steady = False
        self.wake()

    def wake(self) -> None:
        self._woken.set()

    async def turned(self) -> None:
        """Returns after the next look at the tasks."""
        await self._turned.wait()

    async def until_steady(self) -> None:
        """Raises DeploymentFailed."""
        while not (self.is_steady and self.primary.rollout_state == "COMPLETED"):
            if self.primary.rollout_state == "FAILED":
                raise DeploymentFailed(f"(deployment {self.primary.id}) {self.primary.last_reason}")
            await self.turned()

    async def run(self) -> None:
        """Until it is cancelled."""
        clock = asyncio.get_running_loop().time
        while True:
            self._woken.clear()
            self._turn(clock())
            self._turned.set()
            self._turned = asyncio.Event()
            try:
                async with asyncio.timeout(self._timings.observe_s):
                    await self._woken.wait()
            except TimeoutError:
                continue

    def _turn(self, now: float) -> None:
        for placement in list(self.placements):
            if placement.task.is_live:
                self._judge(placement, now)
            else:
                self._note_end(placement, now)
            if placement.task.last_status == "STOPPED":
                self._bury(placement)
        self._break_circuit()
        self._act(now)
        self._settle()

    def _note_end(self, placement: Placement, now: float) -> None:
        """One that ends unasked before it was ever healthy has failed; its place is free before it is STOPPED."""
        placement.is_healthy = False
        has_failed = not placement.was_healthy and not placement.is_condemned and not placement.task.is_asked_to_stop
        if has_failed and not placement.has_ended:
            self._count_failure(placement, ended_with(placement.task), now)
        placement.has_ended = True

    def close(self) -> None:
        """Says what the tasks leave behind, all of which are STOPPED."""
        for placement in list(self.placements):
            self._bury(placement)

    def _bury(self, placement: Placement) -> None:
        self.placements.remove(placement)
        task = placement.task
        if lost := task.lost_request_ids:
            self._events.say(f"(task {task.id}) lost {len(lost)} requests that it had accepted: {', '.join(lost)}.")
        if task.is_asked_to_stop:
            self._events.say(f"has stopped 1 running tasks: (task {task.id}).")
        else:
            self._events.say(f"(task {task.id}) stopped: {ended_with(task)}.")

    def _judge(self, placement: Placement, now: float) -> None:
        task = placement.task
        if task.last_status != "RUNNING":
            return
        placement.is_healthy = not placement.is_condemned and is_healthy(task, now, self._timings.settled_s)
        if placement.is_healthy and not placement.was_healthy:
            placement.was_healthy = True
            placement.deployment.task_became_healthy()
        if placement.is_healthy or placement.is_condemned or now - (task.running_since or now) < self.wanted.grace_s:
            return
        reason = unhealthy_reason(task)
        if reason:
            placement.is_condemned = True
            self._events.say(reason)
            if not placement.was_healthy:
                self._count_failure(placement, reason, now)

    def _count_failure(self, placement: Placement, reason: str, now: float) -> None:
        first_s, last_s = self._timings.first_retry_s, self._timings.last_retry_s
        placement.deployment.task_failed(reason, now=now, first_retry_s=first_s, last_retry_s=last_s)
        if placement.deployment.failures == IMPAIRED_AFTER:
            self._events.say(IMPAIRED)

    def _break_circuit(self) -> None:
        primary, configuration = self.primary, self.wanted.configuration
        is_open = primary.failures >= primary.threshold(self.wanted.desired_count)
        if primary.rollout_state != "IN_PROGRESS" or not configuration.has_circuit_breaker or not is_open:
            return
        primary.rollout_state = "FAILED"
        self._events.say(f"(deployment {primary.id}) deployment failed: tasks failed to start.")
        back = self._completed
        if configuration.rolls_back and back is not None and back is not primary:
            self._events.say(f"rolling back to deployment {back.id}.")
            back.rollout_state, back.failures = "IN_PROGRESS", 0
            self.deployments = [back, *(each for each in self.deployments if each is not back)]

    def _act(self, now: float) -> None:
        live = [each for each in self.placements if each.task.is_live]
        current = [each for each in live if each.deployment is self.primary and not each.is_condemned]
        outgoing = [each for each in live if each not in current]
        well = [each for each in outgoing if each.is_healthy]
        unwell = [each for each in outgoing if not each.is_healthy]
        tally = Tally(len(current), sum(each.is_healthy for each in current), len(well), len(unwell))
        todo = step(self.wanted.desired_count, tally, self.wanted.configuration)
        newest_last = sorted(current, key=lambda each: each.is_healthy, reverse=True)
        self._stop(unwell[: todo.stop_unhealthy])
        self._stop(well[: todo.stop_healthy])
        self._stop(newest_last[len(current) - todo.stop_current :])
        if self.primary.rollout_state != "FAILED" and now >= self.primary.next_start:
            self._start(todo.start)

    def _start(self, count: int) -> None:
        started = [Placement(self._make(self.primary), self.primary) for _ in range(count)]
        self.placements += started
        for placement in started:
            placement.task.begin()
        if started:
            listed = " ".join(f"(task {each.task.id})" for each in started)
            self._events.say(f"has started {count} tasks: {listed}.")

    def _stop(self, placements: Sequence[Placement]) -> None:
        for placement in placements:
            placement.is_healthy = False
            reason = UNHEALTHY if placement.is_condemned else MADE_BY_DEPLOYMENT.format(id=self.primary.id)
            placement.task.stop(reason)
        if placements and any(each.task.targets for each in placements):
            self._events.say(f"has begun draining connections on {len(placements)} tasks.")

    def _settle(self) -> None:
        if not self.is_steady:
            self._was_steady = False
            return
        if self.primary.rollout_state == "IN_PROGRESS":
            self.primary.rollout_state = "COMPLETED"
            self._completed = self.primary
            self.deployments = [self.primary]
            self._events.say(f"(deployment {self.primary.id}) deployment completed.")
        if not self._was_steady:
            self._was_steady = True
            self._events.say(STEADY)


def ended_with(task: Task) -> str:
    """Like `Essential container in task exited, exit code 1`."""
    return task.stopped_reason if task.exit_code is None else f"{task.stopped_reason}, exit code {task.exit_code}"
