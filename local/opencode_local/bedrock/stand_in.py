"""The server: one application, its calls, its orders."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import uuid4

import msgspec
from aiohttp import web

from opencode_local.access.signatures import Received
from opencode_local.bedrock import auth
from opencode_local.bedrock.calls import PATIENCE_S, Call, CallLog
from opencode_local.bedrock.delivery import Delivery
from opencode_local.bedrock.faults import Fault, refusal, take
from opencode_local.bedrock.instances import UnusableSchema
from opencode_local.bedrock.operations import OPERATIONS, Asked, Operation
from opencode_local.bedrock.prompt import NotAnObject, json_object
from opencode_local.bedrock.prompt_cache import PromptCache
from opencode_local.bedrock.refusals import Dialect, Refused, invalid, response
from opencode_local.bedrock.script import script

LARGEST_BODY_BYTES = 32 * 2**20
BACKLOG = 1024
"""Connections that may wait: hundreds of callers come at once."""
MANTLE_PATHS = ("/v1/", "/anthropic/v1/messages/count_tokens")
"""Which bedrock-runtime does not have."""
SECRET_HEADERS = frozenset({"authorization", "x-amz-security-token"})


class Gate(Protocol):
    """Decides whether a request that is in good form may be answered."""

    def admit(self, proof: auth.Proof, call: Call) -> None:
        """Raises Refused."""
        ...


class BedrockStandIn:
    """Amazon Bedrock on loopback: strict about requests, deterministic in its answers, faulty to order."""

    def __init__(
        self, *, secret_key: str | None = None, pace_events_per_s: float | None = None, gate: Gate | None = None
    ) -> None:
        """`secret_key` is the one whose SigV4 signatures hold; None: only their form is checked.

        `gate` says who may call what; None: everyone may.
        """
        self.url = ""
        """Of bedrock-runtime; it serves bedrock-mantle's paths as well."""
        self.mantle_url = ""
        """Of bedrock-mantle alone."""
        self.app = self._application()
        self._secret_key = secret_key
        self._gate = gate
        self._pace = Fault(kind="pace", events_per_s=pace_events_per_s) if pace_events_per_s else None
        self._log = CallLog()
        self._orders: list[Fault] = []
        self._cache = PromptCache()
        self._released = asyncio.Event()
        self._runner: web.AppRunner | None = None

    @property
    def calls(self) -> list[Call]:
        """Newest last."""
        return self._log.calls

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Serves until `stop`; returns the URL, without a slash at its end. Port 0 is any free one."""
        self._runner = web.AppRunner(self.app, handler_cancellation=True, access_log=None, shutdown_timeout=0)
        await self._runner.setup()
        for one in (port, 0):
            await web.TCPSite(self._runner, host, one, backlog=BACKLOG).start()
        self.url, self.mantle_url = (f"http://{address[0]}:{address[1]}" for address in self._runner.addresses)
        return self.url

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def order(self, *faults: Fault) -> None:
        """Queues faults; each meets one following request, in this order. Pauses that were released hold again."""
        self._orders.extend(faults)
        self._released.clear()

    def release(self) -> None:
        """Ends all pauses of faults ordered so far."""
        self._released.set()

    def clear(self) -> None:
        """Forgets calls, orders and cached prompts, and ends pauses."""
        self._log.calls.clear()
        self._orders.clear()
        self._cache = PromptCache()
        self._released.set()

    async def wait_for_cut(self, timeout_s: float = PATIENCE_S) -> Call:
        """The newest call, once its caller has gone. Raises TimeoutError."""
        await self._log.until(lambda: bool(self.calls) and self.calls[-1].was_cut, timeout_s)
        return self.calls[-1]

    async def wait_for_calls(self, count: int = 1, timeout_s: float = PATIENCE_S) -> list[Call]:
        """All calls, once there are `count`. Raises TimeoutError."""
        await self._log.until(lambda: len(self.calls) >= count, timeout_s)
        return self.calls

    async def wait_until_finished(self, timeout_s: float = PATIENCE_S) -> list[Call]:
        """All calls, once every one has ended. Raises TimeoutError."""
        await self._log.until(lambda: all(call.is_finished for call in self.calls), timeout_s)
        return self.calls

    def _application(self) -> web.Application:
        app = web.Application(client_max_size=LARGEST_BODY_BYTES)
        for path, operation in OPERATIONS.items():
            app.router.add_post(path, self._handler(operation))
        app.router.add_post("/_standin/orders", self._take_orders)
        app.router.add_delete("/_standin/orders", self._drop_orders)
        app.router.add_post("/_standin/release", self._release)
        app.router.add_get("/_standin/calls", self._list_calls)
        return app

    def _handler(self, operation: Operation) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            body = await request.read()
            call = _call(request, body, operation, service=self._service(request))
            self._log.add(call)
            try:
                answer = await self._answer(request, body, call, operation)
                call.status = answer.status
            except (asyncio.CancelledError, ConnectionError):
                call.was_cut = True
                raise
            finally:
                self._log.finish(call)
            return answer

        return handle

    async def _answer(self, request: web.Request, body: bytes, call: Call, operation: Operation) -> web.StreamResponse:
        try:
            self._authorise(request, body, call)
            fault = take(self._orders, call.surface)
            if fault is not None and (ordered := refusal(fault, operation.dialect)):
                raise ordered
            asked = _asked(body, call, request)
            operation.check(asked)
        except Refused as refused:
            return response(refused, operation.dialect)
        delivery = Delivery(
            request=request,
            dialect=operation.dialect,
            writer=operation.writer,
            fault=fault or self._pace,
            released=self._released,
            extra_headers={"x-amzn-requestid": str(uuid4())},
        )
        return await self._deliver(delivery, asked, call, operation)

    def _service(self, request: web.Request) -> str:
        """Some paths are served by both: then the address tells."""
        port = request.get_extra_info("sockname")[1]
        is_mantle = self.mantle_url.endswith(f":{port}") or request.path.startswith(MANTLE_PATHS)
        return "bedrock-mantle" if is_mantle else "bedrock"

    def _authorise(self, request: web.Request, body: bytes, call: Call) -> None:
        """Raises Refused."""
        path, _, query = request.raw_path.partition("?")
        received = Received(method=request.method, path=path, query=query, headers=request.headers, body=body)
        proof = auth.check(received, secret_key=self._secret_key, now=datetime.now(UTC))
        if self._gate is not None:
            self._gate.admit(proof, call)

    async def _deliver(self, delivery: Delivery, asked: Asked, call: Call, operation: Operation) -> web.StreamResponse:
        prompt = operation.read(asked.body, asked.model_id)
        if operation.count_member is not None:
            return await delivery.send_body(msgspec.json.encode({operation.count_member: prompt.tokens}))
        try:
            answer = script(prompt)
        except UnusableSchema as error:
            return response(invalid(str(error)), operation.dialect)
        usage = self._cache.usage(prompt, answer)
        if call.is_streaming:
            return await delivery.send_events(operation.writer.events(answer, usage, asked.body))
        return await delivery.send_body(operation.writer.answer(answer, usage, asked.body))

    async def _take_orders(self, request: web.Request) -> web.Response:
        try:
            faults = msgspec.json.decode(await request.read(), type=list[Fault])
        except msgspec.DecodeError as error:
            return response(invalid(f"orders are a list of faults: {error}"), Dialect.AWS)
        self.order(*faults)
        return _json({"waiting": len(self._orders)})

    async def _drop_orders(self, _request: web.Request) -> web.Response:
        self.clear()
        return _json({"waiting": 0})

    async def _release(self, _request: web.Request) -> web.Response:
        self.release()
        return _json({"released": True})

    async def _list_calls(self, _request: web.Request) -> web.Response:
        return _json([{**asdict(call), "headers": _public(call.headers)} for call in self.calls])


def _call(request: web.Request, body: bytes, operation: Operation, *, service: str) -> Call:
    try:
        decoded = json_object(body)
    except NotAnObject:
        decoded = {}
    return Call(
        surface=operation.surface,
        service=service,
        path=request.raw_path,
        model_id=str(request.match_info.get("model_id") or decoded.get("model") or ""),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=decoded,
        is_streaming=operation.streams(decoded),
    )


def _asked(body: bytes, call: Call, request: web.Request) -> Asked:
    try:
        decoded = call.body or json_object(body)
    except NotAnObject as error:
        raise invalid(f"The request body is not a JSON object: {error}") from error
    return Asked(body=decoded, model_id=call.model_id, headers=request.headers, service=call.service)


def _public(headers: Mapping[str, str]) -> Mapping[str, str]:
    return {name: "(hidden)" if name in SECRET_HEADERS else value for name, value in headers.items()}


def _json(value: Any) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")
