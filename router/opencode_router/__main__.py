"""Runs the router: `python -m opencode_router`, configured by environment variables (see `settings.py`)."""

import asyncio
import gc
import logging
import os
import signal
import sys

import uvloop
from aiohttp import web

from opencode_router.app import build_app
from opencode_router.catalogue.load import CatalogueError
from opencode_router.gateway import open_gateway
from opencode_router.logs import log_to_stdout
from opencode_router.metrics import metrics_app
from opencode_router.settings import SettingError, Settings

log = logging.getLogger(__name__)

MAX_HEADER_BYTES = 32 * 1024
"""Room for a JWT with many groups; the credential itself is capped where it is read."""
LAST_WORDS_S = 1.0
"""For responses that are already written to reach the wire."""


async def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT, then drains."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_gateway(settings) as gateway:
        runners = [
            await listen(build_app(gateway), settings.host, settings.port),
            await listen(metrics_app(gateway.metrics), settings.host, settings.metrics_port),
        ]
        gc.freeze()  # what exists now lives as long as the process
        log.info("listening", extra={"port": settings.port, "metrics_port": settings.metrics_port})
        await stop.wait()
        log.info("draining", extra={"open_answers": len(gateway.passages)})
        await gateway.drain()
        for runner in runners:
            await runner.cleanup()


async def listen(app: web.Application, host: str, port: int) -> web.AppRunner:
    """A caller that goes away cancels its handler, which closes the call to Bedrock."""
    runner = web.AppRunner(
        app,
        access_log=None,
        handler_cancellation=True,
        shutdown_timeout=LAST_WORDS_S,
        max_field_size=MAX_HEADER_BYTES,
    )
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner


def main() -> None:
    try:
        settings = Settings.load(os.environ)
        log_to_stdout(settings.log_level)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(settings))
    except (SettingError, CatalogueError, OSError) as error:
        sys.exit(f"opencode-router: {error}")


if __name__ == "__main__":
    main()
