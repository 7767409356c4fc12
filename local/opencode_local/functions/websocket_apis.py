"""WebSocket APIs on loopback, and the connections that functions write to.

Sources: API Gateway developer guide, "Create routes for WebSocket APIs", "Set up a WebSocket API integration request",
"Use @connections commands in your backend service" and "Quotas for configuring and running a WebSocket API" (read
2026-11-21).
"""

import asyncio
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web

from opencode_components.testing.graph import Graph, Resource
from opencode_local.access.decision import Denied
from opencode_local.access.needs import Need
from opencode_local.access.signatures import NotAuthentic
from opencode_local.functions.http_apis import PART, PRINCIPAL, Integration, integration
from opencode_local.functions.http_events import moment, query
from opencode_local.functions.http_routes import DEFAULT, declared_route
from opencode_local.functions.invocation import FunctionFailed, Throttled
from opencode_local.functions.serving import Serving, body_of, message
from opencode_local.functions.settings import UnsupportedFunction
from opencode_local.functions.wiring import Wiring
from opencode_local.status import Status

MAX_MESSAGE_BYTES = 128 * 2**10
IDLE_S = 600.0
SELECTION = "$request.body."
CONNECT, DISCONNECT = "$connect", "$disconnect"
COMMANDS = "@connections"
GONE = {"x-amzn-ErrorType": "GoneException"}


@dataclass(eq=False)
class Connection:
    """One client."""

    stage: str
    source_ip: str
    user_agent: str
    host: str
    id: str = field(default_factory=lambda: secrets.token_urlsafe(11) + "=")
    socket: web.WebSocketResponse = field(
        default_factory=lambda: web.WebSocketResponse(max_msg_size=MAX_MESSAGE_BYTES, receive_timeout=IDLE_S)
    )
    connected_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    last_active_at: datetime = field(default_factory=lambda: datetime.now(UTC))


class WebSocketApi:
    """One declared API. Its functions find it at the domain name of their events, over plain HTTP."""

    def __init__(self, graph: Graph, resource: Resource, wiring: Wiring) -> None:
        """Raises UnsupportedFunction."""
        self._name, self._id = resource.name, str(resource.id)
        self._execution_arn = str(resource.outputs["executionArn"])
        self._host = str(resource.outputs["apiEndpoint"]).removeprefix("wss://")
        self._selection = str(resource.outputs["routeSelectionExpression"])
        self._wiring = wiring
        routes = [declared_route(part.outputs) for part in self._parts(graph, "Route")]
        behind = {str(part.id): integration(part) for part in self._parts(graph, "Integration")}
        self._routes: dict[str, Integration] = {route.key: behind[route.integration_id] for route in routes}
        self._stages = {str(part.outputs["name"]) for part in self._parts(graph, "Stage")}
        self._connections: dict[str, Connection] = {}
        self._telling: set[asyncio.Task[Any]] = set()
        self._serving = Serving(self._answer, max_body_bytes=MAX_MESSAGE_BYTES)
        if not self._selection.startswith(SELECTION):
            raise UnsupportedFunction(
                f"{resource}: routeSelectionExpression {self._selection} is not evaluated locally"
            )
        if any(route.authorization_type != "NONE" for route in routes):
            raise UnsupportedFunction(f"{resource}: routes of WebSocket APIs are not authorized locally")

    async def start(self) -> None:
        origin = await self._serving.start()
        self._wiring.addresses.stand(f"wss://{self._host}", origin.replace("http://", "ws://"))
        self._wiring.addresses.stand(f"https://{self._host}", origin)

    async def stop(self) -> None:
        for connection in list(self._connections.values()):
            await connection.socket.close(code=aiohttp.WSCloseCode.GOING_AWAY)
        await self._serving.stop()
        await asyncio.gather(*self._telling, return_exceptions=True)

    def status(self) -> Status:
        detail = f"{self._serving.origin}, {len(self._connections)} connections"
        return Status(name=self._name, kind="WebSocket API", state="active", detail=detail)

    def _parts(self, graph: Graph, kind: str) -> list[Resource]:
        return [part for part in graph.all(PART.format(kind.lower(), kind)) if part.outputs["apiId"] == self._id]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        stage, _, rest = request.path.strip("/").partition("/")
        if stage not in self._stages:
            return message(403, "Forbidden")
        if rest.startswith(f"{COMMANDS}/"):
            return await self._commanded(request, stage, rest.removeprefix(f"{COMMANDS}/"))
        if rest or "Upgrade" not in request.headers:
            return message(403, "Forbidden")
        return await self._connected(request, stage)

    async def _connected(self, request: web.Request, stage: str) -> web.StreamResponse:
        """Functions find the connection once it is open: while the route `$connect` answers, it is gone as yet.

        Source: AWS re:Post, "Troubleshoot 410 GoneException errors with API Gateway WebSocket APIs" (read 2026-11-21).
        """
        agent = request.headers.get("User-Agent", "")
        connection = Connection(stage, request.remote or "", agent, request.host)
        status = await self._admitted(connection, request)
        if status >= 300:
            return message(status, "Forbidden" if status < 500 else "Internal server error")
        try:
            await connection.socket.prepare(request)
            self._connections[connection.id] = connection
            await self._listen(connection)
        finally:
            self._connections.pop(connection.id, None)
            code = connection.socket.close_code or aiohttp.WSCloseCode.ABNORMAL_CLOSURE
            await asyncio.shield(self._left(connection, int(code)))
        return connection.socket

    def _left(self, connection: Connection, code: int) -> asyncio.Task[Any]:
        """The function is told to the end, although the server gives up on requests whose client has gone."""
        left = {"disconnectStatusCode": code, "disconnectReason": ""}
        event = self._event(connection, DISCONNECT, "DISCONNECT", left)
        telling = asyncio.create_task(self._told(DISCONNECT, event))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)
        return telling

    async def _admitted(self, connection: Connection, request: web.Request) -> int:
        """The status that the route `$connect` gives; 200 without one."""
        if CONNECT not in self._routes:
            return 200
        multi = {name: request.headers.getall(name) for name in request.headers}
        asked = {
            "headers": {name: found[-1] for name, found in multi.items()},
            "multiValueHeaders": multi,
            "queryStringParameters": {name: found[-1] for name, found in query(request).items()} or None,
        }
        answer = await self._told(CONNECT, {**asked, **self._event(connection, CONNECT, "CONNECT")})
        stated = answer.get("statusCode") if isinstance(answer, Mapping) else None
        return int(stated) if stated is not None else 500

    async def _listen(self, connection: Connection) -> None:
        try:
            async for received in connection.socket:
                if received.type not in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}:
                    break
                connection.last_active_at = datetime.now(UTC)
                data = received.data
                await self._routed(connection, data if isinstance(data, str) else data.decode("utf-8", "replace"))
        except TimeoutError:
            await connection.socket.close(code=aiohttp.WSCloseCode.GOING_AWAY, message=b"Going away")

    async def _routed(self, connection: Connection, text: str) -> None:
        key = self._selected(text)
        event = {
            **self._event(connection, key, "MESSAGE", {"messageId": secrets.token_urlsafe(11) + "="}),
            "body": text,
        }
        if key not in self._routes:
            await self._refuse(connection, "Forbidden", event)
        elif await self._told(key, event) is None:
            await self._refuse(connection, "Internal server error", event)

    def _selected(self, text: str) -> str:
        """The route that the message names, `$default` where it names none that is declared."""
        try:
            found: Any = json.loads(text)
            for step in self._selection.removeprefix(SELECTION).split("."):
                found = found[step]
        except (ValueError, KeyError, TypeError):
            return DEFAULT
        return found if isinstance(found, str) and found in self._routes else DEFAULT

    async def _refuse(self, connection: Connection, words: str, event: Mapping[str, Any]) -> None:
        request_id = event["requestContext"]["requestId"]
        await connection.socket.send_json({"message": words, "connectionId": connection.id, "requestId": request_id})

    async def _told(self, key: str, event: Mapping[str, Any]) -> Any:
        """The function's answer, `{}` for none; None when there is no function, or it may not be invoked, or failed."""
        behind = self._routes.get(key)
        stage = event["requestContext"]["stage"]
        source_arn = f"{self._execution_arn}/{stage}/{key}"
        if behind is None or not self._wiring.permissions.allow(behind.function_arn, PRINCIPAL, source_arn):
            return None
        try:
            answer = await self._wiring.invoke(behind.function_arn, event)
        except (FunctionFailed, Throttled, LookupError):
            return None
        return {} if answer is None else answer

    def _event(
        self, connection: Connection, key: str, kind: str, more: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        now, request_id = moment(), str(uuid4())
        context = {
            "routeKey": key,
            "eventType": kind,
            "extendedRequestId": request_id,
            "requestTime": now["time"],
            "requestTimeEpoch": now["timeEpoch"],
            "messageDirection": "IN",
            "stage": connection.stage,
            "connectedAt": int(connection.connected_at.timestamp() * 1000),
            "identity": {"sourceIp": connection.source_ip, "userAgent": connection.user_agent},
            "requestId": request_id,
            "domainName": connection.host,
            "connectionId": connection.id,
            "apiId": self._id,
            **(more or {}),
        }
        return {"requestContext": context, "isBase64Encoded": False}

    async def _commanded(self, request: web.Request, stage: str, id_: str) -> web.Response:
        """`@connections`: POST writes to the client, GET tells of it, DELETE disconnects it."""
        body = await body_of(request)
        if body is None:
            return message(413, "Payload too large")
        resource = f"{self._execution_arn}/{stage}/{request.method}/{COMMANDS}/{id_}"
        try:
            if self._wiring.callers is None:
                return message(403, "Forbidden")
            need = Need(action="execute-api:ManageConnections", resource=resource)
            self._wiring.callers.admit(request, body, need)
        except (NotAuthentic, Denied) as error:
            return message(403, str(error))
        connection = self._connections.get(id_)
        if connection is None or connection.stage != stage:
            return web.Response(status=410, headers=GONE)
        return await self._command(request.method, connection, body)

    async def _command(self, method: str, connection: Connection, body: bytes) -> web.Response:
        if method == "POST":
            await connection.socket.send_str(body.decode("utf-8", "replace"))
            return web.Response()
        if method == "DELETE":
            await connection.socket.close(code=aiohttp.WSCloseCode.GOING_AWAY)
            return web.Response(status=204)
        times = {"connectedAt": connection.connected_at, "lastActiveAt": connection.last_active_at}
        told = {name: at.isoformat() for name, at in times.items()}
        return web.json_response(
            {**told, "identity": {"sourceIp": connection.source_ip, "userAgent": connection.user_agent}}
        )
