"""One function as it runs: its instances, kept warm for a while, and never more of them than it may have."""

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4

from opencode_local.access.session import Session
from opencode_local.functions import log_lines
from opencode_local.functions.instance import (
    Answer,
    Instance,
    InstanceEnded,
    Order,
    Place,
    environment,
    exit_failure,
)
from opencode_local.functions.invocation import FunctionFailed, Throttled
from opencode_local.functions.settings import Settings

REQUEST_LIMIT_BYTES = 6 * 2**20
"""Source: Lambda developer guide, "Lambda quotas" (read 2026-11-21)."""
SPARE_S = 60.0
"""How much longer than an invocation may take an instance's credentials have to hold."""


class Log(Protocol):
    """One log stream."""

    def write(self, line: bytes) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Around:
    """What a function needs of its surroundings."""

    session: Callable[[], Session]
    """The role's session; may take some time, and raise when the role is not for functions."""
    log: Callable[[str], Log]
    """A new log stream of that name."""
    environment: Callable[[], Mapping[str, str]]
    """Declared variables with local addresses, and those of the run."""
    idle_s: float


@dataclass(eq=False)
class Warm:
    """An instance that can take an event."""

    instance: Instance
    log: Log
    good_until: datetime
    """When its credentials end."""
    is_new: bool = True
    expiry: asyncio.TimerHandle | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """An answer, how it is reported, and whether its instance can go on."""

    answer: Answer
    status: str
    keeps: bool


class RunningFunction:
    """Invoked by whoever may; `stop` ends every instance."""

    def __init__(self, settings: Settings, place: Place, around: Around) -> None:
        self.settings = settings
        self._place, self._around = place, around
        self._idle: list[Warm] = []
        self._all: set[Warm] = set()
        self._working = 0
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def instances(self) -> int:
        return len(self._all)

    @property
    def working(self) -> int:
        return self._working

    async def invoke(self, event: Any, function_arn: str = "") -> Any:
        """Goes on to its end even when nobody waits any more, as in Lambda. Raises FunctionFailed, Throttled."""
        text = json.dumps(event)
        if len(text.encode()) > REQUEST_LIMIT_BYTES:
            message = f"Request must be smaller than {REQUEST_LIMIT_BYTES} bytes for the InvokeFunction operation"
            raise FunctionFailed({"errorType": "RequestTooLargeException", "errorMessage": message})
        if self._working >= self.settings.concurrency:
            raise Throttled(f"{self.settings.name}: Rate Exceeded.")
        order = Order(
            request_id=str(uuid4()),
            function_arn=function_arn or self.settings.arn,
            event=text,
            timeout_s=self.settings.timeout_s,
            trace_id=f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Parent={secrets.token_hex(8)};Sampled=0",
        )
        self._working += 1
        return await asyncio.shield(self._task(self._invoked(order)))

    async def stop(self) -> None:
        await asyncio.gather(*(self._end(warm) for warm in list(self._all)))
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _invoked(self, order: Order) -> Any:
        try:
            warm = await self._taken()
            outcome = await self._answered(warm, order)
            if outcome.keeps:
                self._lay_by(warm)
            else:
                await self._end(warm)
        finally:
            self._working -= 1
        if outcome.answer.error is not None:
            raise FunctionFailed(outcome.answer.error)
        return outcome.answer.value

    async def _answered(self, warm: Warm, order: Order) -> Outcome:
        known = self.settings
        warm.log.write(log_lines.start(known.log_format, order.request_id))
        begun = time.monotonic()
        outcome = await self._outcome(warm, order)
        report = log_lines.Report(
            request_id=order.request_id,
            duration_ms=(time.monotonic() - begun) * 1000,
            memory_mb=known.memory_mb,
            peak_memory_mb=outcome.answer.memory_bytes // 2**20,
            init_ms=warm.instance.init_s * 1000 if warm.is_new else None,
            status=outcome.status,
        )
        warm.is_new = False
        for line in log_lines.end(known.log_format, report):
            warm.log.write(line)
        return outcome

    async def _outcome(self, warm: Warm, order: Order) -> Outcome:
        try:
            answer = await warm.instance.invoke(order)
        except TimeoutError:
            message = log_lines.timed_out(order.request_id, order.timeout_s)
            warm.log.write(message.encode())
            failure = {"errorType": "Sandbox.Timedout", "errorMessage": message}
            return Outcome(answer=Answer(error=failure), status="timeout", keeps=False)
        except InstanceEnded as error:
            failure = exit_failure(error, order.request_id)
            warm.log.write(failure["errorMessage"].encode())
            return Outcome(answer=Answer(error=failure), status="error", keeps=False)
        return Outcome(answer=answer, status="error" if answer.error else "success", keeps=True)

    async def _taken(self) -> Warm:
        """The instance that rested the shortest, else a new one."""
        while self._idle:
            warm = self._idle.pop()
            if warm.expiry is not None:
                warm.expiry.cancel()
            enough = datetime.now(UTC) + timedelta(seconds=self.settings.timeout_s + SPARE_S)
            if warm.instance.is_running and warm.good_until > enough:
                return warm
            await self._end(warm)
        return await self._started()

    async def _started(self) -> Warm:
        session = await asyncio.to_thread(self._around.session)
        stream = f"{datetime.now(UTC):%Y/%m/%d}/[$LATEST]{secrets.token_hex(16)}"
        log = self._around.log(stream)
        variables = environment(
            self.settings, self._place, session=session, log_stream=stream, declared=self._around.environment()
        )
        instance = Instance(self.settings, self._place, log=log, log_stream=stream, environment=variables)
        warm = Warm(instance, log, session.expires_at)
        self._all.add(warm)
        try:
            await instance.start()
        except BaseException:
            self._all.discard(warm)
            log.close()
            raise
        return warm

    def _lay_by(self, warm: Warm) -> None:
        if warm in self._all:
            self._idle.append(warm)
            warm.expiry = asyncio.get_running_loop().call_later(self._around.idle_s, self._expire, warm)

    def _expire(self, warm: Warm) -> None:
        if warm in self._idle:
            self._idle.remove(warm)
            self._task(self._end(warm))

    async def _end(self, warm: Warm) -> None:
        if warm not in self._all:
            return
        self._all.discard(warm)
        if warm.expiry is not None:
            warm.expiry.cancel()
        await warm.instance.end()
        warm.log.close()

    def _task(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        """A failure that nobody waits for any more has been logged."""
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()
