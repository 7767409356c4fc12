"""Pollers at work: each in a task of its own, its calls in a thread of its own, as its function's role."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from opencode_local.access.session import Session
from opencode_local.access.trust import NotTrusted
from opencode_local.functions.mappings import Mapped, Poller
from opencode_local.functions.timing import Timing
from opencode_local.role_clients import RoleClients
from opencode_local.status import Status

RETRY_S = 5.0
log = logging.getLogger(__name__)


class RoleCalls:
    """Calls AWS as one role from a thread of its own: a call that waits for messages holds up nobody."""

    def __init__(self, clients: RoleClients, region: str, session: Callable[[], Session]) -> None:
        self._clients, self._region, self._session = clients, region, session
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="poller")

    async def call(self, service: str, method: str, **params: Any) -> Any:
        """Raises botocore's errors, and NotTrusted."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._called, service, method, params)

    async def close(self) -> None:
        """Returns when the last call has."""
        await asyncio.to_thread(self._thread.shutdown)

    def _called(self, service: str, method: str, params: dict[str, Any]) -> Any:
        client = self._clients.client(service, self._region, self._session())
        return getattr(client, method)(**params)


class Polling:
    """One mapping from its start to its stop."""

    def __init__(self, known: Mapped, poller: Poller, calls: RoleCalls, timing: Timing) -> None:
        self._known, self._poller, self._calls, self._timing = known, poller, calls, timing
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns once the poller has found its place, or is told that it may not."""
        await self._guarded(self._poller.open)
        self._task = asyncio.create_task(self._poll())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._calls.close()

    def status(self) -> Status:
        state = "PROBLEM" if self._poller.problem else "Enabled"
        return Status(
            name=self._known.name,
            kind="event source",
            state=state,
            detail=self._poller.problem or self._known.source_arn,
        )

    async def _poll(self) -> None:
        while True:
            if not await self._guarded(self._poller.step):
                await self._timing.sleep(RETRY_S)

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> bool:
        """Whether it could be done."""
        try:
            await work()
        except (ClientError, BotoCoreError, NotTrusted, LookupError) as error:
            self._tell(str(error))
            return False
        self._poller.problem = ""
        return True

    def _tell(self, problem: str) -> None:
        """Once for problems in a row."""
        if problem != self._poller.problem:
            log.warning("%s: %s", self._known.name, problem)
        self._poller.problem = problem
