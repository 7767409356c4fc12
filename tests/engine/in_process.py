"""A program that runs in this process when an engine asks for it, so that Python and what it imports start once."""

import asyncio
import contextvars
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import grpc
from pulumi import RunError
from pulumi.runtime.config import set_all_config
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2
from pulumi.runtime.settings import Settings, configure
from pulumi.runtime.stack import run_in_stack

from opencode_components.testing.deployment import finished, folder_program

WORKERS = 4
MAX_MESSAGE_BYTES = 64 << 20  # as much as our provider takes


@contextmanager
def language_runtime(folder: Path) -> Iterator[str]:
    """The address for `pulumi --client`: the folder's `__main__.py` runs here, each time in a context of its own."""
    server = grpc.server(
        ThreadPoolExecutor(WORKERS, thread_name_prefix="language"),
        options=[("grpc.max_receive_message_length", MAX_MESSAGE_BYTES)],
    )
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(Language(folder_program(folder)), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(grace=None).wait()


class Language(language_pb2_grpc.LanguageRuntimeServicer):
    """The runtime of one program. The SDK has the same behind `auto.Stack`; after a failed run its tasks stay behind.

    Source: pulumi/automation/_server.py of the SDK 3.272 (read 2026-11-21).
    """

    def __init__(self, program: Callable[[], None]) -> None:
        self._program = program

    def GetPluginInfo(self, _request: object, _context: object) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo()

    def GetRequiredPackages(self, _request: object, _context: object) -> language_pb2.GetRequiredPackagesResponse:
        return language_pb2.GetRequiredPackagesResponse()

    def Run(self, request: language_pb2.RunRequest, _context: object) -> language_pb2.RunResponse:
        try:
            contextvars.Context().run(self._run, request)
        except RunError as reason:
            return language_pb2.RunResponse(error=str(reason))
        except Exception:
            return language_pb2.RunResponse(error=traceback.format_exc())
        return language_pb2.RunResponse()

    def _run(self, request: language_pb2.RunRequest) -> None:
        with asyncio.Runner() as runner:
            loop = runner.get_loop()
            loop.set_default_executor(ThreadPoolExecutor(request.parallel, thread_name_prefix="registration"))
            # What a failed registration takes with it is not worth a line for each.
            loop.set_exception_handler(lambda _loop, _context: None)
            runner.run(self._evaluate(request))

    async def _evaluate(self, request: language_pb2.RunRequest) -> None:
        configure(
            Settings(
                project=request.project,
                stack=request.stack,
                organization=request.organization,
                monitor=request.monitor_address,
                engine=request.args[0],
                parallel=request.parallel,
                dry_run=request.dryRun,
            )
        )
        set_all_config(dict(request.config), list(request.configSecretKeys))
        await run_in_stack(lambda: finished(self._program))
