"""A WebSocket API whose connections one function admits and sees off; whoever may, writes to them."""

import json
from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Archive, Input, Output, ResourceOptions

from opencode_components.own_function import Code, own_function
from opencode_components.retention import retention_days

STAGE = "live"
ROUTES: Mapping[str, str] = {"connect": "$connect", "disconnect": "$disconnect"}
"""No `$default`: what a client says reaches no function, and API Gateway answers it with an error."""
ROUTE_SELECTION = "$request.body.action"
"""Demanded of every WebSocket API, and never asked here."""
GATEWAY = "apigateway.amazonaws.com"
CONNECTS_PER_S, CONNECT_BURST = 50, 500
"""After an interruption all readers come back at once; beyond that, who tries tickets costs little.

AWS grants an account 500 new connections a second. Source: API Gateway developer guide, "Quotas for configuring and
running a WebSocket API" (read 2026-11-21).
"""
LOGGED = {
    "request_id": "$context.requestId",
    "time": "$context.requestTimeEpoch",
    "event": "$context.eventType",
    "route": "$context.routeKey",
    "status": "$context.status",
    "function_status": "$context.integration.status",
    "connection_id": "$context.connectionId",
    "source_ip": "$context.identity.sourceIp",
    "error": "$context.error.message",
}
"""Nothing of the query, which holds tickets. Source: API Gateway developer guide, "Configure logging for WebSocket APIs
in API Gateway" (read 2026-11-21)."""


class LiveApiArgs(TypedDict):
    """What a LiveApi is made from."""

    region: str
    """AWS region. Plain."""
    description: Input[str]
    """What it is for."""
    archive: Input[Archive]
    """Code of the function with all that it needs but boto3. Pure Python."""
    handler: Input[str]
    """Module and function that admit connections and see them off."""
    variables: Input[Mapping[str, str]]
    """Its environment beside LIVE_URL and LIVE_ENDPOINT, this API's addresses; nothing in it may be secret."""
    policy: Input[str]
    """What it may do, apart from writing its log, as the JSON text of an IAM policy."""
    log_retention_days: int
    """Days that logs are kept: a value that CloudWatch Logs offers. Plain, because it is checked."""
    access_log: NotRequired[bool]
    """Whether API Gateway logs who connects. It does so only in accounts that have given it a role for logs, which is
    one for all of an account's APIs in a region. Plain. Default false."""


class LiveApi(pulumi.ComponentResource):
    """An address of its own at which clients stay connected, two hours at most, and are written to as things happen.

    Idle connections keep no process. Beside that API only roles with `execute-api:ManageConnections` on `stage_arn`
    write. The name has 24 characters at most. Raises ValueError on a retention that CloudWatch Logs does not offer.
    """

    url: Output[str]
    """`wss://` address of the stage, known once it answers."""
    endpoint: Output[str]
    """`https://` address of the stage, at which connections are written to and closed."""
    stage_arn: Output[str]
    """ARN of the stage, below which commands on connections are allowed."""
    function_name: Output[str]
    """Function that admits connections."""
    role_name: Output[str]
    """Name of its role."""
    log_group_name: Output[str]
    """Log group that it writes to."""

    def __init__(self, name: str, args: LiveApiArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("opencode_components:index:LiveApi", name, {**args, "archive": None}, opts)
        of_self = ResourceOptions(parent=self)
        region = args["region"]

        api = aws.apigatewayv2.Api(
            name,
            region=region,
            description=args["description"],
            protocol_type="WEBSOCKET",
            route_selection_expression=ROUTE_SELECTION,
            opts=of_self,
        )
        url = Output.concat(api.api_endpoint, "/", STAGE)
        endpoint = url.apply(over_http)
        made = own_function(name, code_of(args, url, endpoint), of_self)
        stage = answering_stage(name, args, api, made.function, of_self)

        self.url = Output.all(url, stage.arn).apply(lambda known: str(known[0]))
        self.endpoint = Output.all(endpoint, stage.arn).apply(lambda known: str(known[0]))
        self.stage_arn = stage.execution_arn
        self.function_name = made.function.name
        self.role_name = made.role_name
        self.log_group_name = made.log_group_name
        self.register_outputs({output: getattr(self, output) for output in LiveApi.__annotations__})


def over_http(url: str) -> str:
    return url.replace("wss://", "https://", 1)


def code_of(args: LiveApiArgs, url: Output[str], endpoint: Output[str]) -> Code:
    """The stage is not there when the function is made, but its address is known."""
    given: Output[Mapping[str, str]] = Output.from_input(args["variables"])
    addresses = Output.all(LIVE_URL=url, LIVE_ENDPOINT=endpoint)
    return Code(
        region=args["region"],
        description=args["description"],
        archive=args["archive"],
        handler=args["handler"],
        variables=Output.all(given, addresses).apply(lambda known: {**known[0], **known[1]}),
        policy=args["policy"],
        log_retention_days=int(args["log_retention_days"]),
    )


def answering_stage(
    name: str, args: LiveApiArgs, api: aws.apigatewayv2.Api, function: "aws.lambda_.Function", of_self: ResourceOptions
) -> aws.apigatewayv2.Stage:
    """The stage, once its routes lead to the function and may invoke it."""
    region = args["region"]
    permission = aws.lambda_.Permission(
        name,
        region=region,
        function=function.name,
        action="lambda:InvokeFunction",
        principal=GATEWAY,
        source_arn=Output.concat(api.execution_arn, f"/{STAGE}/*"),
        opts=of_self,
    )
    routes = routes_to(function, name, region, api, of_self)
    return aws.apigatewayv2.Stage(
        name,
        region=region,
        api_id=api.id,
        name=STAGE,
        auto_deploy=True,
        default_route_settings=route_settings(),
        access_log_settings=access_log(name, args, of_self) if args.get("access_log") else None,
        # The first deployment has every route: a client that came earlier would be admitted by nobody.
        opts=ResourceOptions.merge(of_self, ResourceOptions(depends_on=[permission, *routes])),
    )


def routes_to(
    function: "aws.lambda_.Function", name: str, region: str, api: aws.apigatewayv2.Api, of_self: ResourceOptions
) -> list[aws.apigatewayv2.Route]:
    """All that an API has, to one function."""
    integration = aws.apigatewayv2.Integration(
        name,
        region=region,
        api_id=api.id,
        integration_type="AWS_PROXY",
        integration_method="POST",
        integration_uri=function.invoke_arn,
        opts=of_self,
    )
    return [
        aws.apigatewayv2.Route(
            f"{name}-{suffix}",
            region=region,
            api_id=api.id,
            route_key=key,
            authorization_type="NONE",
            target=Output.concat("integrations/", integration.id),
            opts=of_self,
        )
        for suffix, key in ROUTES.items()
    ]


def route_settings() -> aws.apigatewayv2.StageDefaultRouteSettingsArgs:
    """Without execution logs: they would have whole requests, tickets included."""
    return aws.apigatewayv2.StageDefaultRouteSettingsArgs(
        throttling_rate_limit=CONNECTS_PER_S,
        throttling_burst_limit=CONNECT_BURST,
        logging_level="OFF",
        data_trace_enabled=False,
        detailed_metrics_enabled=False,
    )


def access_log(name: str, args: LiveApiArgs, of_self: ResourceOptions) -> aws.apigatewayv2.StageAccessLogSettingsArgs:
    group = aws.cloudwatch.LogGroup(
        f"{name}-access",
        region=args["region"],
        retention_in_days=retention_days("log_retention_days", args["log_retention_days"]),
        opts=of_self,
    )
    return aws.apigatewayv2.StageAccessLogSettingsArgs(destination_arn=group.arn, format=json.dumps(LOGGED))
