"""A program that runs in this process when an engine asks, as the SDK's automation does: Python starts once for all."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import grpc

# The module is private; the class behind `auto.Stack.preview(program=...)` is what an engine of any language talks to.
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2_grpc

from opencode_components.testing.deployment import folder_program

WORKERS = 4
MAX_MESSAGE_BYTES = 64 << 20  # as much as our provider takes


@contextmanager
def language_runtime(folder: Path) -> Iterator[str]:
    """The address for `pulumi --client=...`: runs of that engine evaluate the folder's `__main__.py` here."""
    server = grpc.server(
        ThreadPoolExecutor(WORKERS, thread_name_prefix="language"),
        options=[("grpc.max_receive_message_length", MAX_MESSAGE_BYTES)],
    )
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageServer(folder_program(folder)), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    asyncio_log = logging.getLogger("asyncio")
    level = asyncio_log.level
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(grace=None).wait()
        # The SDK silences it for good.
        asyncio_log.setLevel(level)
