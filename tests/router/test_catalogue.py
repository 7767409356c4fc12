"""The packaged catalogue: its models, the names callers use, and where requests go."""

import datetime
import re
from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode_router.catalogue.choose import Catalogue, Route, order, price_at, route
from opencode_router.catalogue.load import load
from opencode_router.catalogue.model import ReasoningStyle, Surface
from opencode_router.errors import UnknownModel

TODAY = datetime.date(2026, 11, 21)
PACKAGED_CATALOGUE = load()
WITH_GLOBAL_PROFILE = [
    id_
    for id_, model in PACKAGED_CATALOGUE.models.items()
    if "global" in model.bedrock_ids and model.provider != "amazon"
]
PREDECESSOR_ALIASES = {
    "claude-opus": "us.anthropic.claude-opus-4-6-v1",
    "claude-sonnet": "us.anthropic.claude-sonnet-4-6",
    "claude-sonnet-45": "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "kimi-k25": "moonshotai.kimi-k2.5",
    "kimi-k2-thinking": "moonshotai.kimi-k2-thinking",
    "deepseek-v3": "deepseek.v3.2",
    "minimax-m2": "minimax.minimax-m2.1",
    "glm-4": "zai.glm-4.7",
    "glm-4-flash": "zai.glm-4.7-flash",
    "qwen3-coder": "qwen.qwen3-coder-next",
}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return PACKAGED_CATALOGUE


def routed(catalogue: Catalogue, name: str, region: str = "us-east-1", preferred: Sequence[str] = ()) -> Route:
    entry = catalogue.find(name)
    return route(entry, entry.model.surfaces[0], order(region, preferred))


@pytest.mark.parametrize("id_", PACKAGED_CATALOGUE.models)
def test_every_packaged_model_can_be_routed_priced_and_traced_to_its_source(id_: str) -> None:
    model = PACKAGED_CATALOGUE.models[id_]

    bedrock_id = routed(PACKAGED_CATALOGUE, id_).bedrock_id
    prices = [price_at(model, key=key, day=model.released) for key in model.bedrock_ids]

    assert bedrock_id in model.bedrock_ids.values()
    assert all(0 < price.input <= price.output for price in prices)
    assert all(price.cache_read is None or price.cache_read < price.input for price in prices)
    assert re.search(r"read \d{4}-\d\d-\d\d$", model.source)


@pytest.mark.parametrize("id_", WITH_GLOBAL_PROFILE)
def test_regional_profiles_of_packaged_models_cost_a_tenth_more_than_their_global_one(id_: str) -> None:
    model = PACKAGED_CATALOGUE.models[id_]

    worldwide = price_at(model, key="global", day=TODAY)
    regional = [price_at(model, key=key, day=TODAY) for key in model.bedrock_ids if key != "global"]

    assert regional
    assert {(price.input, price.output) for price in regional} == {
        (worldwide.input * Decimal("1.1"), worldwide.output * Decimal("1.1"))
    }


@pytest.mark.parametrize(("alias", "bedrock_id"), PREDECESSOR_ALIASES.items())
@pytest.mark.parametrize("prefix", ["", "bedrock/"])
def test_every_alias_of_the_predecessor_leads_to_the_same_model(
    catalogue: Catalogue, alias: str, bedrock_id: str, prefix: str
) -> None:
    assert routed(catalogue, prefix + alias).bedrock_id == bedrock_id


@pytest.mark.parametrize(
    ("requested", "id_"),
    [
        ("claude-haiku-4-5", "claude-haiku-4-5"),
        ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("claude-opus-4-6[1m]", "claude-opus-4-6"),
        ("bedrock/claude-sonnet-5-5[1m]", "claude-sonnet-5-5"),
        ("eu.anthropic.claude-sonnet-4-6", "claude-sonnet-4-6"),
        ("anthropic.claude-sonnet-4-6", "claude-sonnet-4-6"),
        ("openai.gpt-oss-120b", "gpt-oss-120b"),
        ("openai.gpt-oss-120b-1:0", "gpt-oss-120b"),
        ("moonshot.kimi-k2-thinking", "kimi-k2-thinking"),
    ],
)
def test_a_model_answers_to_all_its_names(catalogue: Catalogue, requested: str, id_: str) -> None:
    assert catalogue.find(requested).id == id_


@pytest.mark.parametrize(
    ("requested", "nearest"),
    [("claude-sonet-4.6", "claude-sonnet-4-6"), ("gpt6-sol", "gpt-6-sol"), ("kimi-k2", "kimi-k25")],
)
def test_an_unknown_model_is_refused_with_the_nearest_names(catalogue: Catalogue, requested: str, nearest: str) -> None:
    with pytest.raises(UnknownModel) as refusal:
        catalogue.find(requested)

    assert repr(requested) in refusal.value.message
    assert f"did you mean {nearest!r}" in refusal.value.message
    assert 1 <= len(catalogue.nearest(requested)) <= 3


@pytest.mark.parametrize("requested", ["", "bedrock/", "zzz", "x" * 1_000_000])
def test_a_name_like_no_other_is_refused_without_a_guess_and_without_being_repeated_at_length(
    catalogue: Catalogue, requested: str
) -> None:
    with pytest.raises(UnknownModel) as refusal:
        catalogue.find(requested)

    assert "did you mean" not in refusal.value.message
    assert len(refusal.value.message) < 500


def test_a_suggested_name_is_always_one_that_works(catalogue: Catalogue) -> None:
    suggestions = [name for wrong in ("claude", "glm", "us.anthropic.claude-opus") for name in catalogue.nearest(wrong)]

    assert suggestions
    assert all(catalogue.find(name).key is None for name in suggestions)


@pytest.mark.parametrize(
    ("region", "bedrock_id"),
    [
        ("us-west-2", "us.anthropic.claude-sonnet-4-6"),
        ("ca-central-1", "us.anthropic.claude-sonnet-4-6"),
        ("eu-central-1", "eu.anthropic.claude-sonnet-4-6"),
        ("ap-northeast-1", "jp.anthropic.claude-sonnet-4-6"),
        ("ap-southeast-2", "au.anthropic.claude-sonnet-4-6"),
        ("ap-southeast-1", "global.anthropic.claude-sonnet-4-6"),
        ("sa-east-1", "global.anthropic.claude-sonnet-4-6"),
    ],
)
def test_a_region_uses_the_profile_of_its_own_geography_before_the_global_one(
    catalogue: Catalogue, region: str, bedrock_id: str
) -> None:
    assert routed(catalogue, "claude-sonnet", region).bedrock_id == bedrock_id


def test_the_operators_order_of_profiles_replaces_the_geography(catalogue: Catalogue) -> None:
    assert routed(catalogue, "claude-sonnet", "us-east-1", ["global", "us"]).key == "global"


def test_a_model_without_profiles_is_served_whatever_profiles_the_operator_prefers(catalogue: Catalogue) -> None:
    entry = catalogue.find("gpt-oss-20b")

    assert route(entry, Surface.CHAT, order("eu-west-1", ["eu"])).bedrock_id == "openai.gpt-oss-20b-1:0"


def test_mantle_gets_its_own_id_where_it_has_one(catalogue: Catalogue) -> None:
    entry = catalogue.find("gpt-oss-20b")

    assert route(entry, Surface.MANTLE_CHAT, order("us-east-1")) == Route(bedrock_id="openai.gpt-oss-20b", key="mantle")


def test_a_caller_who_names_a_profile_gets_that_profile_or_a_refusal(catalogue: Catalogue) -> None:
    worldwide = "global.anthropic.claude-sonnet-4-6"

    assert routed(catalogue, worldwide, "eu-west-1").bedrock_id == worldwide
    with pytest.raises(UnknownModel, match="did you mean 'claude-sonnet-4-6'"):
        routed(catalogue, worldwide, "eu-west-1", preferred=["eu"])
    with pytest.raises(UnknownModel):
        routed(catalogue, "us.anthropic.claude-sonnet-4-6", "eu-west-1")


def test_models_that_no_profile_serves_from_here_are_neither_listed_nor_routed(catalogue: Catalogue) -> None:
    listed = catalogue.available("eu-west-1", ["eu"])

    assert "claude-sonnet-4-6" in listed
    assert "gpt-6-sol" not in listed, "it has a US and a global profile only"
    with pytest.raises(UnknownModel):
        routed(catalogue, "gpt-6-sol", "eu-west-1", ["eu"])


def test_everything_listed_for_a_region_can_be_routed_from_it(catalogue: Catalogue) -> None:
    for region in ("us-east-1", "eu-west-1", "ap-south-1", "us-gov-west-1", "il-central-1"):
        for id_ in catalogue.available(region):
            assert routed(catalogue, id_, region).bedrock_id


def test_reasoning_facts_of_the_claude_generations(catalogue: Catalogue) -> None:
    by_id = {id_: model.capabilities for id_, model in catalogue.models.items()}

    assert by_id["claude-sonnet-4-5"].reasoning is ReasoningStyle.BUDGET
    assert by_id["claude-sonnet-4-6"].efforts == ("low", "medium", "high", "max")
    assert by_id["claude-sonnet-4-6"].sampling
    assert not by_id["claude-opus-4-7"].sampling
    assert by_id["claude-opus-5-5"].always_reasons
    assert by_id["claude-opus-5-5"].tool_choice == ("auto",)
    assert not by_id["claude-opus-5"].always_reasons


@given(requested=st.text(max_size=80))
def test_a_random_text_is_no_model(requested: str) -> None:
    with pytest.raises(UnknownModel) as refusal:
        PACKAGED_CATALOGUE.find(f"?{requested}")

    assert refusal.value.param == "model"
