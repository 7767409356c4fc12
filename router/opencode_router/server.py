"""One process that serves: opened, listening until it is told to stop, drained."""

import asyncio
import gc
import logging
import signal
import socket
import sys

import uvloop
from aiohttp import web

from opencode_router.app import build_app
from opencode_router.catalogue.load import CatalogueError
from opencode_router.gateway import open_gateway
from opencode_router.metrics import metrics_app
from opencode_router.settings import Settings

log = logging.getLogger(__name__)

MAX_HEADER_BYTES = 32 * 1024
"""Room for a JWT with many groups; the credential itself is capped where it is read."""
LAST_WORDS_S = 1.0
"""For responses that are already written to reach the wire."""
LISTENING = b"+"
"""What a worker says to its parent once it listens."""


def run(settings: Settings, parent: socket.socket | None = None) -> None:
    """Serves, then exits. With a `parent` this process is one of several that share the port."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(settings, parent))
    except (CatalogueError, OSError) as error:
        sys.exit(f"opencode-router: {error}")


async def serve(settings: Settings, parent: socket.socket | None = None) -> None:
    """Serves until SIGTERM, SIGINT or the end of the parent, then drains."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_gateway(settings) as gateway:
        runners = [
            await listen(build_app(gateway), settings.host, settings.port, is_shared=parent is not None),
            await listen(metrics_app(gateway.metrics), settings.host, settings.metrics_port),
        ]
        gc.freeze()  # what exists now lives as long as the process
        if parent:
            tell_and_watch(parent, stop)
        log.info("listening", extra={"port": settings.port, "metrics_port": settings.metrics_port})
        await stop.wait()
        log.info("draining", extra={"open_answers": gateway.slots.taken})
        await gateway.drain()
        for runner in runners:
            await runner.cleanup()


def tell_and_watch(parent: socket.socket, stop: asyncio.Event) -> None:
    """A parent says nothing: when there is something to read, it is the end of the parent."""
    loop = asyncio.get_running_loop()

    def gone() -> None:
        loop.remove_reader(parent)
        stop.set()

    parent.sendall(LISTENING)
    loop.add_reader(parent, gone)


async def listen(app: web.Application, host: str, port: int, *, is_shared: bool = False) -> web.AppRunner:
    """A caller that goes away cancels its handler, which closes the call to Bedrock."""
    runner = web.AppRunner(
        app,
        access_log=None,
        handler_cancellation=True,
        shutdown_timeout=LAST_WORDS_S,
        max_field_size=MAX_HEADER_BYTES,
    )
    await runner.setup()
    await web.TCPSite(runner, host, port, reuse_port=is_shared or None).start()
    return runner
