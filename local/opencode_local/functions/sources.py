"""Everything of a program that invokes its functions by itself: URLs, APIs, queues, streams and schedules."""

import asyncio
from collections.abc import Iterator
from typing import Protocol

from opencode_components.testing.graph import Graph
from opencode_local.access.decision import Denied
from opencode_local.access.needs import Need
from opencode_local.access.trust import NotTrusted
from opencode_local.functions import function_urls, http_apis, mappings, schedules
from opencode_local.functions.function_urls import FunctionUrl
from opencode_local.functions.http_apis import HttpApi
from opencode_local.functions.mappings import Mapped
from opencode_local.functions.permissions import INVOKE
from opencode_local.functions.polling import Polling, RoleCalls
from opencode_local.functions.queues import Queue
from opencode_local.functions.schedules import Plan, Scheduled
from opencode_local.functions.settings import UnsupportedFunction
from opencode_local.functions.streams import Stream
from opencode_local.functions.websocket_apis import WebSocketApi
from opencode_local.functions.wiring import Wiring
from opencode_local.status import Status

QUEUE = "aws:sqs/queue:Queue"
EVENTS = "events.amazonaws.com"
SCHEDULER = "scheduler.amazonaws.com"


class Source(Protocol):
    """Something that sends events for as long as it runs."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def status(self) -> Status: ...


def sources(graph: Graph, wiring: Wiring) -> list[Source]:
    """In the order in which they are started. Raises UnsupportedFunction."""
    served = [*_urls(graph, wiring), *_apis(graph, wiring)]
    return [*served, *_pollers(graph, wiring), *_schedules(graph, wiring)]


def _urls(graph: Graph, wiring: Wiring) -> Iterator[Source]:
    for resource in graph.all(function_urls.TOKEN):
        yield FunctionUrl(resource, wiring)


def _apis(graph: Graph, wiring: Wiring) -> Iterator[Source]:
    for resource in graph.all(http_apis.API):
        is_websocket = resource.outputs["protocolType"] == "WEBSOCKET"
        yield WebSocketApi(graph, resource, wiring) if is_websocket else HttpApi(graph, resource, wiring)


def _pollers(graph: Graph, wiring: Wiring) -> Iterator[Source]:
    for resource in graph.all(mappings.TOKEN):
        known = mappings.mapped(resource)
        if known is not None:
            calls = wiring.calls(known.function_arn, known.region)
            yield Polling(known, _poller(graph, known, wiring, calls), calls, wiring.timing)


def _poller(graph: Graph, known: Mapped, wiring: Wiring, calls: RoleCalls) -> Queue | Stream:
    if known.service == "dynamodb":
        return Stream(known, call=calls.call, invoke=wiring.invoke, timing=wiring.timing)
    queue = next((queue for queue in graph.all(QUEUE) if queue.outputs.get("arn") == known.source_arn), None)
    if queue is None:
        raise UnsupportedFunction(f"{known.name}: {known.source_arn} is no queue of the program")
    url = str(queue.outputs["url"])
    return Queue(known, url, call=calls.call, invoke=wiring.invoke, timing=wiring.timing)


def _schedules(graph: Graph, wiring: Wiring) -> Iterator[Source]:
    for plan in schedules.plans(graph):
        admit = _by_role(plan, wiring) if plan.role_arn else _by_permission(plan, wiring)
        yield Scheduled(plan, send=wiring.send, admit=admit, timing=wiring.timing)


def _by_permission(plan: Plan, wiring: Wiring) -> schedules.Admit:
    """Rules invoke a function where its own policy lets them."""

    async def admit() -> None:
        if not wiring.permissions.allow(plan.function_arn, EVENTS, plan.arn):
            raise PermissionError(f"no permission of {plan.function_arn} lets {plan.arn} invoke it")

    return admit


def _by_role(plan: Plan, wiring: Wiring) -> schedules.Admit:
    """Schedules invoke a function as the role that they name."""
    callers = wiring.callers
    if callers is None:
        raise UnsupportedFunction(f"{plan.name}: schedules with a role need the run's own AWS endpoint")

    async def admit() -> None:
        need = Need(action=INVOKE, resource=plan.function_arn)
        try:
            session = await asyncio.to_thread(wiring.session, plan.role_arn, SCHEDULER, plan.arn)
            await callers.check(session, need, region=plan.arn.split(":")[3])
        except (Denied, NotTrusted) as error:
            raise PermissionError(str(error)) from error

    return admit
