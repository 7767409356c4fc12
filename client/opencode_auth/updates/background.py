"""The proxy, which runs all day, looks once a day for a newer version, so that no command has to.

It does so by a process of its own: the proxy stays small, and nothing waits for a slow answer when it stops.
"""

import asyncio
import logging
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from opencode_auth import gateway
from opencode_auth.errors import ClientError
from opencode_auth.proxy.daemon import own_command
from opencode_auth.updates import notice

LOG = logging.getLogger(__name__)
PAUSE_S = 3600.0
"""By the clock on the wall a day may pass in an hour of this: machines sleep."""
TIMEOUT_S = 120.0
CREATE_NO_WINDOW = 0x08000000
"""Source: Microsoft, "Process Creation Flags" (read 2026-11-21)."""


async def keep_checking() -> None:
    """Until it is cancelled."""
    while True:
        try:
            if is_due():
                await check()
        except (ClientError, OSError) as error:
            LOG.warning("could not look for a newer version: %s", error)
        await asyncio.sleep(PAUSE_S)


def is_due() -> bool:
    """A gateway without downloads is not asked."""
    settings = gateway.earlier()
    return bool(settings and settings.downloads_url and not notice.is_off() and notice.is_due(settings.api_url))


async def check() -> None:
    """Ends with the process that checks, or ends it."""
    quiet = subprocess.DEVNULL
    child = await asyncio.create_subprocess_exec(
        *own_command(), "update", "--check", stdin=quiet, stdout=quiet, stderr=quiet, **without_window(sys.platform)
    )
    try:
        async with asyncio.timeout(TIMEOUT_S):
            LOG.info("looked for a newer version: exit code %d", await child.wait())
    except TimeoutError:
        LOG.warning("looked for a newer version in vain: no answer within %.0f s", TIMEOUT_S)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


def without_window(platform: str) -> Mapping[str, Any]:
    return {"creationflags": CREATE_NO_WINDOW} if platform == "win32" else {}
