"""HTTP APIs on loopback.

Sources: API Gateway developer guide, "Create routes for HTTP APIs", "Create AWS Lambda proxy integrations for HTTP
APIs", "Control access to HTTP APIs" and "Quotas for configuring and running an HTTP API" (read 2026-11-21).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from opencode_components.testing.graph import Graph, Resource
from opencode_local.access.decision import Denied
from opencode_local.access.needs import Need
from opencode_local.access.signatures import NotAuthentic
from opencode_local.functions import cors
from opencode_local.functions.arns import function_arn
from opencode_local.functions.http_events import Arrived, BadAnswer, event, response
from opencode_local.functions.http_routes import Route, Taken, declared_route, taken
from opencode_local.functions.invocation import FunctionFailed, Throttled
from opencode_local.functions.jwt_authorizers import Forbidden, JwtAuthorizer, Unauthorized
from opencode_local.functions.serving import Serving, body_of, message
from opencode_local.functions.settings import UnsupportedFunction
from opencode_local.functions.signed_callers import identity
from opencode_local.functions.wiring import Wiring
from opencode_local.status import Status

API = "aws:apigatewayv2/api:Api"
PART = "aws:apigatewayv2/{0}:{1}"
MAX_BODY_BYTES = 10 * 2**20
LONGEST_INTEGRATION_S = 30.0
TEXT = "text/plain;charset=UTF-8"
PRINCIPAL = "apigateway.amazonaws.com"
NO_CONTENT = 204
ROOT_STAGE = "$default"


@dataclass(frozen=True, kw_only=True)
class Integration:
    """The function behind a route."""

    function_arn: str
    payload_format: str
    timeout_s: float


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A deployed stage."""

    name: str
    variables: Mapping[str, str]


class HttpApi:
    """One declared API."""

    def __init__(self, graph: Graph, resource: Resource, wiring: Wiring) -> None:
        """Raises UnsupportedFunction."""
        self._name, self._id = resource.name, str(resource.id)
        self._execution_arn = str(resource.outputs["executionArn"])
        self._origin = str(resource.outputs["apiEndpoint"])
        self._cors: Mapping[str, Any] = resource.outputs.get("corsConfiguration") or {}
        self._wiring = wiring
        self._routes = [declared_route(part.outputs) for part in self._parts(graph, "Route")]
        self._integrations = {str(part.id): integration(part) for part in self._parts(graph, "Integration")}
        self._authorizers = {
            str(part.id): JwtAuthorizer(part.outputs, wiring.addresses, wiring.timing.clock)
            for part in self._parts(graph, "Authorizer")
        }
        self._stages = {str(part.outputs["name"]): part.outputs for part in self._parts(graph, "Stage")}
        self._serving = Serving(self._answer, max_body_bytes=MAX_BODY_BYTES)
        if wiring.callers is None and any(route.authorization_type == "AWS_IAM" for route in self._routes):
            raise UnsupportedFunction(f"{resource}: AWS_IAM needs the run's own AWS endpoint")

    async def start(self) -> None:
        self._wiring.addresses.stand(self._origin, await self._serving.start())

    async def stop(self) -> None:
        await self._serving.stop()

    def status(self) -> Status:
        return Status(name=self._name, kind="HTTP API", state="active", detail=self._serving.origin)

    def _parts(self, graph: Graph, kind: str) -> list[Resource]:
        return [part for part in graph.all(PART.format(kind.lower(), kind)) if part.outputs["apiId"] == self._id]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self._cors and cors.is_preflight(request):
            return cors.preflight(self._cors, request, status=NO_CONTENT)
        answer = await self._routed(request)
        if self._cors:
            cors.add_headers(self._cors, request, answer)
        return answer

    async def _routed(self, request: web.Request) -> web.Response:
        stage, path = self._stage(request.raw_path.partition("?")[0])
        chosen = taken(self._routes, request.method, path) if stage is not None else None
        if stage is None or chosen is None:
            return message(404, "Not Found")
        body = await body_of(request)
        if body is None:
            return message(413, "Request Too Long")
        try:
            authorizer = await self._authorized(request, body, stage, chosen)
        except Unauthorized:
            refused = message(401, "Unauthorized")
            refused.headers["WWW-Authenticate"] = "Bearer"
            return refused
        except (Forbidden, NotAuthentic, Denied):
            return message(403, "Forbidden")
        return await self._integrated(self._arrived(request, body, stage, chosen, authorizer), chosen, stage)

    def _stage(self, path: str) -> tuple[Stage | None, str]:
        """The stage that a path begins with, and the rest of the path."""
        first, slash, rest = path.removeprefix("/").partition("/")
        name, left = (first, slash + rest) if first in self._stages else (ROOT_STAGE, path)
        declared = self._stages.get(name)
        if declared is None or not declared.get("autoDeploy"):
            return None, path
        return Stage(name=name, variables=declared.get("stageVariables") or {}), left or "/"

    async def _authorized(
        self, request: web.Request, body: bytes, stage: Stage, chosen: Taken
    ) -> Mapping[str, Any] | None:
        """What the event tells of the caller. Raises Unauthorized, Forbidden, NotAuthentic, Denied."""
        route = chosen.route
        if route.authorization_type == "JWT":
            return await self._authorizers[route.authorizer_id].authorize(request, route.scopes)
        if route.authorization_type == "AWS_IAM" and self._wiring.callers is not None:
            need = Need(action="execute-api:Invoke", resource=self._resource_arn(stage, request.method, request.path))
            return {"iam": identity(self._wiring.callers.admit(request, body, need))}
        return None

    def _arrived(
        self, request: web.Request, body: bytes, stage: Stage, chosen: Taken, authorizer: Mapping[str, Any] | None
    ) -> Arrived:
        return Arrived(
            request=request,
            body=body,
            account_id=self._execution_arn.split(":")[4],
            api_id=self._id,
            domain_name=self._origin.removeprefix("https://"),
            route_key=chosen.route.key,
            stage=stage.name,
            path_parameters=chosen.parameters,
            stage_variables=stage.variables,
            authorizer=authorizer,
            resource_path=chosen.route.path,
        )

    async def _integrated(self, arrived: Arrived, chosen: Taken, stage: Stage) -> web.Response:
        behind = self._integrations.get(chosen.route.integration_id)
        if behind is None or not self._wiring.permissions.allow(
            behind.function_arn, PRINCIPAL, self._source_arn(stage, chosen.route)
        ):
            return message(500, "Internal Server Error")
        try:
            async with asyncio.timeout(behind.timeout_s):
                answer = await self._wiring.invoke(behind.function_arn, event(arrived, behind.payload_format))
            return response(answer, behind.payload_format, default_type=TEXT)
        except (TimeoutError, Throttled):
            return message(503, "Service Unavailable")
        except (FunctionFailed, BadAnswer, LookupError):
            return message(500, "Internal Server Error")

    def _resource_arn(self, stage: Stage, method: str, path: str) -> str:
        return f"{self._execution_arn}/{stage.name}/{method}/{path.removeprefix('/')}"

    def _source_arn(self, stage: Stage, route: Route) -> str:
        """`<execution ARN>/<stage>/<method>/<route's path>`, and `.../$default` of the default route."""
        if route.path:
            method = "*" if route.method == "ANY" else route.method
            return f"{self._execution_arn}/{stage.name}/{method}{route.path}"
        return f"{self._execution_arn}/{stage.name}/{route.key}"


def integration(resource: Resource) -> Integration:
    declared = resource.outputs
    timeout_s = float(declared.get("timeoutMilliseconds") or 0) / 1000 or LONGEST_INTEGRATION_S
    return Integration(
        function_arn=function_arn(str(declared["integrationUri"])),
        payload_format=str(declared.get("payloadFormatVersion") or "1.0"),
        timeout_s=min(timeout_s, LONGEST_INTEGRATION_S),
    )
