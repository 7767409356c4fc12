"""A load balancer of a small program, with targets that the tests control."""

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import aiohttp
import pulumi_aws as aws
import pytest
from aiohttp import web

from opencode_components.testing import Graph, deploy
from opencode_local.addresses import Addresses
from opencode_local.balancer.authentication import Authentication
from opencode_local.balancer.balancer import LoadBalancer
from opencode_local.balancer.outgoing import TIMEOUT_S
from opencode_local.balancer.registrations import Target
from opencode_local.balancer.target_groups import TargetGroup, attached
from opencode_local.balancer.tempo import Tempo
from opencode_local.functions.invocation import Invoke

GUIDE = "Application Load Balancer user guide"
PATIENCE_S = 10


def documented(title: str, document: str = GUIDE) -> pytest.MarkDecorator:
    """Names the page that says what a test holds: it becomes a part of the test's id."""
    page = f"{document}: {title}"
    return pytest.mark.parametrize("source", [page], ids=[page])


class Ticks:
    """A pulse that beats when a test says so."""

    def __init__(self) -> None:
        self.waited: list[float] = []
        """For how many seconds each check waits, newest last."""
        self._beat = asyncio.Event()
        self._waiting = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self._waiting.set()
        await self._beat.wait()

    async def beat(self) -> None:
        """One more check: returns when all that wait have made it and wait again."""
        self._waiting.clear()
        beat, self._beat = self._beat, asyncio.Event()
        beat.set()
        await asyncio.wait_for(self._waiting.wait(), PATIENCE_S)


@dataclass
class Rule:
    """What a listener does where the conditions are met."""

    conditions: Sequence[Any]
    actions: Sequence[Any]


@dataclass(kw_only=True)
class Declared:
    """A program with one load balancer; actions name target groups by these names."""

    groups: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {"web": {}})
    rules: Sequence[Rule] = ()
    default: Any = None
    """The default action; None forwards to the first target group."""
    balancer: Mapping[str, Any] = field(default_factory=dict)
    listener: Mapping[str, Any] = field(default_factory=dict)
    functions: Mapping[str, str] = field(default_factory=dict)
    """ARNs of functions by target group."""

    def graph(self) -> Graph:
        return deploy(self._body)

    def _body(self) -> None:
        balancer = aws.lb.LoadBalancer("web", load_balancer_type="application", **self.balancer)
        arns = {name: self._group(name, settings) for name, settings in self.groups.items()}
        for name, function in self.functions.items():
            aws.lb.TargetGroupAttachment(name, target_group_arn=arns[name], target_id=function)
        default = self.default or forward(next(iter(self.groups)))
        declared: dict[str, Any] = {"port": 443, "protocol": "HTTPS", **self.listener}
        listener = aws.lb.Listener(
            "web", load_balancer_arn=balancer.arn, default_actions=[filled(default, arns)], **declared
        )
        for priority, rule in enumerate(self.rules, start=1):
            aws.lb.ListenerRule(
                f"rule-{priority}",
                listener_arn=listener.arn,
                priority=priority,
                conditions=list(rule.conditions),
                actions=[filled(action, arns) for action in rule.actions],
            )

    @staticmethod
    def _group(name: str, settings: Mapping[str, Any]) -> Any:
        defaults = {} if settings.get("target_type") == "lambda" else {"port": 80, "protocol": "HTTP"}
        return aws.lb.TargetGroup(name, **{"target_type": "ip", **defaults, **settings}).arn


def filled(declared: Any, arns: Mapping[str, Any]) -> Any:
    """With target groups' ARNs in the place of their names."""
    if isinstance(declared, Mapping):
        return {
            key: arns[value] if key in {"target_group_arn", "arn"} else filled(value, arns)
            for key, value in declared.items()
        }
    return [filled(each, arns) for each in declared] if isinstance(declared, list) else declared


def forward(name: str) -> dict[str, Any]:
    return {"type": "forward", "target_group_arn": name}


def weighted(stickiness: Mapping[str, Any] | None = None, /, **weights: int) -> dict[str, Any]:
    groups = [{"arn": name, "weight": weight} for name, weight in weights.items()]
    return {"type": "forward", "forward": {"target_groups": groups, "stickiness": stickiness}}


def fixed(status: str, body: str = "", content_type: str = "text/plain") -> dict[str, Any]:
    settings = {"content_type": content_type, "status_code": status, "message_body": body}
    return {"type": "fixed-response", "fixed_response": settings}


def redirect(**settings: str) -> dict[str, Any]:
    return {"type": "redirect", "redirect": {"status_code": "HTTP_302", **settings}}


@dataclass
class Balanced:
    """It runs."""

    balancer: LoadBalancer
    groups: Mapping[str, TargetGroup]
    """By the names of the program."""
    addresses: Addresses
    client: aiohttp.ClientSession

    @property
    def url(self) -> str:
        return self.balancer.listeners[0].url

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    async def add(self, group: str, target: Target) -> Target:
        """Registers it and waits until it is healthy."""
        self.groups[group].register(target)
        await asyncio.wait_for(self.groups[group].until_healthy(target), PATIENCE_S)
        return target

    async def get(self, path: str = "/", **settings: Any) -> "Answer":
        return await self.ask("GET", path, **settings)

    async def ask(self, method: str, path: str = "/", **settings: Any) -> "Answer":
        async with self.client.request(method, self.url + path, allow_redirects=False, **settings) as response:
            return Answer(response.status, response.headers, await response.read(), response.reason or "")

    async def raw(self, *pieces: bytes) -> bytes:
        """All that comes until the connection closes, for bytes sent as they are."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            return await asyncio.wait_for(reader.read(), PATIENCE_S)
        finally:
            writer.close()
            await writer.wait_closed()


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    reason: str = ""

    @property
    def text(self) -> str:
        return self.body.decode()


class Program(Protocol):
    """What is balanced."""

    def graph(self) -> Graph: ...


@asynccontextmanager
async def balanced(
    declared: Program,
    *,
    tempo: Tempo | None = None,
    invoke: Invoke | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Balanced]:
    """Its health checks wait for a pulse that never beats, if the tempo has no other."""
    graph, tempo = declared.graph(), tempo or Tempo(pulse=Ticks())
    groups = {
        each.name: TargetGroup(each, invoke=invoke, tempo=tempo) for each in graph.all("aws:lb/targetGroup:TargetGroup")
    }
    addresses = Addresses()
    async with AsyncExitStack() as running:
        authentication = Authentication(
            graph,
            addresses=addresses,
            region="us-east-1",
            clock=tempo.epoch,
            timeout_s=TIMEOUT_S * tempo.second_s,
        )
        await authentication.start()
        running.push_async_callback(authentication.stop)
        for group in groups.values():
            await group.start()
            running.push_async_callback(group.stop)
            for target in attached(graph, group):
                group.register(target)
        balancer = LoadBalancer(
            graph,
            graph.one("aws:lb/loadBalancer:LoadBalancer"),
            addresses=addresses,
            groups={group.arn: group for group in groups.values()},
            authentication=authentication,
            port_for=lambda _declared: 0,
            tls=tls,
            tempo=tempo,
        )
        await balancer.start()
        running.push_async_callback(balancer.stop)
        client = await running.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))
        yield Balanced(balancer, groups, addresses, client)


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Served:
    """A target that answers by a handler, and is well unless told otherwise."""

    def __init__(self, handler: Handler | None = None) -> None:
        self.health_status = 200
        self.is_silent = False
        """Whether health checks get no answer."""
        self.seen: list[web.BaseRequest] = []
        self.health_checks: list[web.BaseRequest] = []
        self._handler = handler or echoed
        self._runner = web.ServerRunner(web.Server(self._serve, handler_cancellation=True), shutdown_timeout=0)

    async def start(self, id_: str = "") -> Target:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        port = self._runner.addresses[0][1]
        return Target(id_ or f"target-{port}", "127.0.0.1", port)

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _serve(self, request: Any) -> web.StreamResponse:
        if request.headers.get("User-Agent") == "ELB-HealthChecker/2.0":
            self.health_checks.append(request)
            if self.is_silent:
                await asyncio.Event().wait()
            return web.Response(status=self.health_status)
        self.seen.append(request)
        return await self._handler(request)


async def echoed(request: web.BaseRequest) -> web.StreamResponse:
    """What the target saw."""
    headers = [[name.decode(), value.decode()] for name, value in request.raw_headers]
    body = (await request.content.read()).decode()
    return web.json_response({"method": request.method, "path": request.raw_path, "headers": headers, "body": body})


def named(name: str, cookie: str = "") -> Handler:
    """Answers with its name, and sets a cookie."""

    async def answered(_request: web.Request) -> web.StreamResponse:
        return web.Response(text=name, headers={"Set-Cookie": cookie} if cookie else {})

    return answered


async def shares(running: Balanced, count: int) -> Counter[str]:
    """How often each target answered."""
    return Counter([(await running.get()).text for _ in range(count)])


@asynccontextmanager
async def served(handler: Handler | None = None) -> AsyncIterator[tuple[Served, Target]]:
    target = Served(handler)
    try:
        yield target, await target.start()
    finally:
        await target.stop()


Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
WELL = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@asynccontextmanager
async def scripted(script: Script) -> AsyncIterator[Target]:
    """A target that does with each connection what the script says, once a request's headers are there.

    Health checks are answered for it.
    """

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            if b"ELB-HealthChecker" in head:
                writer.write(WELL)
            else:
                await script(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield Target(f"scripted-{port}", "127.0.0.1", port)
