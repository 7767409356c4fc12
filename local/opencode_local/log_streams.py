"""Lines of tasks and functions on their way into CloudWatch Logs: batched, and never in anybody's way.

Sources: CloudWatch Logs API reference, "PutLogEvents"; Docker documentation, "Amazon CloudWatch Logs logging driver"
and "Configure the delivery mode of log messages from container to log driver" (read 2026-11-21).
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from opencode_local.access.session import Session
from opencode_local.role_clients import RoleClients

MAX_BATCH_EVENTS = 10_000
MAX_BATCH_BYTES = 1_048_576
EVENT_OVERHEAD_BYTES = 26
MAX_EVENT_BYTES = 262_118
"""Where the driver cuts a long line in two."""
DEFAULT_BUFFER_BYTES = 10 * 1024 * 1024
"""`max-buffer-size` of a container that declares none: ECS developer guide, "Send Amazon ECS logs to CloudWatch"."""
GATHER_S = 0.1
RETRY_S = 5.0
STOP_S = 5.0
ALREADY_THERE = "ResourceAlreadyExistsException"


class LogsRefused(Exception):
    """The log group is not there, or the role may not write to it; the text is AWS's."""


@dataclass(frozen=True, slots=True)
class Line:
    """One log event."""

    timestamp_ms: int
    message: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSettings:
    """How one stream behaves."""

    max_buffer_bytes: int = DEFAULT_BUFFER_BYTES
    creates_group: bool = False
    """`awslogs-create-group`."""
    on_refusal: Callable[[str], None] = lambda _: None
    """Called from the writer's thread, once for refusals in a row."""


class LogStream:
    """One stream. Lines wait in a bounded buffer; when it is full, the newest are lost."""

    def __init__(
        self, place: tuple[str, str, str], session: Callable[[], Session], settings: StreamSettings, owner: "LogStreams"
    ) -> None:
        self.region, self.group, self.name = place
        self.lost = 0
        self.refusal = ""
        """Why lines are not taken; empty while they are."""
        self.session = session
        self.is_created = False
        self.settings = settings
        self._owner = owner
        self._waiting: deque[Line] = deque()
        self._waiting_bytes = 0
        self.is_closed = False
        self.not_before = 0.0

    def write(self, line: bytes) -> None:
        """Takes a line with or without its end; never waits, never raises. From any thread."""
        timestamp_ms = int(self._owner.clock() * 1000)
        text = line.rstrip(b"\r\n")
        with self._owner.changed:
            for start in range(0, len(text), MAX_EVENT_BYTES):
                message = text[start : start + MAX_EVENT_BYTES].decode("utf-8", "replace")
                self._take(Line(timestamp_ms, message, len(message.encode()) + EVENT_OVERHEAD_BYTES))
            self._owner.changed.notify_all()

    def close(self) -> None:
        """No more lines; those that wait are still written."""
        with self._owner.changed:
            self.is_closed = True
            self._owner.changed.notify_all()

    def create(self) -> None:
        """Makes the stream now, as a container in blocking mode waits for. Takes time; raises LogsRefused."""
        self._owner.create(self)

    @property
    def is_idle(self) -> bool:
        return not self._waiting

    @property
    def is_done(self) -> bool:
        """Nobody adds to it, and nobody takes what is left."""
        return self.is_closed and (self.is_idle or bool(self.refusal))

    def batch(self) -> Sequence[Line]:
        """The oldest lines that fit into one call; they stay until `written`."""
        chosen: list[Line] = []
        size_bytes = 0
        for line in self._waiting:
            size_bytes += line.size_bytes
            if len(chosen) == MAX_BATCH_EVENTS or size_bytes > MAX_BATCH_BYTES:
                break
            chosen.append(line)
        return chosen

    def written(self, count: int) -> None:
        for _ in range(count):
            self._waiting_bytes -= self._waiting.popleft().size_bytes
        self.refusal = ""

    def refused(self, reason: str, *, until: float) -> None:
        """Tells of the first of several refusals in a row."""
        self.not_before = until
        if not self.refusal:
            self.settings.on_refusal(reason)
        self.refusal = reason

    def _take(self, line: Line) -> None:
        if self.is_closed or self._waiting_bytes + line.size_bytes > self.settings.max_buffer_bytes:
            self.lost += 1
            return
        self._waiting.append(line)
        self._waiting_bytes += line.size_bytes


DEFAULTS = StreamSettings()


class LogStreams:
    """All streams of a run, and the thread that writes them."""

    def __init__(self, endpoint_url: str, region: str, *, clock: Callable[[], float] = time.time) -> None:
        """`endpoint_url` is the AWS endpoint with its policies; `region` counts where a stream names none."""
        self.clock = clock
        self.changed = threading.Condition()
        self._clients = RoleClients(endpoint_url)
        self._region = region
        self._streams: list[LogStream] = []
        self._stopping = threading.Event()
        self._writer: threading.Thread | None = None

    def stream(
        self,
        group: str,
        name: str,
        session: Callable[[], Session],
        *,
        region: str = "",
        settings: StreamSettings = DEFAULTS,
    ) -> LogStream:
        """A stream of its own, made in CloudWatch Logs with its first line."""
        stream = LogStream((region or self._region, group, name), session, settings, self)
        with self.changed:
            self._streams.append(stream)
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_for_ever, name="log-streams", daemon=True)
                self._writer.start()
        return stream

    async def flush(self, streams: Sequence[LogStream] | None = None, *, within_s: float = STOP_S) -> None:
        """Returns once every line of those streams, or of all, is written or refused, or after `within_s`."""
        await asyncio.to_thread(self._wait_until_idle, streams, within_s)

    async def stop(self, *, within_s: float = STOP_S) -> None:
        """Writes what is left, for at most `within_s` seconds."""
        await self.flush(within_s=within_s)
        self._stopping.set()
        with self.changed:
            self.changed.notify_all()
        if self._writer is not None:
            await asyncio.to_thread(self._writer.join, within_s)
        self._clients.close()

    def create(self, stream: LogStream) -> None:
        """Raises LogsRefused."""
        client = self._client(stream)
        if stream.settings.creates_group:
            _made(client.create_log_group, logGroupName=stream.group)
        _made(client.create_log_stream, logGroupName=stream.group, logStreamName=stream.name)
        stream.is_created = True

    def _client(self, stream: LogStream) -> Any:
        return self._clients.client("logs", stream.region, stream.session())

    def _write_for_ever(self) -> None:
        while not self._stopping.is_set():
            with self.changed:
                is_refused = any(not stream.is_idle for stream in self._streams)
                self.changed.wait_for(self._has_work, timeout=RETRY_S if is_refused else None)
                due = self._due()
            for stream in due:
                self._write(stream)
            with self.changed:
                self._streams = [one for one in self._streams if not one.is_done]
                self.changed.notify_all()
            self._stopping.wait(GATHER_S)

    def _has_work(self) -> bool:
        return self._stopping.is_set() or bool(self._due())

    def _due(self) -> Sequence[LogStream]:
        now = time.monotonic()
        return [stream for stream in self._streams if not stream.is_idle and stream.not_before <= now]

    def _write(self, stream: LogStream) -> None:
        with self.changed:
            batch = stream.batch()
        try:
            if not stream.is_created:
                self.create(stream)
            self._client(stream).put_log_events(
                logGroupName=stream.group,
                logStreamName=stream.name,
                logEvents=[{"timestamp": line.timestamp_ms, "message": line.message} for line in batch],
            )
        except Exception as error:  # whatever it was, it must not end the thread that writes all streams
            reason = _worded(error) if isinstance(error, ClientError) else str(error)
            stream.refused(reason, until=time.monotonic() + RETRY_S)
        else:
            with self.changed:
                stream.written(len(batch))

    def _wait_until_idle(self, streams: Sequence[LogStream] | None, within_s: float) -> None:
        def is_idle() -> bool:
            return all(one.is_idle or one.refusal for one in (self._streams if streams is None else streams))

        with self.changed:
            self.changed.wait_for(is_idle, timeout=within_s)


def _made(create: Callable[..., object], **params: str) -> None:
    """Raises LogsRefused, but not for what is already there."""
    try:
        create(**params)
    except ClientError as error:
        if error.response["Error"]["Code"] != ALREADY_THERE:
            raise LogsRefused(_worded(error)) from error
    except BotoCoreError as error:
        raise LogsRefused(str(error)) from error


def _worded(error: ClientError) -> str:
    """Like `AccessDeniedException: User: ... is not authorized to perform: ...`."""
    return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
