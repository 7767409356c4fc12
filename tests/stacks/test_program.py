"""The whole program, as the repository's config files declare it."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from opencode_components.testing import (
    UNKNOWN,
    Engine,
    Graph,
    Placeholders,
    Request,
    Resource,
    assert_secure,
    can_reach,
    deploy,
    evaluate,
    preview,
    route,
)
from opencode_local.issuer import Issuer
from opencode_router.settings import Settings
from opencode_stacks.declared import config_of
from opencode_stacks.environment import PROJECT, ROOT
from opencode_stacks.outputs import OUTPUTS
from opencode_stacks.parts import domain_prefix

PROGRAM = ROOT / "stacks"
AWS_NAMES = ("name", "bucket", "family", "domain", "dashboardName", "roleName", "identifier")
INTERNET = "0.0.0.0/0"
WAIVED = {"table-recovery@*-shares": "deleting a share deletes it, and recovery would bring it back for 35 days"}


@pytest.fixture(params=["dev", "prod"])
def environment(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def graph(environment: str, request: pytest.FixtureRequest) -> Graph:
    found: Graph = request.getfixturevalue(environment)
    return found


def changed(environment: str, engine: Engine | None = None, **sections: Mapping[str, Any] | None) -> Graph:
    """The environment with keys merged into sections of its config; None removes a section."""
    config = config_of(environment)
    for section, keys in sections.items():
        key = f"opencode:{section}"
        merged = None if keys is None else {**config.get(key, {}), **keys}
        config = {name: value for name, value in config.items() if name != key} | ({key: merged} if merged else {})
    return deploy(PROGRAM, config=config, stack=environment, project=PROJECT, engine=engine)


def test_every_environment_is_secure_with_the_one_exception_that_what_is_deleted_stays_deleted(graph: Graph) -> None:
    assert_secure(graph, waive=WAIVED)


def test_every_environment_can_be_previewed_before_anything_exists(environment: str) -> None:
    planned = preview(PROGRAM, config=config_of(environment), stack=environment, project=PROJECT)

    assert planned.one("aws:ec2/vpc:Vpc").outputs.get("arn", UNKNOWN) is UNKNOWN
    assert planned.outputs.keys() == OUTPUTS.keys()


def test_the_outputs_are_those_in_the_documents_and_none_is_secret(graph: Graph) -> None:
    assert graph.outputs.keys() == OUTPUTS.keys()
    assert not graph.secret_outputs
    assert graph.outputs["release_signing_key_arn"] == graph.one("aws:kms/key:Key", "*-releases").outputs["arn"]
    assert {"api_url", "issuer", "client_id", "scopes", "callback_ports"} <= graph.outputs["client_config"].keys()


def test_clients_are_told_by_the_gateway_what_the_stack_exports_for_them(graph: Graph) -> None:
    (container,) = json.loads(graph.one("aws:ecs/taskDefinition:TaskDefinition").inputs["containerDefinitions"])
    variables = {entry["name"]: entry["value"] for entry in container["environment"]}

    assert json.loads(variables["CLIENT_CONFIG"]) == graph.outputs["client_config"]
    assert variables["RELEASES_BUCKET"] == graph.outputs["releases_bucket"]
    assert Settings.load(variables).client_config is not None, "the router understands it"


def test_no_resource_stands_outside_a_component(graph: Graph) -> None:
    assert [resource for resource in graph if resource.parent is None and not resource.is_component] == []


def test_two_environments_of_one_account_share_no_name(dev: Graph, prod: Graph) -> None:
    """What the engine names by itself carries a random suffix; what the program names must differ."""

    def given_names(graph: Graph) -> set[tuple[str, str]]:
        return {
            (resource.type, str(resource.inputs[key]))
            for resource in graph
            if not resource.is_component
            for key in AWS_NAMES
            if isinstance(resource.inputs.get(key), str) and "prefix" not in key
        }

    shared = given_names(dev) & given_names(prod)

    assert {kind for kind, _ in shared} <= {
        "aws:cognito/userGroup:UserGroup",  # within a pool
        "aws:cloudwatch/logMetricFilter:LogMetricFilter",  # within a log group
        "aws:apigatewayv2/stage:Stage",  # within an API
    }


def test_the_program_knows_no_environment_by_name() -> None:
    """A difference between environments is a key of the config."""
    text = "".join(file.read_text() for file in PROGRAM.rglob("*.py"))

    assert not re.search(r"env\.name\s*(==|in|!=)", text)
    assert '"prod"' not in text


def test_one_deployment_holds_all_that_the_service_needs_in_the_order_it_is_needed(graph: Graph) -> None:
    """Image before service, certificate validated before listener, listener rules before tasks: one up suffices."""
    service = graph.one("aws:ecs/service:Service")
    needed = reached_from(graph, service)

    assert {"aws:ecs/taskDefinition:TaskDefinition", "aws:lb/listenerRule:ListenerRule"} <= {r.type for r in needed}
    assert {"aws:ecr/repository:Repository", "aws:dynamodb/table:Table"} <= {r.type for r in needed}
    listener = graph.one("aws:lb/listener:Listener", "*-https")
    assert "aws:acm/certificateValidation:CertificateValidation" in {r.type for r in reached_from(graph, listener)}


def reached_from(graph: Graph, resource: Resource) -> set[Resource]:
    """All that a resource depends on, however far."""
    by_urn = {known.urn: known for known in graph}
    found: set[Resource] = set()
    waiting = [resource]
    while waiting:
        for urn in waiting.pop().dependencies:
            if urn in by_urn and by_urn[urn] not in found:
                found.add(by_urn[urn])
                waiting.append(by_urn[urn])
    return found


def test_the_image_runs_by_digest_and_its_tag_cannot_be_moved(graph: Graph) -> None:
    (container,) = json.loads(graph.one("aws:ecs/taskDefinition:TaskDefinition").inputs["containerDefinitions"])

    assert "@sha256:" in container["image"]
    repository = graph.one("aws:ecr/repository:Repository").inputs
    assert repository["imageTagMutability"].startswith("IMMUTABLE")
    assert len(repository.get("imageTagMutabilityExclusionFilters", ())) <= 1, "the builder's own tag"


def test_the_internet_reaches_the_load_balancer_and_only_the_load_balancer_reaches_the_tasks(graph: Graph) -> None:
    balancer = graph.one("aws:lb/loadBalancer:LoadBalancer")
    service = graph.one("aws:ecs/service:Service")

    assert can_reach(graph, INTERNET, balancer, 443)
    assert not can_reach(graph, INTERNET, service, 8080)
    assert can_reach(graph, balancer, service, 8080)
    assert not can_reach(graph, balancer, service, 9090), "metrics are for the inside"
    assert can_reach(graph, service, INTERNET, 443), "Bedrock and the issuer"


@pytest.mark.parametrize(
    ("headers", "action"),
    [
        ([("Authorization", "Bearer eyJ.a.b")], "jwt-validation"),
        ([("X-API-Key", "oc_0123")], "forward"),
        ([], "fixed-response"),
    ],
)
def test_credentials_take_the_way_that_the_listener_has_for_them(
    graph: Graph, environment: str, headers: list[tuple[str, str]], action: str
) -> None:
    host = config_of(environment)["opencode:domain"]["host"]

    decision = route(graph, Request(host=host, path="/v1/models", headers=headers))

    assert decision.actions[0]["type"] == action


def test_the_download_host_is_public_in_two_places_and_the_gateways_host_lets_nobody_to_it(
    graph: Graph, environment: str
) -> None:
    config = config_of(environment)
    downloads, gateway = (config[f"opencode:{section}"]["host"] for section in ("downloads", "domain"))

    def decided(host: str, path: str) -> tuple[str, int | None]:
        decision = route(graph, Request(host=host, path=path))
        return decision.outcome, decision.priority

    assert decided(downloads, "/version.json") == decided(downloads, f"/i/{'a' * 32}") == ("forward", 2000)
    assert decided(downloads, "/") == decided(downloads, "/v1/models") == ("redirect", 2010), "to sign in"
    assert decided(downloads, "/health") == ("redirect", 2010), "nothing of the gateway"
    assert decided(gateway, "/version.json") == decided(gateway, "/") == ("fixed-response", None)


def test_the_sharing_host_shows_its_page_to_everyone_and_what_agents_write_stays_on_it(
    graph: Graph, environment: str
) -> None:
    config = config_of(environment)
    sharing, gateway = (config[f"opencode:{section}"]["host"] for section in ("sharing", "domain"))

    def decided(host: str, path: str, method: str = "GET") -> tuple[str, int | None]:
        decision = route(graph, Request(host=host, path=path, method=method))
        return decision.outcome, decision.priority

    assert decided(sharing, "/api/share", "POST") == ("forward", 3000)
    assert decided(sharing, f"/share/{'a' * 32}") == ("forward", 3010)
    assert decided(sharing, f"/sign-in/{'a' * 32}") == ("redirect", 3020)
    assert decided(sharing, "/v1/models") == decided(sharing, "/version.json") == ("fixed-response", None)
    assert decided(gateway, "/api/share", "POST") == ("fixed-response", None)


def test_people_come_back_to_each_host_that_they_sign_in_at_and_its_certificate_is_for_all(
    graph: Graph, environment: str
) -> None:
    config = config_of(environment)
    hosts = [config[f"opencode:{section}"]["host"] for section in ("domain", "downloads", "sharing")]
    certificate = graph.one("aws:acm/certificate:Certificate").inputs
    browser = graph.one("aws:cognito/userPoolClient:UserPoolClient", "*-browser").inputs

    assert [certificate["domainName"], *certificate["subjectAlternativeNames"]] == hosts
    assert browser["callbackUrls"] == [f"https://{host}/oauth2/idpresponse" for host in hosts]
    assert {record.inputs["name"] for record in graph.all("aws:route53/record:Record")} >= set(hosts)


def test_the_role_of_the_tasks_calls_catalogued_models_in_its_region_and_nothing_else(graph: Graph) -> None:
    role = graph.one("aws:iam/role:Role", "*-task")
    model = "arn:aws:bedrock:us-east-1::foundation-model/{}"

    assert evaluate(graph, role, "bedrock:InvokeModel", model.format("qwen.qwen3-coder-next")).allowed
    assert not evaluate(graph, role, "bedrock:InvokeModel", model.format("stability.sd3-large-v1:0")).allowed
    assert not evaluate(graph, role, "dynamodb:Scan", graph.outputs["keys_table"]).allowed
    assert not evaluate(graph, role, "iam:PassRole", "*").allowed
    releases = f"arn:aws:s3:::{graph.outputs['releases_bucket']}"
    assert evaluate(graph, role, "s3:GetObject", f"{releases}/releases/1.2.3/opencode-auth-1.2.3-macos-arm64").allowed
    assert not evaluate(graph, role, "s3:GetObject", f"{releases}/links/ab12").allowed
    assert not evaluate(graph, role, "s3:PutObject", f"{releases}/releases/manifest.json").allowed


def test_what_people_depend_on_spans_zones_and_is_protected(prod: Graph) -> None:
    assert len(prod.all("aws:ec2/natGateway:NatGateway")) == 2
    assert prod.one("aws:ecs/service:Service").inputs["desiredCount"] >= 2
    protected = {resource.type for resource in prod if resource.protect}
    assert {
        "aws:dynamodb/table:Table",
        "aws:cognito/userPool:UserPool",
        "aws:lb/loadBalancer:LoadBalancer",
        "aws:s3/bucket:Bucket",
        "aws:ecr/repository:Repository",
    } <= protected


def test_what_is_for_trying_out_can_be_taken_away(dev: Graph) -> None:
    assert [resource for resource in dev if resource.protect or resource.retain_on_delete] == []


def test_an_account_and_an_environment_have_a_sign_in_domain_of_their_own() -> None:
    prefixes = {
        domain_prefix(environment, account)
        for environment in ("dev", "prod")
        for account in ("111122223333", "444455556666")
    }

    assert len(prefixes) == 4
    assert all(re.fullmatch(r"[a-z0-9-]{1,63}", prefix) for prefix in prefixes)


def test_another_identity_provider_takes_the_place_of_cognito_with_its_own_words(issuer: Issuer) -> None:
    oidc = {
        "issuer": issuer.url,
        "cli_client_id": "opencode-cli",
        "browser_client_id": "opencode-web",
        "browser_client_secret_arn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:idp-AbCdEf",
        "audiences": ["opencode-cli"],
    }
    graph = changed("dev", cognito=None, oidc=oidc)

    assert graph.outputs["issuer"] == issuer.url
    assert not graph.all("aws:cognito/*")
    validation = route(
        graph, Request(host="ai-dev.example.com", path="/v1/models", headers=[("Authorization", "Bearer eyJ.a.b")])
    ).actions[0]["jwtValidation"]
    assert validation["issuer"] == issuer.url
    assert validation["additionalClaims"][0]["name"] == "aud"
    page = graph.one("aws:lb/listenerRule:ListenerRule", "dev-site-page")
    sign_in = page.inputs["actions"][0]["authenticateOidc"]
    assert (sign_in["issuer"], sign_in["clientId"]) == (issuer.url, "opencode-web")
    assert "actions" in {path.partition("[")[0] for path in page.secret_inputs}, "the client's secret is encrypted"
    assert_secure(graph, waive=WAIVED)


def test_a_network_a_certificate_and_an_image_that_exist_are_used_as_they_are() -> None:
    image = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/router@sha256:{'a' * 64}"
    public, private = ["subnet-0a1b2c3d", "subnet-0a1b2c3e"], ["subnet-0a1b2c4d", "subnet-0a1b2c4e"]
    there = {
        subnet: {"vpcId": "vpc-0a1b2c3d", "availabilityZone": zone}
        for subnets in (public, private)
        for subnet, zone in zip(subnets, ("us-east-1a", "us-east-1b"), strict=True)
    }
    graph = changed(
        "dev",
        engine=Placeholders(existing=there),
        network=None,
        existing_network={"vpc_id": "vpc-0a1b2c3d", "public_subnet_ids": public, "private_subnet_ids": private},
        domain={"certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/0b7c"},
        router={"image_uri": image},
    )

    assert not [resource for resource in graph.all("aws:ec2/vpc:Vpc") if not resource.is_read]
    assert not graph.all("aws:acm/*")
    assert not graph.all("aws:ecr/*")
    assert graph.outputs["image"] == image


def test_without_the_section_nothing_of_distribution_is_there_and_clients_are_told_of_none() -> None:
    graph = changed("dev", downloads=None)

    assert not graph.all("aws:lambda/*", "dev-site*")
    assert not graph.all("*", "dev-releases*")
    assert graph.outputs.keys() == OUTPUTS.keys() - {"downloads_url", "releases_bucket", "release_signing_key_arn"}
    assert not {"downloads_url", "release_keys"} & graph.outputs["client_config"].keys()
    assert "RELEASES_BUCKET" not in graph.one("aws:ecs/taskDefinition:TaskDefinition").inputs["containerDefinitions"]


def test_without_the_section_nothing_is_shared_and_clients_are_told_of_no_place_for_it() -> None:
    graph = changed("dev", sharing=None)

    assert not graph.all("*", "dev-shares*")
    assert not graph.all("aws:apigatewayv2/*")
    assert not graph.all("aws:cloudwatch/metricAlarm:MetricAlarm", "*-sharing*")
    assert graph.outputs.keys() == OUTPUTS.keys() - {"sharing_url", "shares_table", "shares_bucket"}
    assert "sharing_url" not in graph.outputs["client_config"]


def test_functions_of_sharing_ring_alarms_and_clients_learn_the_host(dev: Graph) -> None:
    watched = {alarm.name for alarm in dev.all("aws:cloudwatch/metricAlarm:MetricAlarm", "dev-alarms-sharing*")}

    assert watched == {
        f"dev-alarms-{word}-{kind}"
        for word in ("sharing", "sharing-page", "sharing-live")
        for kind in ("errors", "throttles")
    }
    assert dev.outputs["client_config"]["sharing_url"] == dev.outputs["sharing_url"] == "https://share-dev.example.com"
    assert dev.outputs["shares_bucket"] == dev.one("aws:s3/bucket:Bucket", "dev-shares").outputs["bucket"]
