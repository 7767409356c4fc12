"""Requests at the load balancer as it would be deployed: who gets through to the router, and after what."""

import itertools
import json
from collections.abc import Sequence
from typing import Any

import pytest
from multidict import CIMultiDict

from opencode_components.listener_rules import PRIORITIES, ROUTER_RULES
from opencode_components.testing.graph import Graph
from opencode_components.testing.listener_conditions import Request
from opencode_components.testing.listener_rules import Decision, route, rules_of
from opencode_components.testing.plugin import Deploy
from opencode_router.errors import Unauthenticated
from opencode_router.identity.credentials import credential
from opencode_router.protocol import OPENAI
from tests.components.api_program import HOST, ISSUER, JWKS_URL, an_api

Headers = Sequence[tuple[str, str]]

KEY = "oc_" + "k" * 43
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmVk"
FORGED = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.Zm9yZ2Vk"
BEARER_KEY, BEARER_JWT, BEARER_FORGED = (("Authorization", f"Bearer {text}") for text in (KEY, JWT, FORGED))
API_KEY = ("X-API-Key", KEY)

FORWARDED = "forwarded"
VERIFIED = "verified, then forwarded"
REJECTED = "rejected: the token does not hold"
REFUSED = "refused: no credential"

REQUESTS: Sequence[tuple[str, str, Headers, str]] = (
    # public, to the letter
    ("GET", "/health", [], FORWARDED),
    ("GET", "/ready", [], FORWARDED),
    ("GET", "/.well-known/opencode", [], FORWARDED),
    ("HEAD", "/.well-known/opencode", [], REFUSED),
    ("POST", "/.well-known/opencode", [], REFUSED),
    ("OPTIONS", "/.well-known/opencode", [], REFUSED),
    ("GET", "/.well-known/opencode/", [], REFUSED),
    ("GET", "/.well-known/opencode/../../v1/models", [], REFUSED),
    ("GET", "/.well-known/OpenCode", [], REFUSED),
    ("GET", "/.well-known/openid-configuration", [], REFUSED),
    ("GET", "/xwell-known/opencode", [], REFUSED),
    ("GET", "/.well-known", [], REFUSED),
    ("GET", "/v1/.well-known/opencode", [], REFUSED),
    ("HEAD", "/health", [], REFUSED),
    ("POST", "/health", [], REFUSED),
    ("DELETE", "/ready", [], REFUSED),
    ("GET", "/health/", [], REFUSED),
    ("GET", "/health/../v1/models", [], REFUSED),
    ("GET", "/health%2f..%2fv1/models", [], REFUSED),
    ("GET", "/health;/v1/models", [], REFUSED),
    ("GET", "//health", [], REFUSED),
    ("GET", "/./health", [], REFUSED),
    ("GET", "/Health", [], REFUSED),
    ("GET", "/healthz", [], REFUSED),
    ("GET", "/ready/v1/api-keys", [], REFUSED),
    ("GET", "/v1/models/health", [], REFUSED),
    # not public
    ("GET", "/", [], REFUSED),
    ("GET", "/openapi.json", [], REFUSED),
    ("GET", "/metrics", [], REFUSED),
    ("GET", "/v1/models", [], REFUSED),
    ("GET", "/v1/update/download-url", [], REFUSED),
    ("GET", "/v1/update/config", [], REFUSED),
    ("GET", "/v1/update/download-url?version=1.4.0&name=a.whl", [("Cookie", "session=1")], REFUSED),
    ("GET", "/v1/update/download-url", [BEARER_FORGED], REJECTED),
    ("GET", "/v1/update/download-url", [BEARER_JWT], VERIFIED),
    ("GET", "/v1/update/config", [API_KEY], FORWARDED),
    ("POST", "/v1/chat/completions", [], REFUSED),
    ("POST", "/v1/messages", [("Cookie", "session=1")], REFUSED),
    # keys, in either header
    ("POST", "/v1/chat/completions", [BEARER_KEY], FORWARDED),
    ("POST", "/v1/messages", [API_KEY], FORWARDED),
    ("POST", "/v1/messages", [("x-api-key", KEY)], FORWARDED),
    ("POST", "/v1/messages", [("X-Api-KEY", KEY)], FORWARDED),
    ("POST", "/v1/messages", [("authorization", f"Bearer {KEY}")], FORWARDED),
    ("POST", "/v1/messages", [BEARER_KEY, API_KEY], FORWARDED),
    ("GET", "/openapi.json", [BEARER_KEY], FORWARDED),
    ("POST", "/v1/messages", [("X-API-Key", JWT)], REFUSED),
    ("POST", "/v1/messages", [("X-API-Key", f"Bearer {KEY}")], REFUSED),
    ("POST", "/v1/messages", [("X-API-Key", f" , {KEY}")], REFUSED),
    ("POST", "/v1/messages", [("X-API-Key", "")], REFUSED),
    ("POST", "/v1/messages", [("X_API_KEY", KEY)], REFUSED),
    ("POST", "/v1/messages", [("X-API-Key-2", KEY)], REFUSED),
    ("POST", "/v1/messages", [("Api-Key", KEY)], REFUSED),
    # odd case: the router, not the load balancer, is the judge of a key
    ("POST", "/v1/messages", [("Authorization", f"bearer {KEY}")], FORWARDED),
    ("POST", "/v1/messages", [("Authorization", f"BEARER {KEY.upper()}")], FORWARDED),
    ("POST", "/v1/messages", [("X-API-Key", KEY.upper())], FORWARDED),
    # tokens
    ("POST", "/v1/chat/completions", [BEARER_JWT], VERIFIED),
    ("POST", "/v1/api-keys", [BEARER_JWT], VERIFIED),
    ("DELETE", "/v1/api-keys/oc_kkkk", [BEARER_JWT], VERIFIED),
    ("POST", "/v1/messages", [("Authorization", f"bEaReR {JWT}")], VERIFIED),
    ("POST", "/v1/messages", [BEARER_JWT, ("X-API-Key", JWT)], VERIFIED),
    ("POST", "/v1/messages", [BEARER_FORGED], REJECTED),
    ("POST", "/v1/messages", [("Authorization", "Bearer sk-someone-elses-key")], REJECTED),
    ("POST", "/v1/messages", [("Authorization", "Bearer  ")], REFUSED),
    ("POST", "/v1/messages", [("Authorization", f"Bearer {KEY[1:]}")], REJECTED),
    ("POST", "/v1/messages", [("Authorization", JWT)], REFUSED),
    ("POST", "/v1/messages", [("Authorization", f"Bearer{JWT}")], REFUSED),
    ("POST", "/v1/messages", [("Authorization", "Bearer")], REFUSED),
    ("POST", "/v1/messages", [("Authorization", "Basic b2NfOm9jXw==")], REFUSED),
    ("POST", "/v1/messages", [("Authorization", f"Basic {KEY}")], REFUSED),
    ("POST", "/v1/messages", [("Proxy-Authorization", f"Bearer {JWT}")], REFUSED),
    # a key in one header spares a token in the other nothing
    ("POST", "/v1/api-keys", [BEARER_FORGED, API_KEY], REJECTED),
    ("POST", "/v1/api-keys", [API_KEY, BEARER_FORGED], REJECTED),
    ("POST", "/v1/messages", [BEARER_JWT, API_KEY], VERIFIED),
    # duplicate headers: one that matches is enough here, and the router refuses them all
    ("POST", "/v1/api-keys", [BEARER_FORGED, BEARER_KEY], FORWARDED),
    ("POST", "/v1/messages", [("X-API-Key", "nonsense"), API_KEY], FORWARDED),
    ("POST", "/v1/messages", [("Authorization", "Basic b2N="), BEARER_JWT], VERIFIED),
    # paths lead nowhere past the rules
    ("GET", "/v1/../health", [], REFUSED),
    ("GET", "/%68ealth", [], REFUSED),
    ("GET", "/v1/models?x=/health", [], REFUSED),
    ("POST", "/v1/chat/completions/..%2f..%2f..%2fhealth", [BEARER_FORGED], REJECTED),
)

FOREIGN_HOSTS = (
    "www.example.com",
    "example.com",
    f"x.{HOST}",
    f"{HOST}.evil.test",
    f"{HOST}.",
    f"{HOST}@evil.test",
    "10.20.0.10",
    "dev-api-1234567.us-east-1.elb.amazonaws.com",
    "",
)


@pytest.fixture(scope="module")
def graph(deploy: Deploy) -> Graph:
    return deploy(an_api())


def at_the_door(graph: Graph, method: str, path: str, headers: Headers, host: str = HOST) -> Decision:
    def is_valid_token(_action: Any) -> bool:
        return any(name.lower() == "authorization" and value.endswith(f" {JWT}") for name, value in headers)

    return route(graph, Request(method=method, path=path, headers=headers, host=host, is_valid_token=is_valid_token))


def outcome(decision: Decision) -> str:
    if decision.outcome == "forward":
        return VERIFIED if decision.authenticated_by == ("jwt-validation",) else FORWARDED
    return REJECTED if decision.outcome == "rejected" else REFUSED


@pytest.mark.parametrize(("method", "path", "headers", "expected"), REQUESTS)
def test_a_request_meets_the_rule_that_is_meant_for_it(
    graph: Graph, method: str, path: str, headers: Headers, expected: str
) -> None:
    decision = at_the_door(graph, method, path, headers)

    assert outcome(decision) == expected, str(decision)


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
@pytest.mark.parametrize("headers", [[], [BEARER_KEY], [API_KEY], [BEARER_JWT]])
def test_no_rule_answers_for_another_host(graph: Graph, host: str, headers: Headers) -> None:
    assert at_the_door(graph, "GET", "/health", headers, host).rule is None


@pytest.mark.parametrize("host", [HOST.upper(), f"{HOST}:443", "Ai.Example.Com"])
def test_the_host_is_the_host_in_any_spelling(graph: Graph, host: str) -> None:
    assert outcome(at_the_door(graph, "GET", "/health", [], host)) == FORWARDED


def test_who_has_no_credential_is_told_so_in_the_routers_own_words(graph: Graph) -> None:
    decision = at_the_door(graph, "POST", "/v1/chat/completions", [])
    with pytest.raises(Unauthenticated) as refused:
        credential(CIMultiDict())
    of_router = OPENAI.error(refused.value, "request-id")["error"]

    assert decision.status == 401
    assert json.loads(decision.body or "") == {"error": of_router}
    assert decision.actions[0]["fixedResponse"]["contentType"] == "application/json"


@pytest.mark.parametrize("path", ["/", "/v1/messages", "/health"])
def test_http_leads_to_https_and_nowhere_else(graph: Graph, path: str) -> None:
    decision = route(graph, Request(host=HOST, path=path, port=80, headers=[BEARER_KEY]))

    assert (decision.outcome, decision.status) == ("redirect", 301)
    assert decision.location == f"https://{HOST}:443{path}"


def test_everything_that_is_forwarded_goes_to_the_router(graph: Graph) -> None:
    target = graph.one("aws:lb/targetGroup:TargetGroup").outputs["arn"]
    decisions = [at_the_door(graph, method, path, headers) for method, path, headers, _ in REQUESTS]

    assert {d.target_group_arns for d in decisions if d.outcome == "forward"} == {(target,)}


def test_a_token_has_to_be_the_issuers_for_one_of_the_audiences_and_of_the_right_kind(graph: Graph) -> None:
    decision = at_the_door(graph, "POST", "/v1/messages", [BEARER_JWT])

    check = decision.actions[0]["jwtValidation"]
    assert (check["issuer"], check["jwksEndpoint"]) == (ISSUER, JWKS_URL)
    assert check["additionalClaims"] == [
        {"name": "client_id", "format": "single-string", "values": ["gateway-cli", "gateway-browser"]},
        {"name": "token_use", "format": "single-string", "values": ["access"]},
    ]


def test_an_issuer_that_does_not_tell_kinds_of_token_apart_is_not_asked_for_one(deploy: Deploy) -> None:
    changes: dict[str, Any] = {
        "audience_claim": "aud",
        "audience_format": "string-array",
        "audiences": ["gateway"],
        "token_uses": [],
    }
    decision = at_the_door(deploy(an_api(**changes)), "GET", "/v1/models", [BEARER_JWT])

    assert decision.actions[0]["jwtValidation"]["additionalClaims"] == [
        {"name": "aud", "format": "string-array", "values": ["gateway"]}
    ]


def test_the_routers_rules_keep_to_their_range_and_no_two_ranges_meet(graph: Graph) -> None:
    listener = graph.one("aws:lb/listener:Listener", "dev-api-https")
    taken = [rule.inputs["priority"] for rule in rules_of(graph, listener)]
    ranges = sorted(PRIORITIES.values(), key=lambda priorities: priorities.start)

    assert taken == [rule.priority for rule in ROUTER_RULES]
    assert set(taken) <= set(PRIORITIES["api"])
    assert all(one.stop <= next_.start for one, next_ in itertools.pairwise(ranges))
    assert (ranges[0].start, ranges[-1].stop) == (1, 50_001)


def test_no_rule_compares_more_values_than_aws_allows(graph: Graph) -> None:
    """Application Load Balancer user guide, "Condition types for listener rules" (read 2026-11-21)."""
    for rule in graph.all("aws:lb/listenerRule:ListenerRule"):
        values = [len(part["values"]) for condition in rule.inputs["conditions"] for part in condition.values()]

        assert max(values) <= 3, rule
        assert sum(values) <= 5, rule


def test_every_rule_is_bound_to_the_host(graph: Graph) -> None:
    for rule in graph.all("aws:lb/listenerRule:ListenerRule"):
        assert {"hostHeader": {"values": [HOST]}} in rule.inputs["conditions"], rule
