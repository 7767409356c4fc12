"""What sends events to functions: queues, mappings, schedules, HTTP APIs; and objects that hold their code."""

import json
from typing import Any

import pulumi
import pytest

from tests.local.provider.declaring import Made, Program, Refused
from tests.local.provider.round_trip import assert_as_declared, leaves_nothing, lives_and_changes
from tests.local.provider.test_lambda import FUNCTION, a_role, code, function_inputs

QUEUE = "aws:sqs/queue:Queue"
POLICY = "aws:sqs/queuePolicy:QueuePolicy"
MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
SCHEDULE = "aws:scheduler/schedule:Schedule"
OBJECTS = ("aws:s3/bucketObject:BucketObject", "aws:s3/bucketObjectv2:BucketObjectv2")
API, ROUTE = "aws:apigatewayv2/api:Api", "aws:apigatewayv2/route:Route"
INTEGRATION = "aws:apigatewayv2/integration:Integration"
AUTHORIZER = "aws:apigatewayv2/authorizer:Authorizer"
STAGE = "aws:apigatewayv2/stage:Stage"
HTTP: dict[str, Any] = {"protocolType": "HTTP"}
JWT = {"audiences": ["gateway"], "issuer": "https://issuer.example.com"}


@pytest.fixture
def function(program: Program) -> Made:
    return program.declare(FUNCTION, **function_inputs(program))


def test_a_queue_changes_in_place_and_leaves_nothing(program: Program) -> None:
    dead = program.declare(QUEUE, name="dead")
    redrive = json.dumps({"deadLetterTargetArn": dead["arn"], "maxReceiveCount": 3})
    queue = program.declare(QUEUE, visibilityTimeoutSeconds=60, tags={"for": "usage"})

    new = {"visibilityTimeoutSeconds": 90, "redrivePolicy": redrive, "messageRetentionSeconds": 600}
    queue = lives_and_changes(program, queue, dict.fromkeys([*new, "tags"]), **new)

    assert queue["url"] == f"https://sqs.us-east-1.amazonaws.com/{program.aws.account_id}/{queue['name']}"
    assert program.client("sqs").send_message(QueueUrl=queue["url"], MessageBody="hello")["MessageId"]
    assert program.plan(queue, **{**new, "name": "another"}) == {"name": True}
    leaves_nothing(program, queue)


def test_a_fifo_queue_is_one_by_name_and_declaration(program: Program) -> None:
    queue = program.declare(QUEUE, name="usage.fifo", fifoQueue=True, contentBasedDeduplication=True)

    assert_as_declared(program, queue)


def test_a_queues_policy_changes_in_place(program: Program) -> None:
    queue = program.declare(QUEUE)

    def policy(action: str) -> dict[str, Any]:
        statement = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": queue["arn"]}
        return {
            "queueUrl": queue["url"],
            "policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        }

    made = program.declare(POLICY, **policy("sqs:SendMessage"))

    made = lives_and_changes(program, made, {"policy": None}, **policy("sqs:ReceiveMessage"))
    assert_as_declared(program, queue)
    leaves_nothing(program, made)


def test_a_mapping_of_a_queue_changes_in_place(program: Program, function: Made) -> None:
    queue = program.declare(QUEUE)
    given = {"functionName": function["name"], "eventSourceArn": queue["arn"]}
    mapping = program.declare(MAPPING, **given, batchSize=5)

    mapping = lives_and_changes(program, mapping, {"batchSize": None, "enabled": None}, **given, enabled=False)

    assert (mapping["functionArn"], mapping["state"]) == (function["arn"], "Disabled")
    with pytest.raises(Refused, match="already exists"):
        program.declare(MAPPING, **given)
    leaves_nothing(program, mapping)


def test_a_mapping_of_a_stream_needs_its_start(program: Program, function: Made) -> None:
    table = program.declare(
        "aws:dynamodb/table:Table",
        billingMode="PAY_PER_REQUEST",
        hashKey="id",
        attributes=[{"name": "id", "type": "S"}],
        streamEnabled=True,
        streamViewType="NEW_IMAGE",
    )
    given = {"functionName": function["arn"], "eventSourceArn": table["streamArn"]}

    with pytest.raises(Refused, match="startingPosition"):
        program.declare(MAPPING, **given)
    assert_as_declared(program, program.declare(MAPPING, **given, startingPosition="LATEST", maximumRetryAttempts=2))


def test_messages_must_stay_hidden_while_the_function_runs(program: Program) -> None:
    function = program.declare(FUNCTION, **function_inputs(program), timeout=60)
    queue = program.declare(QUEUE)

    with pytest.raises(Refused, match="Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds"):
        program.declare(MAPPING, functionName=function["name"], eventSourceArn=queue["arn"])


def test_a_rule_and_its_target_change_in_place(program: Program, function: Made) -> None:
    rule = program.declare(RULE, scheduleExpression="rate(5 minutes)", description="Often")
    given = {"rule": rule["name"], "arn": function["arn"], "targetId": "function"}
    target = program.declare(TARGET, **given, input='{"a": 1}')

    target = lives_and_changes(program, target, {"input": None}, **given, input='{"a": 2}')
    rule = lives_and_changes(
        program,
        rule,
        {"scheduleExpression": None, "description": None, "state": None},
        scheduleExpression="cron(0 1 * * ? *)",
        state="DISABLED",
    )

    leaves_nothing(program, target)
    leaves_nothing(program, rule)


def test_a_schedule_changes_in_place(program: Program, function: Made) -> None:
    role = a_role(program, "scheduler.amazonaws.com")
    given = {"flexibleTimeWindow": {"mode": "OFF"}, "target": {"arn": function["arn"], "roleArn": role}}
    schedule = program.declare(SCHEDULE, **given, scheduleExpression="rate(1 hour)")

    new = {**given, "scheduleExpression": "cron(0 1 * * ? *)", "scheduleExpressionTimezone": "Europe/Berlin"}
    schedule = lives_and_changes(
        program, schedule, {"scheduleExpression": None, "scheduleExpressionTimezone": None}, **new
    )

    leaves_nothing(program, schedule)


@pytest.mark.parametrize("token", OBJECTS)
def test_an_object_holds_text_a_file_or_a_packed_archive(program: Program, token: str) -> None:
    bucket = program.declare("aws:s3/bucket:Bucket")
    text = program.declare(token, bucket=bucket["bucket"], key="a.txt", content="hello", contentType="text/plain")
    packed = program.declare(token, bucket=bucket["bucket"], key="code.zip", source=code())

    client = program.client("s3")
    assert client.get_object(Bucket=bucket["bucket"], Key="a.txt")["Body"].read() == b"hello"
    assert_as_declared(program, text)
    given = {**function_inputs(program), "code": None, "s3Bucket": bucket["bucket"], "s3Key": "code.zip"}
    function = program.declare(FUNCTION, **{name: value for name, value in given.items() if value is not None})
    same = program.declare(FUNCTION, **function_inputs(program))
    assert function["codeSha256"] == same["codeSha256"]
    leaves_nothing(program, packed)


def test_an_api_with_all_its_parts_changes_in_place_and_leaves_nothing(program: Program, function: Made) -> None:
    api = program.declare(API, **HTTP, corsConfiguration={"allowOrigins": ["*"]}, tags={"for": "users"})
    given = {"apiId": api.id, "integrationType": "AWS_PROXY", "integrationUri": function["invokeArn"]}
    integration = program.declare(INTEGRATION, **given, payloadFormatVersion="2.0")
    sources = {"apiId": api.id, "authorizerType": "JWT", "identitySources": ["$request.header.Authorization"]}
    authorizer = program.declare(AUTHORIZER, **sources, name="jwt", jwtConfiguration=JWT)
    route = program.declare(ROUTE, apiId=api.id, routeKey="GET /pets", target=f"integrations/{integration.id}")
    stage = program.declare(STAGE, apiId=api.id, name="beta", autoDeploy=True, stageVariables={"a": "1"})

    assert api["apiEndpoint"] == f"https://{api.id}.execute-api.us-east-1.amazonaws.com"
    assert stage["invokeUrl"] == f"{api['apiEndpoint']}/beta"
    api = lives_and_changes(program, api, {"corsConfiguration": None, "tags": None, "name": None}, **HTTP, name="pets")
    integration = lives_and_changes(
        program, integration, {"payloadFormatVersion": None}, **given, payloadFormatVersion="1.0"
    )
    other = {**JWT, "audiences": ["another"]}
    authorizer = lives_and_changes(
        program, authorizer, {"jwtConfiguration": None}, **sources, name="jwt", jwtConfiguration=other
    )
    stage = lives_and_changes(program, stage, {"stageVariables": None}, apiId=api.id, name="beta", autoDeploy=True)
    for part in (route, stage, authorizer, integration, api):
        leaves_nothing(program, part)


def test_a_stage_for_connections_is_throttled_and_logs_only_where_the_account_lets_it(program: Program) -> None:
    api = program.declare(API, protocolType="WEBSOCKET", routeSelectionExpression="$request.body.action")
    throttle = {"loggingLevel": "OFF", "throttlingRateLimit": 50.0, "throttlingBurstLimit": 500}
    declared = {"apiId": api.id, "name": "live", "autoDeploy": True}
    stage = program.declare(STAGE, **declared, defaultRouteSettings=throttle)
    logs = {
        "destinationArn": f"arn:aws:logs:us-east-1:{program.aws.account_id}:log-group:a",
        "format": "$context.requestId",
    }
    logging = {**declared, "defaultRouteSettings": {**throttle, "throttlingRateLimit": 5.0}, "accessLogSettings": logs}

    with pytest.raises(Refused, match="CloudWatch Logs role ARN must be set in account settings"):
        program.change(stage, **logging)
    allowed = {"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::123456789012:role/logs"}
    program.client("apigateway").update_account(patchOperations=[allowed])
    stage = lives_and_changes(program, stage, dict.fromkeys(("defaultRouteSettings", "accessLogSettings")), **logging)

    assert stage["invokeUrl"] == f"{api['apiEndpoint']}/live"
    assert api["apiEndpoint"].startswith("wss://")
    assert stage["executionArn"] == f"{api['executionArn']}/live"
    leaves_nothing(program, stage)


@pytest.mark.parametrize(
    ("token", "bad", "why"),
    [
        (QUEUE, {"visibilityTimeoutSeconds": 43_201}, "visibilityTimeoutSeconds"),
        (QUEUE, {"fifoQueue": True, "name": "usage"}, r"ends with \.fifo"),
        (QUEUE, {"contentBasedDeduplication": True}, "can only be set for FIFO queues"),
        (RULE, {"scheduleExpression": "rate(1 minutes)"}, "Parameter ScheduleExpression is not valid"),
        (RULE, {"eventPattern": "{}"}, "eventPattern: not supported by the local AWS"),
        (TARGET, {"rule": "r", "arn": "arn:aws:sqs:us-east-1:123456789012:q"}, "only functions are supported"),
        (API, {"protocolType": "WEBSOCKET"}, "routeSelectionExpression: required for a WebSocket API"),
        (API, {"protocolType": "MQTT"}, "Member must satisfy enum value set"),
        (ROUTE, {"apiId": "nothere", "routeKey": "GET /"}, "NotFoundException"),
        (ROUTE, {"apiId": "a", "routeKey": "GET /", "authorizationType": "CUSTOM"}, "Lambda authorizers are not"),
        (INTEGRATION, {"apiId": "a", "integrationType": "HTTP_PROXY"}, "only functions are supported"),
        (AUTHORIZER, {"apiId": "a", "authorizerType": "REQUEST"}, "only JWT authorizers are supported"),
        (OBJECTS[0], {"bucket": "nobodys-bucket", "key": "k", "content": "x"}, "NoSuchBucket"),
        (OBJECTS[0], {"bucket": "b", "key": "k", "source": pulumi.FileAsset("/nowhere")}, "could not be read"),
        (MAPPING, {"functionName": "f", "eventSourceArn": "arn:aws:kinesis:us-east-1:1:stream/s"}, "only queues"),
    ],
)
def test_what_aws_or_the_local_aws_would_refuse_is_refused(
    shared_program: Program, token: str, bad: dict[str, Any], why: str
) -> None:
    with pytest.raises(Refused, match=why):
        shared_program.declare(token, **bad)
