"""Starting the proxy apart from any terminal, and stopping it: one per install, whoever asks.

The child tells its parent over a pipe that it accepts requests, or why it cannot; nobody waits for a fixed time.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from opencode_auth import gateway, paths, tokens
from opencode_auth.errors import ClientError, Misused
from opencode_auth.files import lock, private_folder
from opencode_auth.gateway import GatewaySettings
from opencode_auth.output import say
from opencode_auth.packed import is_packed
from opencode_auth.proxy import identity
from opencode_auth.proxy.notification import reap
from opencode_auth.proxy.record import ProxyAddress, Record, credential_mark, running, secret
from opencode_auth.version import VERSION

READY_TIMEOUT_S = 20.0
FREE_TIMEOUT_S = 5.0
DRAINED_TIMEOUT_S = 40.0
"""The proxy itself cuts its open requests off before that."""
DETACHED_PROCESS, CREATE_NEW_PROCESS_GROUP = 0x00000008, 0x00000200
"""Source: Microsoft, "Process Creation Flags" (read 2026-11-21)."""


def ensure(port: int | None = None) -> ProxyAddress:
    """The running proxy, started when there is none, replaced when it serves another gateway, key or version.

    `port` is where it should listen; the next free one is taken instead. Raises ClientError when it does not start.
    """
    settings = gateway.saved()
    with start_lock():
        found = running()
        if found is None or not is_current(found, settings):
            if found is not None:
                ask_to_stop(found, is_drained=False)
            found = launched(port)
            tell_tools(found.url)
        return ProxyAddress(url=found.url, secret=secret())


def tell_tools(url: str) -> None:
    """Tools that were configured for another address of the proxy are pointed at this one; one that cannot is named."""
    from opencode_auth.tools.config_file import follow_proxy  # noqa: PLC0415  start-up

    try:
        for name in follow_proxy(url):
            say(f"{name}: now goes by {url}")
    except ClientError as error:
        say(f"the proxy is at {url}; a tool could not be told: {error.message}")


def is_current(record: Record, settings: GatewaySettings) -> bool:
    """Whether that proxy does what a new one of this process would do."""
    told = (record.version, record.api_url, record.sharing_url, record.credential_mark)
    return told == (VERSION, settings.api_url, settings.sharing_url, credential_mark(tokens.api_key()))


def stop() -> bool:
    """Ends the running proxy after its open requests, or the limit for them; False when there was none."""
    found = running()
    if found is None:
        return False
    ask_to_stop(found, is_drained=True)
    return True


def start_lock() -> Any:
    """Held while a proxy starts: a context manager. Raises ClientError when another start takes too long."""
    return lock(paths.state_folder() / "proxy.lock", timeout_s=READY_TIMEOUT_S + FREE_TIMEOUT_S)


def ask_to_stop(record: Record, *, is_drained: bool) -> None:
    """Returns once its port is free, with `is_drained` once its requests have ended. Raises ClientError."""
    from http.client import HTTPConnection, HTTPException  # noqa: PLC0415  start-up

    timeout_s = DRAINED_TIMEOUT_S if is_drained else FREE_TIMEOUT_S
    connection = HTTPConnection(identity.LOOPBACK, record.port, timeout=timeout_s)
    try:
        path = f"{identity.STOP_PATH}?drained=1" if is_drained else identity.STOP_PATH
        connection.request("POST", path, headers={"Authorization": f"Bearer {secret()}"})
        connection.getresponse().read()
    except (OSError, HTTPException) as error:
        raise ClientError(
            f"the proxy (process {record.pid}) did not stop: {type(error).__name__}", hint=f"kill {record.pid}"
        ) from error
    finally:
        connection.close()


def launched(port: int | None) -> Record:
    """A new proxy that outlives this process and its terminal. Raises ClientError with the child's own reason."""
    words = [*own_command(), "proxy", "start", "--foreground", "--handshake"]
    if port is not None:
        words += ["--port", str(port)]
    child = subprocess.Popen(  # noqa: S603  this program itself
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=private_folder(paths.state_folder()),
        **detachment(sys.platform),
    )
    reap(child)
    return first_word(child)


def first_word(child: "subprocess.Popen[bytes]") -> Record:
    """What the child says of itself: a record, or an error."""
    from threading import Timer  # noqa: PLC0415  start-up

    assert child.stdout is not None  # noqa: S101  it was asked for
    patience = Timer(READY_TIMEOUT_S, child.kill)
    patience.start()
    with child.stdout:
        line = child.stdout.readline()
    patience.cancel()
    if not line:
        raise ClientError("the proxy ended before it was ready", hint="opencode-auth proxy logs")
    said = json.loads(line)
    if "error" in said:
        raise (Misused if said["exit_code"] == Misused.exit_code else ClientError)(said["error"], hint=said["hint"])
    return Record(**said)


def own_command() -> Sequence[str]:
    """How this program is started again, whether it was installed or packed into one file."""
    if is_packed():
        return (sys.executable,)
    # -P: the working directory is no place for modules
    return (sys.executable, "-P", "-m", "opencode_auth")


def detachment(platform: str) -> Mapping[str, Any]:
    """Arguments of Popen for a child that no terminal's end and no Ctrl-C reaches."""
    if platform == "win32":
        return {"creationflags": DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def shake_hands(said: Mapping[str, object]) -> None:
    """In the child: one line to the parent, and nothing on that pipe ever after."""
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
    nowhere = os.open(Path(os.devnull), os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
