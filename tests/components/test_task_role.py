"""What the router's role may do: every call that the router makes, and none besides."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from opencode_components.bedrock_policy import MAX_INLINE_CHARACTERS, MAX_MANAGED_CHARACTERS
from opencode_components.testing.graph import Graph, Resource
from opencode_components.testing.iam import evaluate
from opencode_components.testing.plugin import Deploy
from opencode_router.catalogue.choose import MANTLE, Catalogue, Entry, order, route
from opencode_router.catalogue.choose import REGION as OWN_REGION
from opencode_router.catalogue.load import load
from opencode_router.catalogue.model import MANTLE_SURFACES, Surface
from opencode_stacks.models import MODEL_PATTERNS
from tests.components.api_program import (
    ACCOUNT,
    COUNTERS,
    KEYS,
    LOG_GROUP,
    PROFILES,
    REGION,
    REPOSITORY,
    USAGE,
    an_api,
)

ROLE, ROLE_POLICY, POLICY = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy"
BEDROCK = f"arn:aws:bedrock:{REGION}"
MANTLE_PROJECT = f"arn:aws:bedrock-mantle:{REGION}:{ACCOUNT}:project/default"
KMS_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0b7c4f1e-1111-2222-3333-444455556666"
INVOKE, STREAM, COUNT = "bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream", "bedrock:CountTokens"
ELSEWHERE = ("us-west-2", "eu-central-1", "")
"""Where a profile may lead; a global one leads to ARNs without a region."""
CATALOGUE: Catalogue = load()


@pytest.fixture(scope="module")
def graph(deploy: Deploy) -> Graph:
    return deploy(an_api())


@pytest.fixture(scope="module")
def role(graph: Graph) -> Resource:
    return graph.one(ROLE, "dev-api-task")


def profile(profile_id: str) -> str:
    return f"{BEDROCK}:{ACCOUNT}:inference-profile/{profile_id}"


def foundation_model(model_id: str, region: str = REGION) -> str:
    return f"arn:aws:bedrock:{region}::foundation-model/{model_id}"


def through(profile_id: str, region: str) -> Mapping[str, str]:
    return {"bedrock:InferenceProfileArn": profile(profile_id), "aws:RequestedRegion": region or "unspecified"}


def may_call(graph: Graph, role: Resource, bedrock_id: str, key: str, action: str = INVOKE) -> bool:
    """Whether Bedrock would let the role use this id: of a model, or of a profile wherever it may lead."""
    if key in (OWN_REGION, MANTLE):
        return bool(evaluate(graph, role, action, foundation_model(bedrock_id)))
    model_id = bedrock_id.removeprefix(f"{key}.")
    return bool(evaluate(graph, role, action, profile(bedrock_id))) and all(
        evaluate(graph, role, action, foundation_model(model_id, region), through(bedrock_id, region))
        for region in (REGION, *ELSEWHERE)
    )


def ids_called() -> Iterator[tuple[str, str, Surface]]:
    """Every id, its key and the surface, under which the router may come to call a model of its catalogue."""
    for id_, model in CATALOGUE.models.items():
        for surface in model.surfaces:
            for key in model.bedrock_ids:
                if key in (*PROFILES, OWN_REGION, MANTLE) and (key == MANTLE) <= (surface in MANTLE_SURFACES):
                    yield route_of(Entry(id=id_, model=model), surface, key)


def route_of(entry: Entry, surface: Surface, key: str) -> tuple[str, str, Surface]:
    found = route(entry, surface, order(REGION, [key]))
    return found.bedrock_id, found.key, surface


CALLED = sorted(set(ids_called()))


@pytest.mark.parametrize(("bedrock_id", "key", "surface"), CALLED)
def test_every_model_of_the_catalogue_can_be_called(
    graph: Graph, role: Resource, bedrock_id: str, key: str, surface: Surface
) -> None:
    if surface in MANTLE_SURFACES:
        model = {"bedrock-mantle:Model": bedrock_id}
        assert evaluate(graph, role, "bedrock-mantle:CreateInference", MANTLE_PROJECT, model)
    else:
        assert all(may_call(graph, role, bedrock_id, key, action) for action in (INVOKE, STREAM, COUNT))


def test_prompts_for_models_on_the_messages_surface_can_be_counted_on_mantle(graph: Graph, role: Resource) -> None:
    for model in CATALOGUE.models.values():
        if Surface.MESSAGES in model.surfaces:
            own_id = next(iter(model.bedrock_ids.values())).partition(".")[2]
            asked = {"bedrock-mantle:Model": own_id}
            assert evaluate(graph, role, "bedrock-mantle:CountTokens", MANTLE_PROJECT, asked), own_id


def test_the_models_of_the_config_are_those_of_the_catalogue() -> None:
    of_catalogue = {
        bedrock_id.removeprefix(f"{key}.")
        for m in CATALOGUE.models.values()
        for key, bedrock_id in m.bedrock_ids.items()
    }

    assert set(MODEL_PATTERNS) == of_catalogue


@pytest.mark.parametrize("action", ["bedrock:CallWithBearerToken", "bedrock-mantle:CallWithBearerToken"])
def test_bearer_tokens_can_be_used(graph: Graph, role: Resource, action: str) -> None:
    assert evaluate(graph, role, action, "*")


RECORD_CALLS = (
    ("dynamodb:GetItem", KEYS),
    ("dynamodb:PutItem", KEYS),
    ("dynamodb:UpdateItem", KEYS),
    ("dynamodb:Query", f"{KEYS}/index/user-sub-index"),
    ("dynamodb:BatchWriteItem", USAGE),
    ("dynamodb:Query", f"{USAGE}/index/caller-index"),
    ("dynamodb:GetItem", COUNTERS),
    ("dynamodb:UpdateItem", COUNTERS),
    ("dynamodb:Query", COUNTERS),
)


@pytest.mark.parametrize(("action", "resource"), RECORD_CALLS)
def test_the_tables_can_be_used_as_the_router_uses_them(
    graph: Graph, role: Resource, action: str, resource: str
) -> None:
    assert evaluate(graph, role, action, resource)


OTHER_MODELS = (
    "anthropic.claude-3-haiku-20240307-v1:0",
    "anthropic.claude-opus-5-5-preview",
    "anthropic.claude-sonnet-6",
    "amazon.titan-embed-text-v2:0",
    "amazon.nova-premier-v1:0",
    "cohere.command-r-plus-v1:0",
    "meta.llama4-maverick-17b-instruct-v1:0",
    "openai.gpt-6.1-sol-mini",
    "stability.sd3-5-large-v1:0",
    "xai.grok-4.6",
)


@pytest.mark.parametrize("model", OTHER_MODELS)
def test_a_model_outside_the_catalogue_cannot_be_called(graph: Graph, role: Resource, model: str) -> None:
    assert not evaluate(graph, role, INVOKE, foundation_model(model))
    assert not evaluate(graph, role, "bedrock-mantle:CreateInference", MANTLE_PROJECT, {"bedrock-mantle:Model": model})
    for prefix in PROFILES:
        profile_id = f"{prefix}.{model}"
        assert not evaluate(graph, role, INVOKE, profile(profile_id))
        assert not evaluate(graph, role, INVOKE, foundation_model(model, "us-west-2"), through(profile_id, "us-west-2"))


SONNET = "anthropic.claude-sonnet-5"
FORBIDDEN: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    # models: other regions, profiles, accounts and kinds
    (INVOKE, foundation_model(SONNET, "us-west-2"), {"aws:RequestedRegion": "us-west-2"}),
    (INVOKE, foundation_model(SONNET, ""), {"aws:RequestedRegion": "unspecified"}),
    (INVOKE, foundation_model(SONNET, "ap-northeast-1"), through(f"jp.{SONNET}", "ap-northeast-1")),
    (INVOKE, profile(f"jp.{SONNET}"), {}),
    (INVOKE, f"arn:aws:bedrock:eu-west-1:{ACCOUNT}:inference-profile/eu.{SONNET}", {}),
    (INVOKE, f"{BEDROCK}:999999999999:inference-profile/us.{SONNET}", {}),
    (INVOKE, f"{BEDROCK}:{ACCOUNT}:application-inference-profile/a1b2c3d4e5f6", {}),
    (INVOKE, f"{BEDROCK}:{ACCOUNT}:provisioned-model/a1b2c3d4e5f6", {}),
    (INVOKE, f"{BEDROCK}:{ACCOUNT}:imported-model/a1b2c3d4e5f6", {}),
    (INVOKE, f"{BEDROCK}:{ACCOUNT}:custom-model/{SONNET}", {}),
    ("bedrock:InvokeModelWithBidirectionalStream", foundation_model(SONNET), {}),
    ("bedrock:ListFoundationModels", "*", {}),
    ("bedrock:CreateModelInvocationJob", foundation_model(SONNET), {}),
    ("bedrock:PutModelInvocationLoggingConfiguration", "*", {}),
    ("bedrock-mantle:CreateInference", MANTLE_PROJECT, {}),
    (
        "bedrock-mantle:CreateInference",
        f"arn:aws:bedrock-mantle:{REGION}:{ACCOUNT}:project/proj_other",
        {"bedrock-mantle:Model": SONNET},
    ),
    ("bedrock-mantle:CreateProject", MANTLE_PROJECT, {}),
    ("bedrock-mantle:ListModels", "*", {}),
    # tables
    ("dynamodb:Scan", KEYS, {}),
    ("dynamodb:DeleteItem", KEYS, {}),
    ("dynamodb:Query", KEYS, {}),
    ("dynamodb:BatchGetItem", KEYS, {}),
    ("dynamodb:UpdateTable", KEYS, {}),
    ("dynamodb:GetItem", f"{KEYS}-of-another", {}),
    ("dynamodb:Query", f"{KEYS}/index/another-index", {}),
    ("dynamodb:GetItem", USAGE, {}),
    ("dynamodb:Query", USAGE, {}),
    ("dynamodb:Query", f"{USAGE}/index/another-index", {}),
    ("dynamodb:Scan", f"{USAGE}/index/caller-index", {}),
    ("dynamodb:PutItem", USAGE, {}),
    ("dynamodb:Scan", USAGE, {}),
    ("dynamodb:DeleteItem", USAGE, {}),
    ("dynamodb:DeleteTable", USAGE, {}),
    ("dynamodb:PutItem", COUNTERS, {}),
    ("dynamodb:DeleteItem", COUNTERS, {}),
    # everything else
    ("kms:Decrypt", KMS_KEY, {"kms:ViaService": f"dynamodb.{REGION}.amazonaws.com"}),
    ("s3:GetObject", "arn:aws:s3:::dev-api-logs/AWSLogs/x", {}),
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:idp-AbCdEf", {}),
    ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/admin", {}),
    ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/admin", {}),
    ("ecr:GetAuthorizationToken", "*", {}),
    ("ecr:BatchGetImage", REPOSITORY, {}),
    ("logs:PutLogEvents", f"{LOG_GROUP}:log-stream:router/router/1", {}),
    ("ecs:UpdateService", "*", {}),
    ("ssmmessages:CreateControlChannel", "*", {}),
    ("cognito-idp:AdminCreateUser", "*", {}),
)


@pytest.mark.parametrize(("action", "resource", "context"), FORBIDDEN)
def test_what_the_router_never_does_is_denied(
    graph: Graph, role: Resource, action: str, resource: str, context: Mapping[str, Any]
) -> None:
    decision = evaluate(graph, role, action, resource, context)

    assert not decision, str(decision)


def test_a_customer_key_is_for_dynamodb_to_use(deploy: Deploy) -> None:
    graph = deploy(an_api(records_kms_key_arn=KMS_KEY))
    role = graph.one(ROLE, "dev-api-task")

    assert evaluate(graph, role, "kms:Decrypt", KMS_KEY, {"kms:ViaService": f"dynamodb.{REGION}.amazonaws.com"})
    assert not evaluate(graph, role, "kms:Decrypt", KMS_KEY)
    assert not evaluate(graph, role, "kms:Decrypt", KMS_KEY, {"kms:ViaService": f"s3.{REGION}.amazonaws.com"})
    assert not evaluate(graph, role, "kms:ScheduleKeyDeletion", KMS_KEY)


def test_without_profiles_models_are_called_in_the_own_region_alone(deploy: Deploy) -> None:
    graph = deploy(an_api(inference_profiles=[]))
    role = graph.one(ROLE, "dev-api-task")

    assert may_call(graph, role, "amazon.nova-pro-v1:0", OWN_REGION)
    assert not any(may_call(graph, role, f"{prefix}.{SONNET}", prefix) for prefix in PROFILES)
    assert not evaluate(
        graph, role, INVOKE, foundation_model(SONNET, "us-west-2"), through(f"us.{SONNET}", "us-west-2")
    )


def test_a_pattern_stands_for_models_of_one_provider(deploy: Deploy) -> None:
    graph = deploy(an_api(models=["anthropic.claude-haiku-*"], inference_profiles=["us"]))
    role = graph.one(ROLE, "dev-api-task")

    assert may_call(graph, role, "us.anthropic.claude-haiku-5-5", "us")
    assert not may_call(graph, role, "us.anthropic.claude-opus-5", "us")
    assert not may_call(graph, role, "eu.anthropic.claude-haiku-5-5", "eu")


@pytest.mark.parametrize("region", ["us-gov-west-1", "cn-north-1"])
def test_arns_are_those_of_the_regions_part_of_aws(deploy: Deploy, region: str) -> None:
    graph = deploy(an_api(region=region, inference_profiles=["us-gov"]))
    partition = {"us-gov-west-1": "aws-us-gov", "cn-north-1": "aws-cn"}[region]
    own = [p.inputs["policy"] for p in (graph.one(ROLE_POLICY, "dev-api-task"), *graph.all(POLICY))]

    assert all(f"arn:{partition}:bedrock:" in policy for policy in own)
    assert "arn:aws:bedrock" not in "".join(own)


def test_the_policies_fit_into_iams_limits_with_room_to_grow(deploy: Deploy) -> None:
    prefixes = ["us", "eu", "jp", "global"]
    graph = deploy(an_api(region="ap-southeast-2", inference_profiles=prefixes, records_kms_key_arn=KMS_KEY))
    inline = [p for p in graph.all(ROLE_POLICY) if p.inputs["role"] == graph.one(ROLE, "dev-api-task").outputs["name"]]

    assert sum(len(policy.inputs["policy"]) for policy in inline) <= MAX_INLINE_CHARACTERS
    assert len(graph.all(POLICY)) == len(prefixes) + 1 <= 10
    assert all(len(policy.inputs["policy"]) <= MAX_MANAGED_CHARACTERS for policy in graph.all(POLICY))


def test_no_statement_of_the_task_role_is_wider_than_what_it_is_for(graph: Graph) -> None:
    everywhere = [
        (statement["Sid"], statement["Resource"])
        for policy in (*graph.all(ROLE_POLICY, "dev-api-task"), *graph.all(POLICY))
        for statement in json.loads(policy.inputs["policy"])["Statement"]
        if "*" in statement["Action"] or statement["Resource"] == "*"
    ]

    assert everywhere == [("BearerTokens", "*")]


def test_the_execution_role_starts_the_router_and_does_nothing_else(graph: Graph) -> None:
    role = graph.one(ROLE, "dev-api-start")
    allowed = [
        ("ecr:GetAuthorizationToken", "*"),
        ("ecr:BatchGetImage", REPOSITORY),
        ("logs:PutLogEvents", f"{LOG_GROUP}:log-stream:router/router/0123456789abcdef"),
    ]
    denied = [
        ("ecr:BatchGetImage", f"{REPOSITORY}-2"),
        ("ecr:PutImage", REPOSITORY),
        ("logs:PutLogEvents", f"{LOG_GROUP}-2:log-stream:router/router/0"),
        ("logs:CreateLogGroup", LOG_GROUP),
        ("logs:PutLogEvents", f"{LOG_GROUP}:log-stream:another"),
        ("secretsmanager:GetSecretValue", "*"),
        (INVOKE, foundation_model(SONNET)),
        ("dynamodb:GetItem", KEYS),
    ]

    assert all(evaluate(graph, role, action, resource) for action, resource in allowed)
    assert not any(evaluate(graph, role, action, resource) for action, resource in denied)


@pytest.mark.parametrize("name", ["dev-api-task", "dev-api-start"])
def test_only_tasks_of_this_account_and_region_take_a_role(graph: Graph, name: str) -> None:
    arn = graph.one(ROLE, name).outputs["arn"]
    service = "ecs-tasks.amazonaws.com"
    own = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/dev/1"}

    assert evaluate(graph, service, "sts:AssumeRole", arn, own)
    assert not evaluate(graph, service, "sts:AssumeRole", arn, {**own, "aws:SourceAccount": "999999999999"})
    assert not evaluate(graph, service, "sts:AssumeRole", arn)
    assert not evaluate(graph, "ec2.amazonaws.com", "sts:AssumeRole", arn, own)
    assert not evaluate(graph, f"arn:aws:iam::{ACCOUNT}:root", "sts:AssumeRole", arn, own)
