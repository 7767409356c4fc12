"""Patience with two connections through which nothing moves."""

import asyncio
from types import TracebackType


class Idling:
    """Ends what it encloses, with TimeoutError, when nothing has moved for `timeout_s`, or when it is cut.

    Source: Application Load Balancer user guide, "Connection idle timeout" (read 2026-11-21).
    """

    def __init__(self, timeout_s: float) -> None:
        self.was_cut = False
        self._timeout_s = timeout_s
        self._scope = asyncio.timeout(timeout_s)
        self._is_over = False

    async def __aenter__(self) -> "Idling":
        await self._scope.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over = True
        await self._scope.__aexit__(kind, error, trace)

    def moved(self) -> None:
        """Something went through, in either direction."""
        self._end_in(self._timeout_s)

    def suspend(self) -> None:
        """Waits without end from now on, as for a function: that has a timeout of its own."""
        if not self._is_over and not self._scope.expired():
            self._scope.reschedule(None)

    def cut(self) -> None:
        """Ends it now."""
        self.was_cut = True
        self._end_in(0)

    def _end_in(self, seconds: float) -> None:
        if not self._is_over and not self._scope.expired():
            self._scope.reschedule(asyncio.get_running_loop().time() + seconds)
