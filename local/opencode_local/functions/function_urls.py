"""Function URLs on loopback.

Sources: Lambda developer guide, "Creating and managing Lambda function URLs", "Control access to Lambda function URLs"
and "Invoking Lambda function URLs" (read 2026-11-21).
"""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from opencode_components.testing.graph import Resource
from opencode_local.access.decision import Denied
from opencode_local.access.needs import Need
from opencode_local.access.signatures import NotAuthentic
from opencode_local.functions import cors
from opencode_local.functions.http_events import Arrived, BadAnswer, event_2, response
from opencode_local.functions.invocation import FunctionFailed, Throttled
from opencode_local.functions.permissions import INVOKE, INVOKE_URL
from opencode_local.functions.serving import Serving, body_of, message
from opencode_local.functions.settings import UnsupportedFunction
from opencode_local.functions.signed_callers import identity
from opencode_local.functions.wiring import Wiring
from opencode_local.status import Status

TOKEN = "aws:lambda/functionUrl:FunctionUrl"  # noqa: S105  a resource type
MAX_BODY_BYTES = 6 * 2**20
FORBIDDEN_TYPE = {"x-amzn-ErrorType": "AccessDeniedException"}
ANYBODY = "*"


class FunctionUrl:
    """One declared URL."""

    def __init__(self, resource: Resource, wiring: Wiring) -> None:
        """Raises UnsupportedFunction."""
        declared = resource.outputs
        self._name = resource.name
        self._function_arn = str(declared["functionArn"])
        self._public_origin = str(declared["functionUrl"]).rstrip("/")
        self._auth_type = str(declared["authorizationType"])
        self._cors: Mapping[str, Any] = declared.get("cors") or {}
        self._wiring = wiring
        self._serving = Serving(self._answer, max_body_bytes=MAX_BODY_BYTES)
        if declared.get("invokeMode", "BUFFERED") != "BUFFERED":
            raise UnsupportedFunction(f"{resource}: invokeMode RESPONSE_STREAM: no Python runtime streams its answers")
        if self._auth_type == "AWS_IAM" and wiring.callers is None:
            raise UnsupportedFunction(f"{resource}: AWS_IAM needs the run's own AWS endpoint")

    async def start(self) -> None:
        self._wiring.addresses.stand(self._public_origin, await self._serving.start())

    async def stop(self) -> None:
        await self._serving.stop()

    def status(self) -> Status:
        return Status(name=self._name, kind="function URL", state="active", detail=self._serving.origin)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self._cors and cors.is_preflight(request):
            return cors.preflight(self._cors, request, status=200)
        body = await body_of(request)
        if body is None:
            return message(413, "Request Entity Too Large", name="Message")
        try:
            authorizer = await self._admitted(request, body)
        except (NotAuthentic, Denied, PermissionError) as error:
            refused = message(403, str(error) or "Forbidden", name="Message")
            refused.headers.update(FORBIDDEN_TYPE)
            return refused
        answer = await self._invoked(self._arrived(request, body, authorizer))
        if self._cors:
            cors.add_headers(self._cors, request, answer)
        return answer

    async def _admitted(self, request: web.Request, body: bytes) -> Mapping[str, Any] | None:
        """Who has signed, of a URL with AWS_IAM. Raises NotAuthentic, Denied, PermissionError."""
        if self._auth_type == "AWS_IAM" and self._wiring.callers is not None:
            context = {"lambda:FunctionUrlAuthType": "AWS_IAM", "lambda:InvokedViaFunctionUrl": "true"}
            needs = (Need(action=name, resource=self._function_arn, context=context) for name in (INVOKE_URL, INVOKE))
            return {"iam": identity(self._wiring.callers.admit(request, body, *needs))}
        if not self._wiring.permissions.allow_url(self._function_arn, principal=ANYBODY):
            raise PermissionError("Forbidden")
        return None

    def _arrived(self, request: web.Request, body: bytes, authorizer: Mapping[str, Any] | None) -> Arrived:
        host = self._public_origin.removeprefix("https://")
        return Arrived(
            request=request,
            body=body,
            account_id="anonymous" if authorizer is None else str(authorizer["iam"]["accountId"]),
            api_id=host.split(".", maxsplit=1)[0],
            domain_name=host,
            authorizer=authorizer,
        )

    async def _invoked(self, arrived: Arrived) -> web.Response:
        try:
            return response(
                await self._wiring.invoke(self._function_arn, event_2(arrived)), "2.0", default_type="application/json"
            )
        except Throttled:
            return message(429, "Rate Exceeded.", name="Message")
        except (FunctionFailed, BadAnswer):
            return web.Response(status=502, text="Internal Server Error")
