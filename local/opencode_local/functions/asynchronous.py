"""Events that nobody waits for: tried again when the function fails, and lost at last.

Source: Lambda developer guide, "How Lambda handles errors and retries with asynchronous invocation" (read 2026-11-21):
two more attempts, after one minute and after two; a throttled event is tried for six hours, from one second to five
minutes apart.
"""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

from opencode_local.functions.invocation import FunctionFailed, Invoke, Throttled
from opencode_local.functions.timing import Sleep

RETRY_DELAYS_S = (60.0, 120.0)
FIRST_THROTTLE_DELAY_S = 1.0
LONGEST_THROTTLE_DELAY_S = 300.0
log = logging.getLogger(__name__)


class Deliveries:
    """Every event on its way to a function; `stop` drops them."""

    def __init__(self, invoke: Invoke, *, sleep: Sleep) -> None:
        self._invoke, self._sleep = invoke, sleep
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, function_arn: str, event: Any) -> None:
        """Returns at once."""
        task = asyncio.create_task(self._deliver(function_arn, event))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _deliver(self, function_arn: str, event: Any) -> None:
        delays = iter(RETRY_DELAYS_S)
        while True:
            try:
                await self._unthrottled(function_arn, event)
            except FunctionFailed as error:
                delay = next(delays, None)
                if delay is None:
                    log.warning("%s failed for good: %s", function_arn, error)
                    return
                await self._sleep(delay)
            except LookupError as error:
                log.warning("an event is lost: %s", error)
                return
            else:
                return

    async def _unthrottled(self, function_arn: str, event: Any) -> None:
        for delay in throttle_delays():
            try:
                await self._invoke(function_arn, event)
            except Throttled:
                await self._sleep(delay)
            else:
                return


def throttle_delays() -> Iterator[float]:
    delay = FIRST_THROTTLE_DELAY_S
    while True:
        yield delay
        delay = min(delay * 2, LONGEST_THROTTLE_DELAY_S)
