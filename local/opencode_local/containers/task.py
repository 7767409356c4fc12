"""One task: from PENDING to STOPPED.

Sources: ECS developer guide, "Amazon ECS task lifecycle" and "Amazon ECS task stopped error codes" (read 2026-11-21).
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any
from uuid import uuid4

from opencode_local.balancer.registrations import Target
from opencode_local.containers.container_run import ContainerRun
from opencode_local.containers.definition import TaskDefinition
from opencode_local.containers.health import HealthStatus
from opencode_local.containers.host import Exposure, TaskHost, TaskIdentity, environment
from opencode_local.containers.runner import Start
from opencode_local.containers.task_logs import log_stream
from opencode_local.ports import HOST, free_port

ESSENTIAL_EXITED = "Essential container in task exited"


class Task:
    """Runs by itself from `begin` on; `on_change` hears of each change of state or health."""

    def __init__(self, definition: TaskDefinition, host: TaskHost, on_change: Callable[[], None]) -> None:
        self.id = uuid4().hex
        self.definition = definition
        self.last_status = "PENDING"
        self.stopped_reason = ""
        self.running_since: float | None = None
        """By the loop's clock."""
        self._identity = TaskIdentity(id=self.id, arn=host.arn_prefix + self.id, definition=definition)
        self._host = host
        self._on_change = on_change
        self._stopping = asyncio.Event()
        self._hurried = asyncio.Event()
        self._ports = {
            (container.name, port): free_port(0) for container in definition.containers for port in container.ports
        }
        self._targets = [(each, self._target(each)) for each in host.exposures]
        early_s = host.timings.early_check_s
        self.containers = [
            ContainerRun(container, early_check_s=early_s, on_change=on_change) for container in definition.containers
        ]
        self._life: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._life = asyncio.create_task(self._run())

    def stop(self, reason: str, *, is_hurried: bool = False) -> None:
        """Asks it to stop; `is_hurried` does not wait for draining. `until_stopped` waits for it."""
        self.stopped_reason = self.stopped_reason or reason
        if is_hurried:
            self._hurried.set()
        self._stopping.set()
        self._on_change()

    def kill(self) -> None:
        """Ends what is left of it at once."""
        for run in self.containers:
            run.kill()

    async def until_stopped(self) -> None:
        if self._life is not None:
            await self._life

    @property
    def is_asked_to_stop(self) -> bool:
        return self._stopping.is_set()

    @property
    def is_live(self) -> bool:
        """PENDING or RUNNING, and to stay so."""
        return not self.is_asked_to_stop and self.last_status in {"PENDING", "RUNNING"}

    @property
    def health_status(self) -> HealthStatus:
        """The worst of its essential containers'. Containers without a check do not count."""
        checked = [each.health.status for each in self.containers if each.container.essential and each.health.check]
        for status in ("UNHEALTHY", "UNKNOWN"):
            if status in checked:
                return status
        return "HEALTHY" if checked else "UNKNOWN"

    @property
    def exit_code(self) -> int | None:
        """Of the first essential container that has ended."""
        codes = [each.exit_code for each in self.containers if each.container.essential]
        return next((code for code in codes if code is not None), None)

    @property
    def pids(self) -> Sequence[int]:
        return [each.pid for each in self.containers if each.pid]

    @property
    def addresses(self) -> Mapping[tuple[str, int], str]:
        """`127.0.0.1:<port>` by container and declared port."""
        return {place: f"{HOST}:{port}" for place, port in self._ports.items()}

    @property
    def targets(self) -> Sequence[tuple[Exposure, Target]]:
        return self._targets

    @property
    def lost_request_ids(self) -> Sequence[str]:
        """Of requests that it had accepted and has not settled."""
        return [request_id for each in self.containers for request_id in each.losses.open]

    async def _run(self) -> None:
        try:
            await self._start()
        except Exception as error:  # whatever it was, the service must know that this task has not started
            self.stopped_reason = self.stopped_reason or str(error) or type(error).__name__
            await self._end_containers()
        else:
            await self._serve()
        self._become("STOPPED")
        await self._host.logs.flush(
            [run.stream for run in self.containers if run.stream]
        )  # its last lines still need its sessions
        self._host.credentials.forget(self.id)

    async def _start(self) -> None:
        for run in self.containers:
            container = run.container
            ports = {port: local for (name, port), local in self._ports.items() if name == container.name}
            variables = await environment(self._host, self._identity, container, ports)
            stream = await log_stream(self._host, self._identity, container)
            start = Start(container=container, task_id=self.id, environment=variables)
            await run.start(self._host.runner, start, stream)

    async def _serve(self) -> None:
        self.running_since = asyncio.get_running_loop().time()
        for exposure, target in self._targets:
            exposure.group.register(target)
        self._become("RUNNING")
        ended = asyncio.create_task(self._until_essential_ended())
        await first(ended, self._stopping.wait())
        if not ended.done() and not self._hurried.is_set():
            self._become("DEACTIVATING")
            await first(ended, self._hurried.wait(), self._drain())
        ended.cancel()
        await asyncio.gather(ended, return_exceptions=True)
        for exposure, target in self._targets:
            exposure.group.remove(target)
        self.stopped_reason = self.stopped_reason or ESSENTIAL_EXITED
        self._become("STOPPING")
        await self._end_containers()

    async def _drain(self) -> None:
        await asyncio.gather(*(exposure.group.deregister(target) for exposure, target in self._targets))

    async def _until_essential_ended(self) -> None:
        waits = [asyncio.create_task(run.ended.wait()) for run in self.containers if run.container.essential]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _end_containers(self) -> None:
        await asyncio.gather(*(run.stop() for run in self.containers))

    def _target(self, exposure: Exposure) -> Target:
        return Target(self.id, HOST, self._ports[exposure.container, exposure.port])

    def _become(self, status: str) -> None:
        self.last_status = status
        self._on_change()


async def first(ended: asyncio.Task[None], *others: Coroutine[Any, Any, object]) -> None:
    """Returns when one of them has ended; the others are cancelled, but for `ended`."""
    waiting = [asyncio.create_task(other) for other in others]
    await asyncio.wait([ended, *waiting], return_when=asyncio.FIRST_COMPLETED)
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
