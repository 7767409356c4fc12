"""One running instance of a function: a process that has its handler loaded and takes one event at a time."""

import asyncio
import contextlib
import json
import os
import secrets
import socket
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from opencode_local.access.session import Session
from opencode_local.functions.invocation import FunctionFailed
from opencode_local.functions.settings import Settings
from opencode_local.offspring import group

BOOTSTRAP = Path(__file__).parent / "bootstrap.py"
INIT_TIMEOUT_S = 10.0
"""Source: Lambda developer guide, "Understanding the Lambda execution environment lifecycle" (read 2026-11-21)."""
LINE_LIMIT_BYTES = 64 * 2**20
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "SSL_CERT_FILE")
"""What Python itself needs of our own environment."""


class Log(Protocol):
    """Where an instance's lines go."""

    def write(self, line: bytes) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Order:
    """One invocation; `event` is JSON text."""

    request_id: str
    function_arn: str
    event: str
    timeout_s: float
    trace_id: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of it: a value, or Lambda's document of what the handler raised."""

    value: Any = None
    error: Mapping[str, Any] | None = None
    memory_bytes: int = 0
    """The most that the instance has used so far."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the code of a function and its layers is unpacked."""

    task_root: Path
    layers: Sequence[Path] = ()

    @property
    def import_paths(self) -> list[str]:
        return [str(self.task_root), *(str(layer / "python") for layer in self.layers)]


class InstanceEnded(Exception):
    """The process ended although it had work to do, or nothing yet."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(f"exit code {exit_code}")
        self.exit_code = exit_code


class Instance:
    """Ends with `end`, by itself, or with us."""

    def __init__(
        self, settings: Settings, place: Place, *, log: Log, log_stream: str, environment: Mapping[str, str]
    ) -> None:
        self._settings, self._place, self._log, self._log_stream = settings, place, log, log_stream
        self._environment = environment
        self._marker = secrets.token_hex(16)
        self._output_ended = asyncio.Queue[None]()
        self._scratch = tempfile.TemporaryDirectory(prefix="opencode-function-", ignore_cleanup_errors=True)
        self.init_s = 0.0

    async def start(self) -> None:
        """Returns once the handler is loaded. Raises FunctionFailed when it cannot be, in AWS's words."""
        begun = time.monotonic()
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-P", str(BOOTSTRAP), str(theirs.fileno())]
            self._process = await group.started(
                command,
                {**self._environment, "TMPDIR": self._scratch.name},
                self._place.task_root,
                pass_fds=[theirs.fileno()],
            )
        self._answers, self._orders = await asyncio.open_connection(sock=ours, limit=LINE_LIMIT_BYTES)
        self._pump = asyncio.create_task(self._pump_output())
        try:
            async with asyncio.timeout(INIT_TIMEOUT_S + self._settings.timeout_s):
                answer = await self._asked(self._about())
        except (TimeoutError, InstanceEnded) as error:
            await self.end()
            raise FunctionFailed(_init_failure(error)) from error
        self.init_s = time.monotonic() - begun
        if "error" in answer:
            await self.end()
            raise FunctionFailed(answer["error"])

    async def invoke(self, order: Order) -> Answer:
        """Raises InstanceEnded or TimeoutError, after which the instance is of no more use."""
        async with asyncio.timeout(order.timeout_s):
            answer = await self._asked(
                {
                    "request_id": order.request_id,
                    "function_arn": order.function_arn,
                    "deadline_ms": int((time.time() + order.timeout_s) * 1000),
                    "trace_id": order.trace_id,
                    "event": json.loads(order.event),
                }
            )
        value = json.loads(answer["answer"]) if "answer" in answer else None
        return Answer(value=value, error=answer.get("error"), memory_bytes=answer["memory_bytes"])

    async def end(self) -> None:
        """At once; all it has written reaches the log."""
        self._process.kill()
        await self._process.wait()
        await self._pump
        self._orders.close()
        with contextlib.suppress(ConnectionError):
            await self._orders.wait_closed()
        self._scratch.cleanup()

    @property
    def is_running(self) -> bool:
        return self._process.exit_code is None

    def _about(self) -> dict[str, Any]:
        known = self._settings
        return {
            "handler": known.handler,
            "import_paths": self._place.import_paths,
            "memory_mb": known.memory_mb,
            "marker": self._marker,
            "function_name": known.name,
            "function_version": "$LATEST",
            "log_group": known.log_group,
            "log_stream": self._log_stream,
            "log_format": known.log_format,
            "log_level": known.log_level,
        }

    async def _asked(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """The answer, once all that was printed before it has been logged."""
        with contextlib.suppress(ConnectionError):
            self._orders.write(json.dumps(order).encode() + b"\n")
            await self._orders.drain()
        line = await self._answered()
        if not line:
            raise InstanceEnded(await self._process.wait())
        await self._output_ended.get()
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def _answered(self) -> bytes:
        """Empty when the process has ended."""
        try:
            return await self._answers.readline()
        except ConnectionError:
            return b""

    async def _pump_output(self) -> None:
        """Lines to the log, markers to whoever waits for the end of an invocation's output."""
        marker, held = f"{self._marker}\n".encode(), b""
        while chunk := await self._process.output.read():
            *finished, held = (held + chunk).split(marker)
            for output in finished:
                self._write(output)
                self._output_ended.put_nowait(None)
            whole, newline, held = held.rpartition(b"\n")
            self._write(whole + newline)
        self._write(held)
        self._process.output.close()

    def _write(self, output: bytes) -> None:
        for line in output.split(b"\n"):
            if line:
                self._log.write(line)


def environment(
    settings: Settings, place: Place, *, session: Session, log_stream: str, declared: Mapping[str, str]
) -> dict[str, str]:
    """All that a process of the function sees.

    Source: Lambda developer guide, "Working with Lambda environment variables", defined runtime environment variables
    (read 2026-11-21).
    """
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {
        **passed,
        **declared,
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PYTHONUNBUFFERED": "1",
        "_HANDLER": settings.handler,
        "LAMBDA_TASK_ROOT": str(place.task_root),
        "LAMBDA_RUNTIME_DIR": str(BOOTSTRAP.parent),
        "AWS_REGION": settings.region,
        "AWS_DEFAULT_REGION": settings.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{settings.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": settings.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(settings.memory_mb),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": settings.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_ACCESS_KEY_ID": session.access_key_id,
        "AWS_SECRET_ACCESS_KEY": session.secret_access_key,
        "AWS_SESSION_TOKEN": session.session_token,
    }


def _init_failure(error: TimeoutError | InstanceEnded) -> dict[str, str]:
    if isinstance(error, InstanceEnded):
        return exit_failure(error, "")
    return {"errorType": "Sandbox.Timedout", "errorMessage": f"Init timed out after {INIT_TIMEOUT_S:.2f} seconds"}


def exit_failure(error: InstanceEnded, request_id: str) -> dict[str, str]:
    """As Lambda tells of a runtime that went away."""
    code = error.exit_code
    why = f"signal: {-code}" if code < 0 else f"exit status {code}"
    said = "Runtime exited without providing a reason" if code == 0 else f"Runtime exited with error: {why}"
    return {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {request_id} Error: {said}"}
