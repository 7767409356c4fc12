"""Which price holds for a request, and what the request costs."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode_router.catalogue.choose import Catalogue, NoPrice, price_at, price_version
from opencode_router.catalogue.load import load
from opencode_router.catalogue.model import Price
from opencode_router.usage.pricing import cost_micro_usd
from opencode_router.usage.tokens import Tokens

TODAY = datetime.date(2026, 11, 21)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load()


def test_the_price_of_a_day_is_the_newest_one_in_force(catalogue: Catalogue) -> None:
    sol = catalogue.models["gpt-5.6-sol"]

    before = price_at(sol, key="global", day=datetime.date(2026, 8, 20))
    after = price_at(sol, key="global", day=datetime.date(2026, 8, 21))

    assert (before.input, price_version(before)) == (Decimal(5), "2026-08-17")
    assert (after.input, price_version(after)) == (Decimal(4), "2026-08-21")
    with pytest.raises(NoPrice, match="2026-08-16"):
        price_at(sol, key="global", day=datetime.date(2026, 8, 16))


@pytest.mark.parametrize(("prompt_tokens", "input_usd"), [(0, "0.1"), (100_000, "0.1"), (100_001, "0.5")])
def test_a_long_prompt_is_billed_at_the_long_prompts_price(
    catalogue: Catalogue, prompt_tokens: int, input_usd: str
) -> None:
    haiku = catalogue.models["claude-haiku-5-5"]

    assert price_at(haiku, key="global", day=TODAY, prompt_tokens=prompt_tokens).input == Decimal(input_usd)


def test_a_newer_price_without_a_long_prompt_rate_ends_the_older_ones() -> None:
    model = load(
        overlay="""models.claude-haiku-5-5.prices = [
            { since = 2026-10-07, input = 1, output = 5 },
            { since = 2026-10-07, input = 2, output = 10, above_prompt_tokens = 100 },
            { since = 2026-11-01, input = 3, output = 15 },
        ]"""
    ).models["claude-haiku-5-5"]

    assert price_at(model, key="us", day=datetime.date(2026, 10, 31), prompt_tokens=101).input == 2
    assert price_at(model, key="us", day=datetime.date(2026, 11, 1), prompt_tokens=101).input == 3


SONNET = Price(
    since=TODAY,
    input=Decimal("3.3"),
    output=Decimal("16.5"),
    cache_read=Decimal("0.33"),
    cache_write_5m=Decimal("4.125"),
    cache_write_1h=Decimal("6.6"),
)
BARE = Price(since=TODAY, input=Decimal("0.07"), output=Decimal("0.3"))


@pytest.mark.parametrize(
    ("tokens", "price", "micro_usd"),
    [
        pytest.param(Tokens(), SONNET, 0, id="nothing"),
        pytest.param(Tokens(input=1_000_000), SONNET, 3_300_000, id="a million in"),
        pytest.param(Tokens(output=1_000_000), SONNET, 16_500_000, id="a million out"),
        pytest.param(Tokens(output=100, reasoning=80), SONNET, 1_650, id="reasoning is part of the output"),
        pytest.param(
            Tokens(input=100, output=50, cache_read=20_000, cache_write_5m=1_000, cache_write_1h=2_000),
            SONNET,
            330 + 825 + 6_600 + 4_125 + 13_200,
            id="every kind",
        ),
        pytest.param(Tokens(cache_write_5m=4), SONNET, 17, id="16.5 rounds up"),
        pytest.param(Tokens(input=1), SONNET, 3, id="3.3 rounds down"),
        pytest.param(Tokens(input=1, cache_read=1, output=1), SONNET, 20, id="20.13 rounds once, on the sum"),
        pytest.param(Tokens(input=7), BARE, 0, id="0.49 rounds down"),
        pytest.param(Tokens(output=5), BARE, 2, id="1.5 rounds up"),
        pytest.param(Tokens(cache_read=100, cache_write_1h=100), BARE, 14, id="unpriced cache is billed as input"),
    ],
)
def test_cost_in_micro_dollars(tokens: Tokens, price: Price, micro_usd: int) -> None:
    assert cost_micro_usd(tokens, price) == micro_usd


COUNTS = st.integers(min_value=0, max_value=10**9)
USD = st.decimals(min_value=0, max_value=1000, places=6)
TOKENS = st.builds(Tokens, input=COUNTS, output=COUNTS, cache_read=COUNTS, cache_write_5m=COUNTS, cache_write_1h=COUNTS)
PRICES = st.builds(
    Price,
    since=st.just(TODAY),
    input=USD,
    output=USD,
    cache_read=st.none() | USD,
    cache_write_5m=st.none() | USD,
    cache_write_1h=st.none() | USD,
)


@given(one=TOKENS, other=TOKENS, price=PRICES)
def test_cost_is_never_negative_and_adds_up_but_for_rounding(one: Tokens, other: Tokens, price: Price) -> None:
    both = Tokens(
        input=one.input + other.input,
        output=one.output + other.output,
        cache_read=one.cache_read + other.cache_read,
        cache_write_5m=one.cache_write_5m + other.cache_write_5m,
        cache_write_1h=one.cache_write_1h + other.cache_write_1h,
    )

    parts = cost_micro_usd(one, price) + cost_micro_usd(other, price)

    assert cost_micro_usd(one, price) >= 0
    assert abs(cost_micro_usd(both, price) - parts) <= 1
