"""The proxy's process, from its first socket to the last open stream."""

import asyncio
import logging
import os
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from aiohttp import web

from opencode_auth import clock, gateway, tokens
from opencode_auth.proxy import credential, sockets
from opencode_auth.proxy import record as records
from opencode_auth.proxy.notification import tell_once
from opencode_auth.proxy.record import Record
from opencode_auth.proxy.relay import Relay
from opencode_auth.proxy.server import Server
from opencode_auth.proxy.sharing import Pace, Sharing
from opencode_auth.proxy.upstream import Clocks, Limits, Upstream
from opencode_auth.updates import background
from opencode_auth.version import VERSION

LOG = logging.getLogger(__name__)
SHARE_IDLE_S = 30.0
LAST_ANSWERS_S = 1.0
"""For answers to those who asked the proxy to stop."""


@dataclass(frozen=True, kw_only=True)
class Proxied:
    """A proxy that accepts requests."""

    record: Record
    server: Server
    runner: web.AppRunner
    upstreams: Sequence[Upstream]


def run(preferred_port: int | None, ready: Callable[[Record], None]) -> None:
    """Runs until SIGTERM, Ctrl-C or `proxy stop`. Raises ClientError while it starts."""
    asyncio.run(serve(preferred_port, ready))


async def serve(preferred_port: int | None, ready: Callable[[Record], None]) -> None:
    limits = Limits()
    proxied = await opened(preferred_port, limits)
    stop_on_signals(proxied.server)
    ready(proxied.record)
    checks = asyncio.create_task(background.keep_checking())
    await proxied.server.door.asked_to_stop.wait()
    checks.cancel()
    await closed(proxied, limits)


async def opened(
    preferred_port: int | None, limits: Limits, clocks: Clocks | None = None, pace: Pace | None = None
) -> Proxied:
    """Listens, and has written down where."""
    settings, clocks = gateway.saved(), clocks or Clocks()
    upstream = Upstream(settings.api_url, limits, clocks)
    share_host = share_upstream(settings.sharing_url, limits, clocks)
    listening = sockets.listening(preferred_port or usual_port())
    record = Record(
        port=listening[0].getsockname()[1],
        pid=os.getpid(),
        instance=secrets.token_hex(16),
        started_at_s=clock.now_s(),
        version=VERSION,
        api_url=settings.api_url,
        sharing_url=settings.sharing_url,
        credential_mark=records.credential_mark(tokens.api_key()),
    )
    shown = credential.of_this_process()
    to_share = Relay(share_host, shown, tell_once, host="the share host") if share_host else None
    server = Server(record, records.secret(), Relay(upstream, shown, tell_once), Sharing(to_share, pace or Pace()))
    runner = await accepting(server, listening)
    records.write_record(record)
    LOG.info("listening at %s for %s", record.url, record.api_url)
    upstreams = [each for each in (upstream, share_host) if each is not None]
    return Proxied(record=record, server=server, runner=runner, upstreams=upstreams)


def share_upstream(sharing_url: str | None, limits: Limits, clocks: Clocks) -> Upstream | None:
    """Nothing there thinks before it answers, so silence is soon a reason to try again."""
    return Upstream(sharing_url, replace(limits, idle_s=SHARE_IDLE_S), clocks) if sharing_url else None


def usual_port() -> int:
    """That of the last run, so that what tools were told stays true."""
    last = records.last_record()
    return last.port if last else sockets.PREFERRED_PORT


async def accepting(server: Server, listening: Sequence[socket.socket]) -> web.AppRunner:
    runner = web.AppRunner(
        server.application(),
        access_log=None,
        handler_cancellation=True,
        auto_decompress=False,
        shutdown_timeout=LAST_ANSWERS_S,
    )
    await runner.setup()
    for one in listening:
        await web.SockSite(runner, one).start()
    return runner


async def closed(proxied: Proxied, limits: Limits) -> None:
    """Frees the port at once, lets open requests end within the limit, and then goes."""
    door = proxied.server.door
    for site in [*proxied.runner.sites]:
        await site.stop()
    LOG.info("stopping, with %d open requests", door.open_requests)
    door.is_shut.set()
    await asyncio.gather(door.leave(limits.drain_s), proxied.server.sharing.finish(limits.drain_s))
    await proxied.runner.cleanup()
    for upstream in proxied.upstreams:
        await upstream.close()


def stop_on_signals(server: Server) -> None:
    """SIGTERM and Ctrl-C ask the proxy to stop."""
    loop, ask = asyncio.get_running_loop(), server.door.asked_to_stop.set
    for number in (signal.SIGTERM, signal.SIGINT):
        if sys.platform == "win32":
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(ask))
        else:
            loop.add_signal_handler(number, ask)
