"""A request meets the rule that an Application Load Balancer would choose."""

from collections.abc import Callable
from typing import Any

import pulumi_aws as aws
import pytest

from opencode_components.testing import Deploy, Graph, Request, route
from opencode_components.testing.listener_conditions import wildcard

Program = Callable[[], None]


def forward(target: str) -> dict[str, Any]:
    return {"type": "forward", "target_group_arn": target}


def header(name: str, *values: str) -> dict[str, Any]:
    return {"http_header": {"http_header_name": name, "values": list(values)}}


def host(*values: str) -> dict[str, Any]:
    return {"host_header": {"values": list(values)}}


def path(*values: str) -> dict[str, Any]:
    return {"path_pattern": {"values": list(values)}}


VERIFY = {"type": "jwt-validation", "order": 1, "jwt_validation": {"issuer": "https://i", "jwks_endpoint": "https://j"}}
SIGN_IN: dict[str, Any] = {
    "type": "authenticate-oidc",
    "authenticate_oidc": {
        "authorization_endpoint": "https://i/authorize",
        "client_id": "c",
        "client_secret": "correct horse",
        "issuer": "https://i",
        "token_endpoint": "https://i/token",
        "user_info_endpoint": "https://i/me",
    },
}
DENY = {**SIGN_IN, "authenticate_oidc": {**SIGN_IN["authenticate_oidc"], "on_unauthenticated_request": "deny"}}
ALLOW = {**SIGN_IN, "authenticate_oidc": {**SIGN_IN["authenticate_oidc"], "on_unauthenticated_request": "allow"}}
REFUSE: Any = {
    "type": "fixed-response",
    "fixed_response": {"content_type": "text/plain", "status_code": "401", "message_body": "no"},
}
RULES: dict[str, tuple[int, list[Any], list[Any]]] = {
    "health": (10, [path("/health"), {"http_request_method": {"values": ["GET"]}}], [forward("health")]),
    "key": (20, [host("api.example.com"), header("X-API-Key", "oc_*")], [forward("key")]),
    "token": (
        30,
        [host("api.example.com"), header("Authorization", "Bearer *")],
        [{**forward("token"), "order": 2}, VERIFY],
    ),
    "star": (40, [host("*.apps.example.com", "app?.example.com")], [forward("star")]),
    "query": (
        50,
        [path("/search"), {"query_strings": [{"key": "v", "value": "2*"}, {"value": "beta"}]}],
        [forward("query")],
    ),
    "office": (60, [path("/admin/*"), {"source_ip": {"values": ["192.0.2.0/24"]}}], [forward("office")]),
    "both": (70, [header("A", "1"), header("B", "2", "3")], [forward("both")]),
    "sign-in": (80, [path("/page")], [SIGN_IN, forward("page")]),
    "deny": (81, [path("/deny")], [DENY, forward("page")]),
    "allow": (82, [path("/allow")], [ALLOW, forward("page")]),
    "move": (
        90,
        [path("/old/*")],
        [
            {
                "type": "redirect",
                "redirect": {"path": "/new/#{path}", "host": "new.example.com", "status_code": "HTTP_302"},
            }
        ],
    ),
    "patterns": (
        92,
        [{"path_pattern": {"regex_values": [r"^/items/\d+$", "draft"]}}, header("X-Tenant", "blue")],
        [forward("patterns")],
    ),
    "host pattern": (93, [{"host_header": {"regex_values": [r"^v\d+\."]}}], [forward("host pattern")]),
    "weighted": (95, [path("/w")], [{"type": "forward", "forward": {"target_groups": [{"arn": "a"}, {"arn": "b"}]}}]),
}


def program(rules: dict[str, tuple[Any, list[Any], list[Any]]]) -> Program:
    def body() -> None:
        https = aws.lb.Listener("https", load_balancer_arn="lb", port=443, protocol="HTTPS", default_actions=[REFUSE])
        to_https: Any = {
            "type": "redirect",
            "redirect": {"protocol": "HTTPS", "port": "443", "status_code": "HTTP_301"},
        }
        aws.lb.Listener("http", load_balancer_arn="lb", port=80, protocol="HTTP", default_actions=[to_https])
        for name, (priority, conditions, actions) in rules.items():
            aws.lb.ListenerRule(name, listener_arn=https.arn, priority=priority, conditions=conditions, actions=actions)

    return body


@pytest.fixture(scope="module")
def graph(deploy: Deploy) -> Graph:
    return deploy(program(RULES))


def asked(**request: Any) -> Request:
    return Request(**{"host": "api.example.com", **request})


@pytest.mark.parametrize(
    ("request_", "rule"),
    [
        (asked(path="/health"), "health"),
        (asked(path="/health", method="HEAD"), None),
        (asked(path="/health", method="get"), None),
        (asked(path="/Health"), None),
        (asked(path="/health/"), None),
        (asked(path="/health?x"), None),
        (asked(path="//health"), None),
        (asked(path="/./health"), None),
        (asked(path="/%68ealth"), None),
        (asked(path="/health", query=[("a", "b")]), "health"),
        (asked(headers=[("X-API-Key", "oc_1")]), "key"),
        (asked(headers=[("x-api-key", "OC_1")]), "key"),
        (asked(headers=[("X-API-Key", " oc_1\t")]), "key"),
        (asked(headers=[("X-API-Key ", "oc_1")]), None),
        (asked(headers=[("X-API-Key", "")]), None),
        (asked(headers=[("X-API-Key", "nothing"), ("X-API-Key", "oc_1")]), "key"),
        (asked(headers=[("X-API-Key", "oc_1"), ("Authorization", "Bearer t")]), "key"),
        (asked(host="API.example.COM", headers=[("X-API-Key", "oc_1")]), "key"),
        (asked(host="api.example.com:443", headers=[("X-API-Key", "oc_1")]), "key"),
        (asked(host="api.example.com.", headers=[("X-API-Key", "oc_1")]), None),
        (asked(host="xapi.example.com", headers=[("X-API-Key", "oc_1")]), None),
        (asked(headers=[("authorization", "bearer t")]), "token"),
        (asked(headers=[("Authorization", "Bearer")]), None),
        (asked(headers=[("Authorization", "Basic Bearer t")]), None),
        (asked(host="a.b.apps.example.com"), "star"),
        (asked(host="zapps.example.com"), None),
        (asked(host="app1.example.com"), "star"),
        (asked(host="app12.example.com"), None),
        (asked(path="/search", query=[("V", "21")]), "query"),
        (asked(path="/search", query=[("w", "21")]), None),
        (asked(path="/search", query=[("any", "BETA")]), "query"),
        (asked(path="/search"), None),
        (asked(path="/admin/", source_ip="192.0.2.9"), "office"),
        (asked(path="/admin/", headers=[("X-Forwarded-For", "192.0.2.9")]), None),
        (asked(headers=[("a", "1"), ("b", "3")]), "both"),
        (asked(headers=[("a", "1"), ("b", "4")]), None),
        (asked(headers=[("a", "1")]), None),
        (asked(path="/items/42", headers=[("x-tenant", "BLUE")]), "patterns"),
        (asked(path="/a/draft/b", headers=[("x-tenant", "blue")]), "patterns"),
        (asked(path="/items/x", headers=[("x-tenant", "blue")]), None),
        (asked(path="/DRAFT", headers=[("x-tenant", "blue")]), None),
        (asked(host="V2.example.com"), "host pattern"),
        (asked(host="v.example.com"), None),
    ],
)
def test_a_request_meets_the_first_rule_that_it_satisfies(graph: Graph, request_: Request, rule: str | None) -> None:
    decision = route(graph, request_)

    assert (decision.rule.name if decision.rule else None) == rule, str(decision)
    assert decision.priority == (RULES[rule][0] if rule else None)


def test_what_meets_no_rule_gets_the_default_answer(graph: Graph) -> None:
    decision = route(graph, asked(path="/nowhere"))

    assert (decision.outcome, decision.status, decision.body) == ("fixed-response", 401, "no")
    assert str(decision) == "default actions: fixed-response 401"


def test_a_token_is_validated_before_the_request_is_forwarded(graph: Graph) -> None:
    headers = [("Authorization", "Bearer t")]
    refused = route(graph, asked(headers=headers))
    passed = route(graph, asked(headers=headers, is_valid_token=lambda a: a["jwtValidation"]["issuer"] == "https://i"))

    assert (refused.outcome, refused.status, refused.target_group_arns) == ("rejected", 401, ())
    assert (passed.outcome, passed.target_group_arns, passed.authenticated_by) == (
        "forward",
        ("token",),
        ("jwt-validation",),
    )
    assert str(passed).endswith("(priority 30): forward after jwt-validation")


def test_browsers_without_a_session_are_sent_to_sign_in_denied_or_let_through(graph: Graph) -> None:
    sent, denied, allowed = (route(graph, asked(path=path)) for path in ("/page", "/deny", "/allow"))
    signed_in = route(graph, asked(path="/page", has_session=lambda _: True))

    assert (sent.outcome, sent.status, sent.location) == ("redirect", 302, "https://i/authorize")
    assert (denied.outcome, denied.status) == ("rejected", 401)
    assert allowed.outcome == "forward"
    assert (signed_in.outcome, signed_in.authenticated_by) == ("forward", ("authenticate-oidc",))


def test_plain_http_is_redirected_with_path_and_query(graph: Graph) -> None:
    decision = route(graph, asked(port=80, path="/a/b", query=[("c", "d")]))

    assert (decision.status, decision.location) == (301, "https://api.example.com:443/a/b?c=d")


def test_redirects_fill_in_what_the_request_had(graph: Graph) -> None:
    decision = route(graph, asked(path="/old/a"))

    assert (decision.status, decision.location) == (302, "https://new.example.com:443/new/old/a")


def test_the_protocol_is_the_listener_s_whatever_its_port(graph: Graph) -> None:
    decision = route(graph, asked(path="/old/a", port=8443, protocol="HTTPS"), graph.one(name="https"))

    assert decision.location == "https://new.example.com:8443/new/old/a"


def test_weighted_target_groups_are_all_named(graph: Graph) -> None:
    assert route(graph, asked(path="/w")).target_group_arns == ("a", "b")


ANYTHING = [path("/*")]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"a": (1, ANYTHING, [forward("t")]), "b": (1, ANYTHING, [forward("t")])}, "both have priority 1"),
        ({"a": (0, ANYTHING, [forward("t")])}, "has priority 0"),
        ({"a": (50_001, ANYTHING, [forward("t")])}, "has priority 50001"),
        ({"a": (None, ANYTHING, [forward("t")])}, "has priority None"),
        ({"a": (1, [path(*"abcdef")], [forward("t")])}, "more than 5 values"),
        ({"a": (1, ANYTHING, [VERIFY])}, "neither forward nor answer"),
        ({"a": (1, ANYTHING, [{"type": "teleport"}])}, "unknown action type 'teleport'"),
        ({"a": (1, [{"path_pattern": {"regex_values": list("abcdef")}}], [forward("t")])}, "more than 5 values"),
    ],
)
def test_rules_that_aws_would_refuse_are_refused(deploy: Deploy, rules: dict[str, Any], message: str) -> None:
    graph = deploy(program(rules))

    with pytest.raises(ValueError, match=message):
        route(graph, asked(is_valid_token=lambda _: True))


def test_the_listener_has_to_be_clear(graph: Graph) -> None:
    with pytest.raises(LookupError, match="0 listeners on port 8443"):
        route(graph, asked(port=8443))
    assert route(graph, asked(port=443), graph.one(name="http")).status == 301


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r"a\*", "a*", True),
        (r"a\*", "ab", False),
        (r"\?", "?", True),
        ("a.c", "abc", False),
        ("*", "", True),
        ("?", "", False),
    ],
)
def test_wildcards_can_be_escaped(pattern: str, text: str, expected: bool) -> None:
    assert (wildcard(pattern).fullmatch(text) is not None) is expected
