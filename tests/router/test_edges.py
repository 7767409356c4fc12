"""What does not fit: bodies, routes, methods, models; always in the caller's shape, never a 500."""

import io
import json

import pytest
from yarl import URL

from opencode_local.bedrock import BedrockStandIn
from tests.router.asking import WAYS, Way, ask
from tests.router.running import Router, World, running_router

EVERY_WAY = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
BAD_BODIES = {
    "nothing": b"",
    "not JSON": b"{model: 1}",
    "a list": b"[1, 2]",
    "a string": b'"hello"',
    "bad UTF-8": b'{"model": "claude-sonnet", "messages": [{"role": "user", "content": "\xff"}]}',
    "deep": b'{"model":"claude-sonnet","messages":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "no model": b'{"messages": []}',
    "null model": b'{"model": null, "messages": []}',
    "a number for a model": b'{"model": 5, "messages": []}',
    "a string for stream": b'{"model": "claude-sonnet", "stream": "yes", "messages": []}',
}


@EVERY_WAY
@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
async def test_a_body_that_is_no_request_is_a_400_in_the_callers_shape(
    router: Router, as_ada: dict[str, str], way: Way, body: bytes
) -> None:
    async with router.client.post(way.path, data=body, headers=as_ada) as response:
        answer = await response.json()

    assert response.status == 400, answer
    way.error_of(answer)


@pytest.mark.parametrize("way", [way for way in WAYS if way.is_anthropic], ids=lambda way: way.name)
@pytest.mark.parametrize("is_streaming", [False, True], ids=["whole", "stream"])
async def test_the_sequence_that_ended_an_answer_is_named(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str], way: Way, is_streaming: bool
) -> None:
    answer = await ask(router, way, as_ada, stop_sequences=["word3"], stream=is_streaming)
    without_spaces = answer.body.replace(b" ", b"")

    assert b'"stop_reason":"stop_sequence"' in without_spaces, answer.body
    assert b'"stop_sequence":"word3"' in without_spaces


@EVERY_WAY
async def test_an_unknown_model_is_a_404_with_the_nearest_names(
    router: Router, as_ada: dict[str, str], way: Way
) -> None:
    answer = await ask(router, way, as_ada, model="claude-sonet")

    code, text = way.error_of(json.loads(answer.body))
    assert answer.status == 404
    assert code == ("not_found_error" if way.is_anthropic else "model_not_found")
    assert "claude-sonnet" in text


@pytest.mark.parametrize("way", [WAYS[0], WAYS[1]], ids=lambda way: way.name)
async def test_a_body_of_many_megabytes_is_welcome_and_one_over_the_limit_is_a_413(
    router: Router, world: World, bedrock: BedrockStandIn, as_ada: dict[str, str], way: Way
) -> None:
    long = json.dumps(way.body("long " * 1_000_000)).encode()
    async with router.client.post(way.path, data=io.BytesIO(long), headers=as_ada) as response:
        assert response.status == 200, await response.text()
    async with (
        running_router(world, max_body_bytes=4 * 2**20) as small,
        small.client.post(way.path, data=io.BytesIO(long), headers=as_ada) as response,
    ):
        answer = await response.json()

    assert response.status == 413
    assert "4 MiB" in way.error_of(answer)[1]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/v1/chat/../../etc/passwd", 404),
        ("GET", "/v1/chat/completions", 405),
        ("PUT", "/v1/api-keys", 405),
        ("POST", "//v1/chat/completions", 404),
        ("POST", "/v1%2fchat/completions", 404),
    ],
)
async def test_a_wrong_route_or_method_is_said_in_json_with_a_request_id(
    router: Router, method: str, path: str, status: int
) -> None:
    async with router.client.request(method, URL(router.url + path, encoded=True)) as response:
        answer = await response.json()

    assert response.status == status
    assert answer["request_id"] == response.headers["x-request-id"]
    assert answer["error"]["message"]


async def test_every_response_has_a_request_id_of_our_own_making(router: Router, as_ada: dict[str, str]) -> None:
    theirs = {"x-request-id": "x" * 5000}
    ids = set()
    for path in ("/health", "/nowhere", "/v1/models"):
        for headers in (theirs, {**theirs, **as_ada}):
            async with router.client.get(path, headers=headers) as response:
                assert response.headers["request-id"] == response.headers["x-request-id"]
                ids.add(response.headers["x-request-id"])

    assert len(ids) == 6
    assert all(len(request_id) == 36 and request_id.startswith("req_") for request_id in ids)


async def test_a_callers_own_request_id_is_kept_beside_ours(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str]
) -> None:
    answer = await ask(router, WAYS[0], {**as_ada, "x-request-id": "build-42"})
    hostile = await ask(router, WAYS[0], {**as_ada, "x-request-id": "a b\tc"})

    assert (await router.usage(answer.request_id))["client_request_id"] == "build-42"
    assert "client_request_id" not in await router.usage(hostile.request_id)


@pytest.mark.parametrize(
    "path", ["/v1/models", "/v1/models/claude-sonnet", "/v1/api-keys", "/v1/chat/completions", "/v1/messages"]
)
async def test_nothing_but_health_is_told_to_strangers(router: Router, path: str) -> None:
    method = "POST" if path.endswith(("completions", "messages")) else "GET"
    async with router.client.request(method, path, json={} if method == "POST" else None) as response:
        assert response.status == 401
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_the_root_answers_anybody_with_a_few_words(router: Router, method: str) -> None:
    async with router.client.request(method, "/") as response:
        assert response.status == 200
