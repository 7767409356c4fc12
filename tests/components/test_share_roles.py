"""What each function of shared sessions may do, and the API of live connections."""

import json

import pytest

from opencode_components.testing.graph import Graph
from opencode_components.testing.plugin import Deploy
from tests.components.served_host_program import COGNITO, FUNCTION
from tests.components.share_program import (
    API,
    ID,
    KEY,
    LIVE,
    LOG_GROUP,
    TABLE,
    VIEW,
    arn_of,
    function,
    may,
    share,
)

STAGE = "aws:apigatewayv2/stage:Stage"


@pytest.fixture(scope="module")
def sharing(deploy: Deploy) -> Graph:
    return deploy(share(**COGNITO))


@pytest.fixture(scope="module")
def logged(deploy: Deploy) -> Graph:
    return deploy(share(**COGNITO, kms_key_arn=KEY, live_access_log=True, reserved_concurrency=5.0))


def test_only_the_writer_changes_what_is_shared_and_only_below_its_prefix(sharing: Graph) -> None:
    bucket, table = arn_of(sharing, "aws:s3/bucket:Bucket"), arn_of(sharing, TABLE)
    snapshot, index = f"{bucket}/snapshots/{ID}/000000000042.jsonl.gz", f"{table}/index/owner-index"

    def allowed(arn: str, *actions: str) -> dict[str, str]:
        """Initials of who may do what."""
        return {action.partition(":")[2]: who_may(sharing, action, arn, ID) for action in actions}

    entries = ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "BatchWriteItem", "Scan", "DeleteTable")
    assert allowed(table, *(f"dynamodb:{action}" for action in entries)) == {
        "GetItem": "avl",
        "PutItem": "a",
        "UpdateItem": "a",
        "DeleteItem": "a",
        "Query": "av",
        "BatchWriteItem": "a",
        "Scan": "",
        "DeleteTable": "",
    }
    assert allowed(index, "dynamodb:Query", "dynamodb:Scan") == {"Query": "a", "Scan": "a"}, "administrators list all"
    objects = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion")
    assert allowed(snapshot, *objects) == {
        "GetObject": "av",
        "PutObject": "a",
        "DeleteObject": "a",
        "DeleteObjectVersion": "a",
    }
    assert set(allowed(f"{bucket}/other/x", *objects).values()) == {""}
    assert set(allowed(bucket, "s3:ListBucket", "s3:DeleteBucket", "s3:PutBucketPolicy").values()) == {""}


def test_who_shows_shares_writes_tickets_and_who_admits_takes_them_and_notes_connections(sharing: Graph) -> None:
    table = arn_of(sharing, TABLE)

    def allowed(action: str) -> dict[str, str]:
        partitions = (ID, f"tickets#{ID}", f"connections#{ID}", "connection#x=", f"x-tickets#{ID}", "")
        return {partition: who_may(sharing, action, table, partition) for partition in partitions}

    of_the_writer = {ID: "a", f"x-tickets#{ID}": "a", "": "a"}
    connections = {f"connections#{ID}": "al", "connection#x=": "al"}
    assert allowed("dynamodb:PutItem") == {**of_the_writer, **connections, f"tickets#{ID}": "av"}
    assert allowed("dynamodb:DeleteItem") == {**of_the_writer, **connections, f"tickets#{ID}": "al"}
    assert set(allowed("dynamodb:UpdateItem").values()) == {"a"}


def test_who_reads_in_masses_keeps_nobody_from_writing_where_that_is_asked_for(sharing: Graph, logged: Graph) -> None:
    limits = [
        [function(graph, which).inputs.get("reservedConcurrentExecutions") for which in (API, VIEW, LIVE)]
        for graph in (sharing, logged)
    ]

    assert limits == [[None, None, None], [None, 5, None]]


def test_old_versions_are_listed_under_the_prefix_alone(sharing: Graph) -> None:
    """Without them a deletion would leave what it claims to have deleted."""
    bucket, action = arn_of(sharing, "aws:s3/bucket:Bucket"), "s3:ListBucketVersions"

    assert may(sharing, API, action, bucket, {"s3:prefix": f"snapshots/{ID}/"})
    assert not may(sharing, API, action, bucket, {"s3:prefix": ""})
    assert not may(sharing, API, action, bucket)
    assert not may(sharing, VIEW, action, bucket, {"s3:prefix": f"snapshots/{ID}/"})


def test_only_the_writer_tells_those_who_watch_and_only_through_its_own_stage(sharing: Graph) -> None:
    action, stage = "execute-api:ManageConnections", sharing.one(STAGE).outputs["executionArn"]

    assert all(may(sharing, API, action, f"{stage}/{command}/@connections/x=") for command in ("POST", "DELETE"))
    assert not may(sharing, API, action, f"{stage}/GET/@connections/x=")
    assert not may(sharing, API, action, f"{stage[:-5]}/other/POST/@connections/x=")
    assert not may(sharing, API, "execute-api:Invoke", f"{stage}/POST/@connections/x=")
    assert not any(may(sharing, which, action, f"{stage}/POST/@connections/x=") for which in (VIEW, LIVE))


def test_no_role_invokes_a_function_or_has_a_family_of_actions_or_every_resource(sharing: Graph) -> None:
    policies = sharing.all("aws:iam/rolePolicy:RolePolicy")
    statements = [each for policy in policies for each in json.loads(policy.inputs["policy"])["Statement"]]

    assert len(policies) == 6
    assert all("*" not in action for statement in statements for action in statement["Action"])
    assert all(statement["Resource"].startswith("arn:aws:") for statement in statements)
    assert not may(sharing, API, "lambda:InvokeFunction", arn_of(sharing, FUNCTION, f"dev-shares-{LIVE}"))
    assert not sharing.all("aws:lambda/functionUrl:*")


def test_a_function_writes_its_own_log_and_no_other(sharing: Graph) -> None:
    for which in (API, VIEW, LIVE):
        streams = {
            name: f"{arn_of(sharing, LOG_GROUP, f'dev-shares-{name}')}:log-stream:x" for name in (API, VIEW, LIVE)
        }
        assert [name for name, arn in streams.items() if may(sharing, which, "logs:PutLogEvents", arn)] == [which]
        group = sharing.one(LOG_GROUP, f"dev-shares-{which}")
        assert function(sharing, which).inputs["loggingConfig"]["logGroup"] == group.outputs["name"]


def test_a_customers_key_is_for_dynamodb_alone_to_use(logged: Graph) -> None:
    through = {"kms:ViaService": "dynamodb.us-east-1.amazonaws.com"}

    assert logged.one(TABLE).inputs["serverSideEncryption"] == {"enabled": True, "kmsKeyArn": KEY}
    for which in (API, VIEW, LIVE):
        assert may(logged, which, "kms:Decrypt", KEY, through)
        assert not may(logged, which, "kms:Decrypt", KEY)


def test_connections_come_and_go_through_one_function_and_nothing_else_is_listened_to(sharing: Graph) -> None:
    api, stage = sharing.one("aws:apigatewayv2/api:Api"), sharing.one(STAGE)
    integration = sharing.one("aws:apigatewayv2/integration:Integration")
    routes = {each.inputs["routeKey"]: each for each in sharing.all("aws:apigatewayv2/route:Route")}
    permission = sharing.one("aws:lambda/permission:Permission", "dev-shares-live").inputs

    assert (api.inputs["protocolType"], stage.inputs["name"], stage.inputs["autoDeploy"]) == ("WEBSOCKET", "live", True)
    assert routes.keys() == {"$connect", "$disconnect"}
    assert {each.inputs["target"] for each in routes.values()} == {f"integrations/{integration.id}"}
    assert integration.inputs["integrationUri"] == function(sharing, LIVE).outputs["invokeArn"]
    assert permission["sourceArn"] == f"{api.outputs['executionArn']}/live/*"
    assert permission["sourceArn"].startswith("arn:aws:execute-api:")
    assert permission["principal"] == "apigateway.amazonaws.com"
    assert {each.urn for each in routes.values()} <= stage.dependencies, "the first deployment has every route"


def test_who_tries_tickets_is_slowed_down_and_no_log_has_one(sharing: Graph, logged: Graph) -> None:
    settings = sharing.one(STAGE).inputs["defaultRouteSettings"]
    log = logged.one(STAGE).inputs["accessLogSettings"]

    assert (settings["throttlingRateLimit"], settings["throttlingBurstLimit"]) == (50, 500)
    assert (settings["loggingLevel"], settings["dataTraceEnabled"]) == ("OFF", False), "they would have whole requests"
    assert "accessLogSettings" not in sharing.one(STAGE).inputs, "not every account lets it"
    assert log["destinationArn"] == arn_of(logged, LOG_GROUP, "dev-shares-live-access")
    assert logged.one(LOG_GROUP, "dev-shares-live-access").inputs["retentionInDays"] == 30
    assert json.loads(log["format"])["request_id"] == "$context.requestId", "AWS demands it"
    assert not any(word in log["format"].lower() for word in ("query", "ticket", "header", "path", "authorizer"))


def who_may(graph: Graph, action: str, arn: str, partition: str) -> str:
    """Initials of who may do so with entries of a partition of the table; an empty one is none that is named."""
    context = {"dynamodb:LeadingKeys": partition} if partition else {}
    return "".join(which[0] for which in (API, VIEW, LIVE) if may(graph, which, action, arn, context))
