"""HTTP and WebSocket APIs of API Gateway: the API, its routes, integrations, authorizers and stages.

Rules: service model of API Gateway v2; terraform-provider-aws, internal/service/apigatewayv2 (read 2026-11-21).
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.handler import AutoName, Fault, Handler, Properties
from opencode_local.provider.members import Member, block, refuse, reported, request, unsupported, value, values
from opencode_local.provider.tags import changes

CORS = block(
    "corsConfiguration",
    *values("allowCredentials", "allowHeaders", "allowMethods", "allowOrigins", "exposeHeaders", "maxAge"),
)
API = (
    *values("name", "protocolType", "description", "disableExecuteApiEndpoint", "version", "routeSelectionExpression"),
    CORS,
)
ROUTE = (*values("routeKey", "target", "authorizationType", "authorizationScopes", "authorizerId", "operationName"),)
INTEGRATION = (
    *values("integrationType", "integrationUri", "integrationMethod", "payloadFormatVersion", "description"),
    *values("connectionType"),
    value("timeoutMilliseconds", "TimeoutInMillis"),
)
AUTHORIZER = (
    *values("name", "authorizerType"),
    value("identitySources", "IdentitySource"),
    block("jwtConfiguration", value("audiences", "Audience"), value("issuer")),
)
STAGE = (
    value("name", "StageName"),
    *values("autoDeploy", "description", "stageVariables"),
    block(
        "defaultRouteSettings",
        *values("dataTraceEnabled", "detailedMetricsEnabled", "loggingLevel"),
        *values("throttlingBurstLimit", "throttlingRateLimit"),
    ),
    block("accessLogSettings", *values("destinationArn", "format")),
)
NO_ROLE_FOR_LOGS = "CloudWatch Logs role ARN must be set in account settings to enable logging"
GONE = "NotFoundException"
BAD_REQUEST = "BadRequestException"


class Api(Handler):
    token = "aws:apigatewayv2/api:Api"
    replace_on = frozenset({"protocolType"})
    filled_by_aws = frozenset({"routeSelectionExpression"})
    auto_name = AutoName("name", 128)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        faults = unsupported(API, inputs)
        if inputs["protocolType"] == "WEBSOCKET" and not inputs.get("routeSelectionExpression"):
            faults.append(Fault("routeSelectionExpression", "required for a WebSocket API"))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        made = aws.client("apigatewayv2").create_api(**request(API, inputs), Tags=inputs.get("tagsAll") or {})
        return str(made["ApiId"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        there = found(aws.client("apigatewayv2").get_api, GONE, ApiId=id_)
        if there is None:
            return None
        return {
            **reported(API, there, inputs),
            "apiEndpoint": _origin(aws, id_, there["ProtocolType"]),
            "arn": _arn(aws, f"/apis/{id_}"),
            "executionArn": aws.arn("execute-api", id_),
            "tagsAll": there.get("Tags", {}),
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        client = aws.client("apigatewayv2")
        if old.get("corsConfiguration") and not new.get("corsConfiguration"):
            client.delete_cors_configuration(ApiId=id_)
        wanted = {name: part for name, part in request(API, new).items() if name != "ProtocolType"}
        client.update_api(ApiId=id_, **{"Description": "", **wanted})
        _retag(aws, f"/apis/{id_}", old, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        found(aws.client("apigatewayv2").delete_api, GONE, ApiId=id_)


class ApiPart(Handler):
    """One of an API's parts: the calls differ in a noun alone."""

    noun: ClassVar[str]
    id_member: ClassVar[str]
    table: ClassVar[Sequence[Member]]
    replace_on = frozenset({"apiId"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported(self.table, inputs, "apiId")

    def create(self, aws: Aws, inputs: Properties) -> str:
        self.refuse(inputs)
        made = self._call(aws, "create")(ApiId=inputs["apiId"], **request(self.table, inputs))
        return str(made[self.id_member])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        if "apiId" not in inputs:
            return None
        there = found(self._call(aws, "get"), GONE, ApiId=inputs["apiId"], **{self.id_member: id_})
        return None if there is None else {**reported(self.table, there, inputs), "apiId": inputs["apiId"]}

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        self.refuse(new)
        self._call(aws, "update")(ApiId=new["apiId"], **{self.id_member: id_, **request(self.table, new)})

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        found(self._call(aws, "delete"), GONE, ApiId=properties["apiId"], **{self.id_member: id_})

    def refuse(self, inputs: Properties) -> None:
        """Raises AwsError for what the embedded AWS would take."""

    def _call(self, aws: Aws, verb: str) -> Any:
        return getattr(aws.client("apigatewayv2"), f"{verb}_{self.noun}")


class Route(ApiPart):
    token = "aws:apigatewayv2/route:Route"
    noun, id_member, table = "route", "RouteId", ROUTE

    def refuse(self, inputs: Properties) -> None:
        kind = inputs.get("authorizationType", "NONE")
        if kind == "JWT" and not inputs.get("authorizerId"):
            raise refuse("CreateRoute", "AuthorizerId must be set for authorization type JWT", BAD_REQUEST)
        if kind == "CUSTOM":
            raise refuse("CreateRoute", "Lambda authorizers are not supported by the local AWS", BAD_REQUEST)


class Integration(ApiPart):
    token = "aws:apigatewayv2/integration:Integration"
    noun, id_member, table = "integration", "IntegrationId", INTEGRATION
    filled_by_aws = frozenset({"integrationMethod", "payloadFormatVersion", "timeoutMilliseconds", "connectionType"})

    def refuse(self, inputs: Properties) -> None:
        if inputs["integrationType"] != "AWS_PROXY" or ":lambda:" not in inputs.get("integrationUri", ""):
            raise refuse("CreateIntegration", "only functions are supported by the local AWS", BAD_REQUEST)
        if inputs.get("payloadFormatVersion", "1.0") not in {"1.0", "2.0"}:
            raise refuse("CreateIntegration", "PayloadFormatVersion must be 1.0 or 2.0", BAD_REQUEST)


class Authorizer(ApiPart):
    token = "aws:apigatewayv2/authorizer:Authorizer"
    noun, id_member, table = "authorizer", "AuthorizerId", AUTHORIZER
    auto_name = AutoName("name", 128)

    def refuse(self, inputs: Properties) -> None:
        configured = inputs.get("jwtConfiguration") or {}
        if inputs["authorizerType"] != "JWT":
            raise refuse("CreateAuthorizer", "only JWT authorizers are supported by the local AWS", BAD_REQUEST)
        if not configured.get("issuer") or not configured.get("audiences") or not inputs.get("identitySources"):
            message = "Issuer, Audience and IdentitySource must be set for a JWT authorizer"
            raise refuse("CreateAuthorizer", message, BAD_REQUEST)


class Stage(ApiPart):
    token = "aws:apigatewayv2/stage:Stage"
    noun, id_member, table = "stage", "StageName", STAGE
    replace_on = frozenset({"apiId", "name"})
    auto_name = AutoName("name", 128)

    def create(self, aws: Aws, inputs: Properties) -> str:
        refuse_logs(aws, "CreateStage", inputs)
        tags = inputs.get("tagsAll") or {}
        wanted = request(STAGE, inputs)
        aws.client("apigatewayv2").create_stage(ApiId=inputs["apiId"], **wanted, Tags=tags)
        aws.store.put(STAGE_KIND, _stage_key(inputs), {"Stage": wanted, "Tags": tags})
        return str(inputs["name"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        made = super().read(aws, id_, inputs)
        kept = aws.store.get(STAGE_KIND, _stage_key(inputs)) if made is not None else None
        if made is None or kept is None:
            return None
        api, name = made["apiId"], id_
        origin = _origin(aws, api, aws.client("apigatewayv2").get_api(ApiId=api)["ProtocolType"])
        return {
            **made,
            **reported(STAGE, kept["Stage"], inputs),
            "arn": _arn(aws, f"/apis/{api}/stages/{name}"),
            "executionArn": f"{aws.arn('execute-api', api)}/{name}",
            "invokeUrl": f"{origin}/" if name == "$default" else f"{origin}/{name}",
            "tagsAll": kept["Tags"],
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        refuse_logs(aws, "UpdateStage", new)
        aws.validate("apigatewayv2", "UpdateStage", ApiId=new["apiId"], **request(STAGE, new))
        kept = {"Stage": request(STAGE, new), "Tags": new.get("tagsAll") or {}}
        aws.store.put(STAGE_KIND, _stage_key(new), kept)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        super().delete(aws, id_, properties)
        aws.store.delete(STAGE_KIND, _stage_key(properties))


STAGE_KIND = "api stage"
"""The store keeps stages: the embedded AWS does not let them be changed."""


def refuse_logs(aws: Aws, call: str, stage: Properties) -> None:
    """A WebSocket API writes logs with the role that the account has given API Gateway, and not without one.

    Source: API Gateway developer guide, "Configure logging for WebSocket APIs in API Gateway" (read 2026-11-21).
    """
    level = (stage.get("defaultRouteSettings") or {}).get("loggingLevel", "OFF")
    if level == "OFF" and not stage.get("accessLogSettings"):
        return
    protocol = aws.client("apigatewayv2").get_api(ApiId=stage["apiId"])["ProtocolType"]
    if protocol == "WEBSOCKET" and not aws.client("apigateway").get_account().get("cloudwatchRoleArn"):
        raise refuse(call, NO_ROLE_FOR_LOGS, BAD_REQUEST)


def _stage_key(properties: Mapping[str, Any]) -> str:
    return f"{properties['apiId']}/{properties['name']}"


def _origin(aws: Aws, api: str, protocol: str) -> str:
    scheme = "wss" if protocol == "WEBSOCKET" else "https"
    return f"{scheme}://{api}.execute-api.{aws.region}.amazonaws.com"


def _arn(aws: Aws, path: str) -> str:
    return f"arn:{aws.partition}:apigateway:{aws.region}::{path}"


def _retag(aws: Aws, path: str, old: Properties, new: Properties) -> None:
    added, removed = changes(old.get("tagsAll"), new.get("tagsAll"))
    client = aws.client("apigatewayv2")
    if added:
        client.tag_resource(ResourceArn=_arn(aws, path), Tags=added)
    if removed:
        client.untag_resource(ResourceArn=_arn(aws, path), TagKeys=removed)


HANDLERS = (Api(), Route(), Integration(), Authorizer(), Stage())
