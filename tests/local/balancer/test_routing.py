"""Which rule a request meets, and what the load balancer answers by itself."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.local.balancer.running import (
    GUIDE,
    Balanced,
    Declared,
    Rule,
    balanced,
    documented,
    fixed,
    forward,
    redirect,
    served,
)

CONDITIONS = f"{GUIDE}: Condition types for listener rules"
ACTIONS = f"{GUIDE}: Action types for listener rules"
RULES = f"{GUIDE}: Listener rules for your Application Load Balancer"
MOVED = redirect(host="new.example.com", path="/new/#{path}", query="from=#{host}&#{query}")


def host(*values: str) -> dict[str, Any]:
    return {"host_header": {"values": list(values)}}


def path(*values: str) -> dict[str, Any]:
    return {"path_pattern": {"values": list(values)}}


def header(name: str, **settings: list[str]) -> dict[str, Any]:
    return {"http_header": {"http_header_name": name, **settings}}


DECLARED = Declared(
    rules=[
        Rule([host("*.apps.example.com")], [fixed("200", "by host")]),
        Rule([{"host_header": {"regex_values": [r"^v\d+\.example\.com$"]}}], [fixed("200", "by host pattern")]),
        Rule([path("/img/*"), {"http_request_method": {"values": ["GET"]}}], [fixed("200", "by path and method")]),
        Rule([path("/v?/a")], [fixed("200", "by one character")]),
        Rule([{"path_pattern": {"regex_values": [r"^/items/\d+$"]}}], [fixed("200", "by path pattern")]),
        Rule([header("X-Version", values=["2*"])], [fixed("200", "by header")]),
        Rule([header("X-Tenant", regex_values=["^(blue|green)$"])], [fixed("200", "by header pattern")]),
        Rule([{"query_strings": [{"key": "beta", "value": "1"}]}], [fixed("200", "by query")]),
        Rule([path("/near"), {"source_ip": {"values": ["127.0.0.0/8"]}}], [fixed("200", "by source")]),
        Rule([path("/far"), {"source_ip": {"values": ["192.0.2.0/24"]}}], [fixed("200", "never")]),
        Rule([path("/first")], [fixed("200", "first")]),
        Rule([path("/fir*")], [fixed("200", "second")]),
        Rule([path("/json")], [fixed("503", '{"down": true}', "application/json")]),
        Rule([path("/empty")], [fixed("204")]),
        Rule([path("/old/*")], [MOVED]),
        Rule([path("/moved")], [redirect(status_code="HTTP_301", path="/here")]),
        Rule([path("/home")], [redirect(host="ai.example.com", path="/start")]),
        Rule([path("/target*")], [forward("web")]),
    ],
    default=fixed("404", "nothing here"),
    listener={"routing_http_response_strict_transport_security_header_value": "max-age=60"},
)


@pytest_asyncio.fixture(scope="module")
async def running() -> AsyncIterator[Balanced]:
    async with balanced(DECLARED) as running, served() as (_, target):
        await running.add("web", target)
        running.addresses.stand("https://ai.example.com", "http://localhost:8080")
        running.addresses.name("app.localhost", "a.apps.example.com")
        yield running


@pytest.mark.parametrize(
    ("asked", "headers", "body", "source"),
    [
        ("GET /", {"Host": "a.apps.example.com"}, "by host", CONDITIONS),
        ("GET /", {"Host": "A.APPS.example.com:8080"}, "by host", CONDITIONS),
        ("GET /", {"Host": "apps.example.com"}, "nothing here", CONDITIONS),
        ("GET /", {"Host": "v12.example.com"}, "by host pattern", CONDITIONS),
        ("GET /", {"Host": "app.localhost:8080"}, "by host", "local names stand for declared ones"),
        ("GET /img/a/b.png", {}, "by path and method", CONDITIONS),
        ("GET /img/a?size=1", {}, "by path and method", CONDITIONS),
        ("GET /IMG/a", {}, "nothing here", CONDITIONS),
        ("POST /img/a", {}, "nothing here", CONDITIONS),
        ("GET /v2/a", {}, "by one character", CONDITIONS),
        ("GET /v22/a", {}, "nothing here", CONDITIONS),
        ("GET /items/42", {}, "by path pattern", CONDITIONS),
        ("GET /items/x", {}, "nothing here", CONDITIONS),
        ("GET /", {"x-version": "2.1"}, "by header", CONDITIONS),
        ("GET /", {"X-Version": "12"}, "nothing here", CONDITIONS),
        ("GET /", {"X-Tenant": "GREEN"}, "by header pattern", CONDITIONS),
        ("GET /?beta=1", {}, "by query", CONDITIONS),
        ("GET /?x=beta&BETA=1", {}, "by query", CONDITIONS),
        ("GET /?beta=2", {}, "nothing here", CONDITIONS),
        ("GET /near", {}, "by source", CONDITIONS),
        ("GET /far", {"X-Forwarded-For": "192.0.2.1"}, "nothing here", CONDITIONS),
        ("GET /first", {}, "first", RULES),
        ("GET /nowhere", {}, "nothing here", RULES),
    ],
)
async def test_a_request_is_answered_by_the_first_rule_that_it_satisfies(
    running: Balanced, asked: str, headers: dict[str, str], body: str, source: str
) -> None:
    method, _, target = asked.partition(" ")

    assert (await running.ask(method, target, headers=headers)).text == body


@documented("Action types for listener rules, fixed-response actions")
async def test_a_fixed_response_has_the_declared_status_type_and_body(running: Balanced, source: str) -> None:
    answer = await running.get("/json")

    assert (answer.status, json.loads(answer.body)) == (503, {"down": True})
    assert answer.headers["Content-Type"].startswith("application/json")
    assert (await running.get("/empty")).status == 204


@documented("Action types for listener rules, redirect actions")
async def test_a_redirect_fills_in_what_the_request_had(running: Balanced, source: str) -> None:
    answer = await running.get("/old/a/b?c=d", headers={"Host": "old.example.com"})

    assert answer.status == 302
    assert answer.headers["Location"] == "https://new.example.com:443/new/old/a/b?from=old.example.com&c=d"


@documented("Action types for listener rules, redirect actions")
async def test_a_redirect_keeps_what_it_does_not_name(running: Balanced, source: str) -> None:
    answer = await running.get("/moved?a=%20b", headers={"Host": "x.example.com"})

    assert (answer.status, answer.headers["Location"]) == (301, "https://x.example.com:443/here?a=%20b")


@documented("Action types for listener rules, redirect actions")
async def test_a_redirect_to_a_public_origin_leads_to_its_place_on_this_machine(running: Balanced, source: str) -> None:
    assert (await running.get("/home")).headers["Location"] == "http://localhost:8080/start"


@documented("HTTP header modification for your Application Load Balancer")
async def test_declared_headers_are_added_to_every_answer(running: Balanced, source: str) -> None:
    own, relayed = await running.get("/first"), await running.get("/target")

    assert own.headers["Strict-Transport-Security"] == relayed.headers["Strict-Transport-Security"] == "max-age=60"


@documented("HTTP header modification for your Application Load Balancer")
async def test_the_load_balancer_names_itself_in_its_own_answers_only(running: Balanced, source: str) -> None:
    own, relayed = await running.get("/first"), await running.get("/target")

    assert own.headers["Server"] == "awselb/2.0"
    assert "Python" in relayed.headers["Server"], "the target's own"


@documented("HTTP header modification for your Application Load Balancer")
async def test_the_server_header_can_be_turned_off(source: str) -> None:
    hidden = Declared(default=fixed("200"), listener={"routing_http_response_server_enabled": False})
    async with balanced(hidden) as running:
        assert "Server" not in (await running.get("/")).headers
