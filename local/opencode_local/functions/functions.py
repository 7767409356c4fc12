"""All functions of a program, and everything that sends them events."""

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from opencode_components.testing.graph import Graph
from opencode_local import archives
from opencode_local.access.session import Session
from opencode_local.addresses import Addresses
from opencode_local.functions.arns import unqualified
from opencode_local.functions.asynchronous import Deliveries
from opencode_local.functions.instance import Place
from opencode_local.functions.permissions import Permissions
from opencode_local.functions.polling import RoleCalls
from opencode_local.functions.running import Around, Log, RunningFunction
from opencode_local.functions.settings import TOKEN, Settings, settings
from opencode_local.functions.signed_callers import SignedCallers
from opencode_local.functions.sources import Source, sources
from opencode_local.functions.timing import Timing
from opencode_local.functions.wiring import Wiring
from opencode_local.role_clients import RoleClients
from opencode_local.status import Status

SERVICE = "lambda.amazonaws.com"


class Credentials(Protocol):
    """Sessions of declared roles."""

    def session(self, role_arn: str, name: str, *, service: str, source_arn: str) -> Session: ...


class Logs(Protocol):
    """Log streams of declared log groups."""

    def stream(self, group: str, name: str, session: Callable[[], Session], *, region: str) -> Log: ...


class Functions:
    """Started from the graph; `invoke` is the same for whoever asks."""

    def __init__(
        self,
        graph: Graph,
        *,
        credentials: Credentials,
        addresses: Addresses,
        logs: Logs,
        variables: Mapping[str, str],
    ) -> None:
        """`variables` are added to what functions declare; queues and streams are read at its AWS_ENDPOINT_URL.

        Raises UnsupportedFunction.
        """
        self._credentials, self._addresses, self._logs, self._variables = credentials, addresses, logs, variables
        self._graph = graph
        self._declared = [settings(graph, resource) for resource in graph.all(TOKEN)]
        self._permissions = Permissions(graph)
        self._clients = RoleClients(variables.get("AWS_ENDPOINT_URL", ""))
        self._running: dict[str, RunningFunction] = {}
        self._sources: list[Source] = []
        self._deliveries: Deliveries | None = None
        self._folders = contextlib.ExitStack()
        self.timing = Timing()
        """Counts from the next start."""
        self.callers: SignedCallers | None = None
        """Who may sign; to be set before the start where URLs or APIs have AWS_IAM, or schedules have a role."""

    async def start(self) -> None:
        """Unpacks every function's code and starts what sends events; instances start when they are needed.

        Raises UnreadableArchive, UnsupportedFunction; then nothing is left running.
        """
        try:
            await self._start_all()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Sources first, then what is on its way, then the functions."""
        await asyncio.gather(*(source.stop() for source in self._sources))
        if self._deliveries is not None:
            await self._deliveries.stop()
        await asyncio.gather(*(function.stop() for function in self._running.values()))
        self._sources.clear()
        self._running.clear()
        self._clients.close()
        self._folders.close()

    def status(self) -> list[Status]:
        functions = [
            Status(
                name=function.settings.name,
                kind="function",
                state="Active",
                detail=f"{function.instances} instances, {function.working} at work",
            )
            for function in self._running.values()
        ]
        return functions + [source.status() for source in self._sources]

    async def invoke(self, function_arn: str, event: Any) -> Any:
        """Raises FunctionFailed, Throttled, or LookupError for an unknown ARN."""
        running = self._running.get(unqualified(function_arn))
        if running is None:
            raise LookupError(f"Function not found: {function_arn}")
        return await running.invoke(event, function_arn)

    async def _start_all(self) -> None:
        root = Path(self._folders.enter_context(tempfile.TemporaryDirectory(prefix="opencode-functions-")))
        for number, known in enumerate(self._declared):
            place = await asyncio.to_thread(unpacked, known, root / str(number))
            self._running[known.arn] = RunningFunction(known, place, self._around(known))
        self._deliveries = Deliveries(self.invoke, sleep=self.timing.sleep)
        for source in sources(self._graph, self._wiring(self._deliveries)):
            self._sources.append(source)
            await source.start()

    def _session(self, known: Settings) -> Session:
        """The role that the function acts as. May take some time; raises NotTrusted when it is not for functions."""
        return self._credentials.session(known.role_arn, known.name, service=SERVICE, source_arn=known.arn)

    def _around(self, known: Settings) -> Around:
        return Around(
            session=lambda: self._session(known),
            log=lambda name: self._logs.stream(
                known.log_group, name, lambda: self._session(known), region=known.region
            ),
            environment=lambda: self._environment(known),
            idle_s=self.timing.idle_s,
        )

    def _environment(self, known: Settings) -> Mapping[str, str]:
        declared = {name: self._addresses.local(text) for name, text in known.environment.items()}
        return {**declared, **self._variables}

    def _wiring(self, deliveries: Deliveries) -> Wiring:
        return Wiring(
            invoke=self.invoke,
            send=deliveries.send,
            permissions=self._permissions,
            addresses=self._addresses,
            timing=self.timing,
            calls=self._calls,
            session=lambda role, service, source: self._credentials.session(
                role, source.rpartition("/")[2], service=service, source_arn=source
            ),
            callers=self.callers,
        )

    def _calls(self, function_arn: str, region: str) -> RoleCalls:
        known = self._running[unqualified(function_arn)].settings
        return RoleCalls(self._clients, region, lambda: self._session(known))


def unpacked(known: Settings, folder: Path) -> Place:
    """The function's code and its layers, in folders of their own."""
    task_root = folder / "task"
    task_root.mkdir(parents=True)
    archives.unpack(archives.files(known.code), task_root)
    layers = [folder / f"layer-{number}" for number in range(len(known.layers))]
    for layer, archive in zip(layers, known.layers, strict=True):
        archives.unpack(archives.files(archive), layer)
    return Place(task_root=task_root, layers=layers)
