import json

import pytest

from opencode_local.bedrock import BedrockStandIn, Fault
from tests.router.running import Router


async def test_models_are_listed_in_a_shape_that_both_families_of_clients_read(
    router: Router, as_ada: dict[str, str]
) -> None:
    async with router.client.get("/v1/models", headers=as_ada) as response:
        listing = await response.json()

    first = listing["data"][0]
    assert listing["object"] == "list"
    assert {"id", "object", "created", "owned_by"} <= first.keys()
    assert {"id", "type", "display_name", "created_at"} <= first.keys()
    assert listing["first_id"] == first["id"]
    assert len({model["id"] for model in listing["data"]}) == len(listing["data"])


@pytest.mark.parametrize("name", ["claude-sonnet", "bedrock/claude-sonnet", "us.anthropic.claude-sonnet-4-6"])
async def test_a_model_is_found_by_any_of_its_names_and_answers_to_the_one_used(
    router: Router, as_ada: dict[str, str], name: str
) -> None:
    async with router.client.get(f"/v1/models/{name}", headers=as_ada) as response:
        model = await response.json()

    assert response.status == 200
    assert model["id"] == name
    assert model["display_name"] == "Claude Sonnet 4.6"
    assert float(model["prices"][0]["input"]) > 0


async def test_an_unknown_model_is_a_404_with_the_nearest_names(router: Router, as_ada: dict[str, str]) -> None:
    async with router.client.get("/v1/models/claude-opuss", headers=as_ada) as response:
        answer = await response.json()

    assert response.status == 404
    assert answer["error"]["code"] == "model_not_found"
    assert "claude-opus" in answer["error"]["message"]


COUNT = {"messages": [{"role": "user", "content": "how many tokens are these?" * 50}]}


@pytest.mark.parametrize("model", ["claude-sonnet-5", "nova-2-lite"])
async def test_tokens_are_counted_by_bedrock_where_it_counts(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str], model: str
) -> None:
    before = router.count_usage()
    body = {**COUNT, "model": model}
    async with router.client.post("/v1/messages/count_tokens", json=body, headers=as_ada) as response:
        answer = json.loads(await response.read())

    assert response.status == 200, answer
    assert response.headers["x-token-count"] == "exact"
    assert 300 < answer["input_tokens"] < 400
    await router.gateway.ledger.flush()
    assert router.count_usage() == before, "a count is free"


async def test_a_count_that_bedrock_refuses_is_an_estimate_that_says_so_and_errs_upwards(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str]
) -> None:
    bedrock.order(Fault(kind="validation", surface="count_tokens"))
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A" * 100_000}}
    messages = [*COUNT["messages"], {"role": "assistant", "content": "?"}, {"role": "user", "content": [image]}]
    body = {"model": "claude-sonnet-5", "messages": messages}
    async with router.client.post("/anthropic/v1/messages/count_tokens", json=body, headers=as_ada) as response:
        answer = await response.json()

    assert response.headers["x-token-count"] == "estimate"
    assert 1600 + 325 < answer["input_tokens"] < 1600 + 700


async def test_a_count_without_messages_is_a_400(router: Router, as_ada: dict[str, str]) -> None:
    async with router.client.post("/v1/messages/count_tokens", json={"model": "claude-sonnet"}, headers=as_ada) as r:
        answer = await r.json()

    assert r.status == 400
    assert answer["error"]["message"].startswith("messages: ")
