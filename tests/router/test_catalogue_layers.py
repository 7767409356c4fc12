"""What operators lay over the packaged catalogue, and how a flaw in it is reported."""

import datetime
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from opencode_router.catalogue.choose import Catalogue, price_at
from opencode_router.catalogue.load import PACKAGED, CatalogueError, load
from opencode_router.errors import UnknownModel

LLAMA = """
[models.llama]
name = "Llama"
provider = "meta"
aliases = ["my-llama"]
surfaces = ["converse"]
released = 2026-01-01
prices = [{ since = 2026-01-01, input = 0.5, output = 1 }]
source = "our own contract, 2026-01-01"
bedrock_ids = { region = "meta.llama" }
capabilities = { context_tokens = 1000, max_output_tokens = 100 }
"""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load()


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str, str], Path]:
    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_an_overlay_changes_single_fields_and_leaves_the_rest(catalogue: Catalogue) -> None:
    over = load(overlay="[models.claude-opus-4-6.capabilities]\nmax_output_tokens = 32_000\n")

    before, after = catalogue.models["claude-opus-4-6"], over.models["claude-opus-4-6"]
    assert after.capabilities.max_output_tokens == 32_000
    assert after.capabilities.context_tokens == before.capabilities.context_tokens
    assert after.prices == before.prices


def test_an_overlay_may_be_json_with_exact_prices() -> None:
    price = {"since": "2026-01-01", "input": 0.1, "output": 3}
    over = load(overlay=json.dumps({"models": {"claude-opus-4-6": {"prices": [price]}}}))

    assert price_at(over.models["claude-opus-4-6"], key="us", day=datetime.date(2026, 11, 21)).input == Decimal("0.1")


def test_an_overlay_adds_and_removes_models(catalogue: Catalogue) -> None:
    over = load(overlay=f"models.nova-micro = false\n{LLAMA}")

    assert over.find("my-llama").model.name == "Llama"
    assert over.models.keys() == (catalogue.models.keys() | {"llama"}) - {"nova-micro"}
    with pytest.raises(UnknownModel):
        over.find("nova-micro")


def test_later_files_win_over_earlier_ones_and_the_inline_text_over_all(
    written: Callable[[str, str], Path],
) -> None:
    first = written("first.toml", f'{LLAMA}\n[models.nova-pro]\nname = "first"\n')
    second = written("second.json", '{"models": {"llama": {"name": "second"}, "nova-pro": {"name": "second"}}}')

    over = load([first, second], overlay='models.nova-pro.name = "inline"')

    assert over.models["llama"].name == "second"
    assert over.models["nova-pro"].name == "inline"


def test_blank_inline_text_is_no_layer(catalogue: Catalogue) -> None:
    assert load(overlay="  \n").models == catalogue.models


@pytest.mark.parametrize(
    ("overlay", "parts"),
    [
        ("[models", ["CATALOGUE_OVERLAY", "not TOML", "at end of document"]),
        ('{"models": ', ["CATALOGUE_OVERLAY", "not JSON"]),
        ("[model.x]\n", ["CATALOGUE_OVERLAY", "holds model", "[models.<id>]"]),
        ("models = 3", ["CATALOGUE_OVERLAY", "[models.<id>]"]),
        ("models.nova-pro = 3", ["models.nova-pro is 3", "a table"]),
        ("models.nothing = false", ["models.nothing is false", "no such model"]),
        ('models.new.name = "New"', ["models.new:", "missing required field", "it is ['name']"]),
        ("models.nova-pro.colour = 1", ["models.nova-pro:", "unknown field `colour`"]),
        ("models.nova-pro.capabilities.tools = 1", ["models.nova-pro.capabilities.tools:", "it is 1"]),
        ('models.nova-pro.surfaces = ["grpc"]', ["models.nova-pro.surfaces[0]:", "it is 'grpc'"]),
        ("models.nova-pro.surfaces = []", ["models.nova-pro.surfaces:", "it is empty", "name at least one"]),
        ('models.nova-pro.released = "soon"', ["models.nova-pro.released:", "it is 'soon'"]),
        ("models.nova-pro.prices = []", ["models.nova-pro.prices:", "it is empty", "at least one price"]),
        (
            "models.nova-pro.prices = [{since = 2024-01-01, input = -1, output = 1}]",
            ["models.nova-pro.prices[0].input:", "it is -1", "not negative"],
        ),
        (
            "models.nova-pro.prices = [{since = 2024-01-01, input = 1, output = inf}]",
            ["models.nova-pro.prices[0].output:", "it is Infinity"],
        ),
        (
            'models.nova-pro.prices = [{since = 2024-01-01, input = 1, output = 1, profiles = ["mars"]}]',
            ["models.nova-pro.prices[0].profiles:", "'mars' is not in bedrock_ids"],
        ),
        (
            "models.nova-pro.prices = [{since = 2026-01-01, input = 1, output = 1}]",
            ["models.nova-pro.prices:", "none holds for 'us' from the release on", "since = 2024-12-03"],
        ),
        (
            "models.nova-pro.prices = [{since = 2024-01-01, input = 1, output = 1, above_prompt_tokens = -5}]",
            ["models.nova-pro.prices[0].above_prompt_tokens:", "it is -5"],
        ),
        ('models.nova-pro.bedrock_ids.mars = "x"', ["models.nova-pro.bedrock_ids.mars:", "no region prefix"]),
        ('models.nova-pro.bedrock_ids.us = ""', ["models.nova-pro.bedrock_ids.us:", "it is ''"]),
        (
            'models.kimi-k3.surfaces = ["mantle-chat"]',
            ["models.kimi-k3.bedrock_ids:", "mantle-chat needs 'region' or 'mantle'"],
        ),
        ('models.nova-pro.capabilities.efforts = ["low"]', ["capabilities.efforts:", "['low']", "leave it out"]),
        ("models.claude-opus-5.capabilities.efforts = []", ["capabilities.efforts:", "it is empty"]),
        (
            'models.claude-opus-5.capabilities.efforts = ["high", "low"]',
            ["capabilities.efforts:", "['high', 'low']", "weakest first"],
        ),
        ("models.nova-pro.capabilities.always_reasons = true", ["capabilities.always_reasons:", "'none'"]),
        ('models.nova-pro.capabilities.cache_ttls = ["5m"]', ["capabilities.cache_ttls:", "give both or neither"]),
        ('models.claude-opus-5.capabilities.cache_ttls = ["2h"]', ["capabilities.cache_ttls:", "['2h']"]),
        ("models.nova-pro.capabilities.context_tokens = 0", ["capabilities.context_tokens:", "it is 0"]),
        (
            "models.nova-pro.capabilities.max_output_tokens = 9_000_000",
            ["capabilities.max_output_tokens:", "it is 9000000", "cannot exceed the context"],
        ),
        ('models.nova-pro.aliases = ["claude-opus"]', ["nova-pro.aliases[0]:", "'claude-opus'", "claude-opus-4-6"]),
        ('models.nova-pro.aliases = ["bedrock/nova"]', ["nova-pro.aliases[0]:", "'bedrock/nova'", "leave it out"]),
        ('models.nova-pro.aliases = ["nova[1m]"]', ["nova-pro.aliases[0]:", "'nova[1m]'", "leave it out"]),
        (
            'models.nova-pro.bedrock_ids.us = "us.amazon.nova-lite-v1:0"',
            ["bedrock_ids.us:", "us.amazon.nova-lite-v1:0", "models.nova-lite already"],
        ),
    ],
)
def test_a_flaw_is_reported_with_its_place_its_value_and_a_remedy(overlay: str, parts: Sequence[str]) -> None:
    with pytest.raises(CatalogueError) as flaw:
        load(overlay=overlay)

    for part in ("CATALOGUE_OVERLAY", *parts):
        assert part in str(flaw.value)


def test_a_flaw_is_blamed_on_the_file_that_brought_it(written: Callable[[str, str], Path]) -> None:
    good = written("good.toml", LLAMA)
    bad = written("bad.json", '{"models": {"llama": {"capabilities": {"context_tokens": "many"}}}}')

    with pytest.raises(CatalogueError) as flaw:
        load([good, bad], overlay='models.llama.name = "L"')

    assert str(flaw.value).startswith(f"{bad}: models.llama.capabilities.context_tokens: ")
    assert "'many'" in str(flaw.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"missing\.toml: cannot be read"):
        load([tmp_path / "missing.toml"])


def test_the_packaged_file_is_a_valid_layer_over_itself(catalogue: Catalogue) -> None:
    assert load([PACKAGED]).models == catalogue.models
