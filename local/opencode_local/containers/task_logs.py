"""Where a container's output goes: its stream in CloudWatch Logs, as the awslogs driver names it.

Source: ECS developer guide, "Send Amazon ECS logs to CloudWatch" (read 2026-11-21): `<prefix>/<container>/<task id>`.
"""

import asyncio

from opencode_local.containers.definition import Container
from opencode_local.containers.host import TaskHost, TaskIdentity
from opencode_local.log_streams import DEFAULT_BUFFER_BYTES, LogsRefused, LogStream, StreamSettings

FAILED = (
    "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to "
    "create Cloudwatch log stream: "
)


async def log_stream(host: TaskHost, task: TaskIdentity, container: Container) -> LogStream | None:
    """None when none is declared. The service says so when lines are refused.

    Raises LogsRefused for a container in blocking mode, which does not start without its log.
    """
    log = container.log
    if log is None:
        return None
    loop = asyncio.get_running_loop()

    def refused(reason: str) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(host.tell, f"(task {task.id}) log lines are not taken by {log.group}: {reason}")

    stream = host.logs.stream(
        log.group,
        f"{log.stream_prefix}/{container.name}/{task.id}",
        lambda: task.session(host),
        region=log.region,
        settings=StreamSettings(
            max_buffer_bytes=log.max_buffer_bytes or DEFAULT_BUFFER_BYTES,
            creates_group=log.creates_group,
            on_refusal=refused,
        ),
    )
    if log.is_blocking:
        try:
            await asyncio.to_thread(stream.create)
        except LogsRefused as error:
            stream.close()
            raise LogsRefused(FAILED + str(error)) from error
    return stream
