"""Actions that authenticate come before those that answer."""

from tests.local.balancer.running import Declared, Rule, balanced, documented, fixed, forward, served

VERIFY = {
    "type": "jwt-validation",
    "order": 1,
    "jwt_validation": {"issuer": "https://login.example.com", "jwks_endpoint": "http://127.0.0.1:9/keys"},
}
EVERYTHING = {"path_pattern": {"values": ["/*"]}}


@documented("Verify JWTs using an Application Load Balancer")
async def test_a_request_without_a_token_does_not_reach_the_target(source: str) -> None:
    declared = Declared(rules=[Rule([EVERYTHING], [{**forward("web"), "order": 2}, VERIFY])], default=fixed("404"))
    async with balanced(declared) as running, served() as (target, there):
        await running.add("web", there)
        answer = await running.get()

    assert (answer.status, target.seen) == (401, [])


@documented("Authenticate users using an Application Load Balancer")
async def test_the_callback_path_is_an_ordinary_one_where_nobody_signs_in(source: str) -> None:
    async with balanced(Declared(default=fixed("200", "mine"))) as running:
        assert (await running.get("/oauth2/idpresponse?code=a")).text == "mine"
