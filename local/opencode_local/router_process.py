"""The router as a child process, configured as its container would be."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping

import aiohttp

START_TIMEOUT_S = 30.0
POLL_S = 0.05
STOP_TIMEOUT_S = 20.0


class RouterFailed(Exception):
    """The router ended, or was not ready in time; its own output says why."""


class RouterProcess:
    """One `python -m opencode_router`."""

    def __init__(self, environment: Mapping[str, str], *, port: int, metrics_port: int, token: str) -> None:
        """`token` is one that only this router accepts: another's may already listen on the port."""
        self._as_ours = {"Authorization": f"Bearer {token}"}
        self.url = f"http://127.0.0.1:{port}"
        self.metrics_url = f"http://127.0.0.1:{metrics_port}/metrics"
        ports = {"HOST": "127.0.0.1", "PORT": str(port), "METRICS_PORT": str(metrics_port)}
        self._environment = {**os.environ, **environment, **ports}
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Returns once it is ready. Raises RouterFailed."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "opencode_router", env=self._environment, start_new_session=True
        )
        try:
            async with asyncio.timeout(START_TIMEOUT_S), aiohttp.ClientSession() as client:
                while not await self._is_ready(client):  # noqa: ASYNC110  another process: there is nothing to wait on
                    await asyncio.sleep(POLL_S)
        except TimeoutError as error:
            await self.stop()
            raise RouterFailed(f"the router was not ready within {START_TIMEOUT_S:.0f} s") from error

    async def wait(self) -> int:
        """The exit code, once the process has ended."""
        assert self._process is not None, "started"  # noqa: S101
        return await self._process.wait()

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL if that is not heard."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def _is_ready(self, client: aiohttp.ClientSession) -> bool:
        if self._process is not None and self._process.returncode is not None:
            raise RouterFailed(f"the router ended with exit code {self._process.returncode}")
        try:
            async with client.get(f"{self.url}/ready") as ready:
                if ready.status != 200:
                    return False
            async with client.get(f"{self.url}/v1/models", headers=self._as_ours) as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False
