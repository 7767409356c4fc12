"""What the container's health check says, as the container runs it."""

import asyncio
import os
import sys

from yarl import URL

from opencode_local.ports import free_port
from tests.router.running import Router


async def healthcheck(port: int) -> tuple[int | None, str]:
    """Its exit status and what it complains of."""
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "opencode_router.healthcheck",
        env={**os.environ, "PORT": str(port)},
        stderr=asyncio.subprocess.PIPE,
    )
    _, complaint = await asyncio.wait_for(running.communicate(), 20)
    return running.returncode, complaint.decode()


async def test_a_router_that_answers_is_healthy(router: Router) -> None:
    assert await healthcheck(URL(router.url).port or 0) == (0, "")


async def test_a_port_on_which_nobody_answers_is_unhealthy_and_says_why() -> None:
    assert await healthcheck(free_port(0)) == (1, "/health does not answer: [Errno 111] Connection refused\n")


async def test_an_answer_that_is_not_the_routers_is_unhealthy() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 503 Service Unavailable\r\nX-Was: 200 \r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        status, _ = await healthcheck(server.sockets[0].getsockname()[1])

    assert status == 1
