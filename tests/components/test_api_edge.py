"""The public end of the API: what connects, how, and what is noted of it."""

import json

import pytest

from opencode_components import LoadBalancer, LogBucket
from opencode_components.load_balancer import IDLE_TIMEOUTS_S
from opencode_components.testing.graph import Graph, Resource
from opencode_components.testing.iam import evaluate
from opencode_components.testing.plugin import Deploy
from opencode_components.testing.reachability import can_reach
from opencode_components.testing.security import assert_secure
from tests.components.api_program import ACCOUNT, HOST, an_api

BALANCER, LISTENER = "aws:lb/loadBalancer:LoadBalancer", "aws:lb/listener:Listener"
SERVICE = "aws:ecs/service:Service"
OFFICE = "203.0.113.0/24"


@pytest.fixture(scope="module")
def graph(deploy: Deploy) -> Graph:
    return deploy(an_api())


@pytest.fixture(scope="module")
def balancer(graph: Graph) -> Resource:
    return graph.one(BALANCER)


def in_bucket(graph: Graph, key: str = "") -> str:
    return f"{graph.one('aws:s3/bucket:Bucket').outputs['arn']}{key}"


def test_an_api_breaks_no_rule_of_security(graph: Graph) -> None:
    assert_secure(graph)


def test_only_tls_with_forward_secrecy_is_spoken(graph: Graph) -> None:
    https = graph.one(LISTENER, "*-https").inputs

    assert (https["port"], https["protocol"]) == (443, "HTTPS")
    assert https["sslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2-Res-")


def test_browsers_are_told_to_come_back_over_https_only(graph: Graph) -> None:
    https = graph.one(LISTENER, "*-https").inputs

    assert https["routingHttpResponseStrictTransportSecurityHeaderValue"] == "max-age=31536000"
    assert https["routingHttpResponseXContentTypeOptionsHeaderValue"] == "nosniff"
    assert https["routingHttpResponseServerEnabled"] is False


def test_the_load_balancer_bears_long_silence_and_no_malformed_headers(balancer: Resource) -> None:
    assert balancer.inputs["idleTimeout"] == 900
    assert balancer.inputs["dropInvalidHeaderFields"] is True
    assert balancer.inputs["desyncMitigationMode"] == "defensive"
    assert (balancer.inputs["internal"], balancer.inputs["ipAddressType"]) == (False, "ipv4")


@pytest.mark.parametrize("is_protected", [True, False])
def test_protection_is_all_or_nothing(deploy: Deploy, *, is_protected: bool) -> None:
    graph = deploy(an_api(deletion_protection=is_protected))
    balancer, bucket = graph.one(BALANCER), graph.one("aws:s3/bucket:Bucket")

    assert (balancer.inputs["enableDeletionProtection"], balancer.protect) == (is_protected, is_protected)
    assert (bucket.inputs["forceDestroy"], bucket.protect) == (not is_protected, is_protected)
    assert {r.name for r in graph if r.protect} == ({"dev-api", "dev-api-logs"} if is_protected else set())


def test_the_host_leads_to_the_load_balancer(graph: Graph, balancer: Resource) -> None:
    record = graph.one("aws:route53/record:Record").inputs

    assert (record["name"], record["type"]) == (HOST, "A")
    assert record["aliases"] == [
        {
            "name": balancer.outputs["dnsName"],
            "zoneId": balancer.outputs["zoneId"],
            "evaluateTargetHealth": False,
        }
    ]


def test_the_world_reaches_the_load_balancer_and_only_it_reaches_the_router(graph: Graph, balancer: Resource) -> None:
    service = graph.one(SERVICE)

    assert can_reach(graph, "0.0.0.0/0", balancer, 443)
    assert can_reach(graph, "0.0.0.0/0", balancer, 80)
    assert not any(can_reach(graph, "0.0.0.0/0", balancer, port) for port in (22, 8080, 9090))
    assert can_reach(graph, balancer, service, 8080)
    assert not any(can_reach(graph, balancer, service, port) for port in (22, 443, 9090))
    assert not any(can_reach(graph, cidr, service, 8080) for cidr in ("0.0.0.0/0", "10.0.0.0/8", OFFICE))


def test_the_router_reaches_https_and_nothing_else(graph: Graph) -> None:
    service = graph.one(SERVICE)

    assert can_reach(graph, service, "0.0.0.0/0", 443)
    assert not any(can_reach(graph, service, "0.0.0.0/0", port) for port in (22, 25, 80, 3306, 8080))


def test_a_private_gateway_is_reached_from_its_ranges_alone(deploy: Deploy) -> None:
    graph = deploy(an_api(public_cidrs=[OFFICE, "10.0.0.0/8"]))
    balancer = graph.one(BALANCER)

    assert can_reach(graph, "203.0.113.7/32", balancer, 443)
    assert can_reach(graph, "10.1.2.3/32", balancer, 443)
    assert not can_reach(graph, "198.51.100.7/32", balancer, 443)


def test_the_load_balancer_is_made_when_its_log_can_be_written(graph: Graph, balancer: Resource) -> None:
    policy = graph.one("aws:s3/bucketPolicy:BucketPolicy")

    assert balancer.inputs["accessLogs"] == {"bucket": policy.inputs["bucket"], "enabled": True}
    assert policy.urn in balancer.property_dependencies["accessLogs"]


def test_log_delivery_writes_where_this_accounts_logs_belong_and_nobody_comes_without_tls(graph: Graph) -> None:
    delivery, put = "logdelivery.elasticloadbalancing.amazonaws.com", "s3:PutObject"
    own, others = in_bucket(graph, f"/AWSLogs/{ACCOUNT}/log"), in_bucket(graph, "/AWSLogs/999999999999/log")
    root = f"arn:aws:iam::{ACCOUNT}:root"

    assert evaluate(graph, delivery, put, own, {"aws:SecureTransport": True})
    assert not evaluate(graph, delivery, put, own, {"aws:SecureTransport": False})
    assert not evaluate(graph, delivery, put, others, {"aws:SecureTransport": True})
    assert not evaluate(graph, delivery, "s3:GetObject", own, {"aws:SecureTransport": True})
    assert not evaluate(graph, "*", put, own, {"aws:SecureTransport": True})
    denied = evaluate(graph, root, "s3:GetObject", own, {"aws:SecureTransport": False})
    assert denied.statement is not None
    assert denied.statement.effect == "Deny"


def test_access_logs_are_private_encrypted_and_forgotten_in_all_versions(deploy: Deploy) -> None:
    graph = deploy(an_api(access_log_retention_days=30))
    access = graph.one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock").inputs
    encryption = graph.one("aws:s3/bucketServerSideEncryptionConfiguration:*").inputs["rules"][0]
    (rule,) = graph.one("aws:s3/bucketLifecycleConfiguration:*").inputs["rules"]

    assert all(
        access[switch]
        for switch in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    )
    assert encryption["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "AES256"
    assert graph.one("aws:s3/bucketOwnershipControls:*").inputs["rule"]["objectOwnership"] == "BucketOwnerEnforced"
    assert graph.one("aws:s3/bucketVersioning:*").inputs["versioningConfiguration"]["status"] == "Enabled"
    assert (rule["status"], rule["filter"]) == ("Enabled", {"prefix": ""})
    assert rule["expiration"] == {"days": 30}
    assert rule["noncurrentVersionExpiration"]["noncurrentDays"] > 0
    assert rule["abortIncompleteMultipartUpload"]["daysAfterInitiation"] > 0


def test_the_parts_are_components_that_others_can_use_alone(graph: Graph) -> None:
    for component in (LoadBalancer, LogBucket):
        registered = graph.one(f"opencode_components:index:{component.__name__}").outputs
        assert set(component.__annotations__) <= set(map(snake, registered)), component


def snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def test_the_401_is_short_enough_for_the_load_balancer(graph: Graph) -> None:
    action = graph.one(LISTENER, "*-https").inputs["defaultActions"][0]

    assert json.loads(action["fixedResponse"]["messageBody"])["error"]["code"] == "missing_credentials"
    assert len(action["fixedResponse"]["messageBody"]) <= 1024


@pytest.mark.parametrize("idle_timeout_s", [IDLE_TIMEOUTS_S.start, IDLE_TIMEOUTS_S.stop - 1])
def test_the_idle_timeout_goes_as_far_as_aws_lets_it(deploy: Deploy, idle_timeout_s: int) -> None:
    assert deploy(an_api(idle_timeout_s=idle_timeout_s)).one(BALANCER).inputs["idleTimeout"] == idle_timeout_s
