"""What must hold for a catalogue beyond being TOML or JSON."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from opencode_router.catalogue.choose import (
    GATEWAY_PREFIX,
    GLOBAL,
    LONG_CONTEXT_SUFFIX,
    MANTLE,
    REGION,
)
from opencode_router.catalogue.model import MANTLE_SURFACES, Capabilities, Model, Price, ReasoningStyle

KEYS = ("us", "eu", "apac", "jp", "au", "in", "us-gov", GLOBAL, REGION, MANTLE)
EFFORTS = ("minimal", "low", "medium", "high", "xhigh", "max")
CACHE_TTLS = ("5m", "1h")
CACHE_FIELDS = ("cache_read", "cache_write_5m", "cache_write_1h")
STYLES_WITH_EFFORTS = (ReasoningStyle.ADAPTIVE, ReasoningStyle.EFFORT)

MISSHAPEN = re.compile(r"^(?P<problem>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?$", re.DOTALL)
STEP = re.compile(r"[^.\[\]]+")

Flaw: TypeAlias = tuple[str, str, str]
"""Path below the model, what is wrong (its value included), and the remedy."""


def misshapen(table: Mapping[str, Any], error: msgspec.ValidationError) -> Flaw:
    """The flaw that kept `table` from becoming a Model."""
    match = MISSHAPEN.match(str(error))
    path, problem = (match["path"] or "", match["problem"]) if match else ("", str(error))
    return path, f"{problem}; it is {value_at(table, path)!r}", f"write it as {Model.__module__} describes it"


def value_at(table: object, path: str) -> object:
    """What stands at a msgspec path such as `prices[0].input`, or the nearest thing around it."""
    for step in STEP.findall(path):
        if isinstance(table, Mapping) and step in table:
            table = table[step]
        elif isinstance(table, list) and step.isdigit() and int(step) < len(table):
            table = table[int(step)]
    return sorted(table) if isinstance(table, Mapping) else table


def flaws(models: Mapping[str, Model]) -> Iterator[tuple[str, Flaw]]:
    """All flaws, each with the id of its model."""
    for id_, model in models.items():
        for rule in RULES:
            yield from ((id_, flaw) for flaw in rule(model))
    owners: dict[str, str] = {}
    for id_, model in models.items():
        for path, name in names(id_, model):
            owner = owners.setdefault(name, id_)
            if owner != id_:
                yield id_, (path, f"{name!r} is a name of models.{owner} already", "give each name to one model")
            if name.startswith(GATEWAY_PREFIX) or name.endswith(LONG_CONTEXT_SUFFIX):
                mark = f"{GATEWAY_PREFIX!r} in front and {LONG_CONTEXT_SUFFIX!r} behind are understood for every name"
                yield id_, (path, f"it is {name!r}", f"leave it out: {mark}")


def names(id_: str, model: Model) -> Iterator[tuple[str, str]]:
    yield "", id_
    for position, alias in enumerate(model.aliases):
        yield f"aliases[{position}]", alias
    for key, bedrock_id in model.bedrock_ids.items():
        yield f"bedrock_ids.{key}", bedrock_id


def ids_flaws(model: Model) -> Iterator[Flaw]:
    if not model.surfaces:
        yield "surfaces", "it is empty", "name at least one surface that serves the model"
    if not model.bedrock_ids:
        yield "bedrock_ids", "it is empty", f"give the id for at least one of {', '.join(KEYS)}"
    for key, bedrock_id in model.bedrock_ids.items():
        if key not in KEYS:
            yield f"bedrock_ids.{key}", f"{key!r} is no region prefix", f"use one of {', '.join(KEYS)}"
        if not bedrock_id:
            yield f"bedrock_ids.{key}", "it is ''", "write the id, or drop the line"
    on_mantle = MANTLE_SURFACES.intersection(model.surfaces)
    if on_mantle and not model.bedrock_ids.keys() & {MANTLE, REGION}:
        yield "bedrock_ids", f"it holds {sorted(model.bedrock_ids)}", f"{min(on_mantle)} needs {REGION!r} or {MANTLE!r}"
    if model.bedrock_ids.keys() == {MANTLE} and not MANTLE_SURFACES.issuperset(model.surfaces):
        yield "bedrock_ids", f"it holds {sorted(model.bedrock_ids)}", "bedrock-runtime needs another id beside it"


def price_flaws(model: Model) -> Iterator[Flaw]:
    if not model.prices:
        yield "prices", "it is empty", "give at least one price with since, input and output"
        return
    for position, price in enumerate(model.prices):
        yield from one_price_flaws(f"prices[{position}]", price, model)
    for key in model.bedrock_ids:
        if not any(covers(price, key, model) for price in model.prices):
            since = f"since = {model.released} or earlier and no above_prompt_tokens"
            yield "prices", f"none holds for {key!r} from the release on", f"add one with {since}"


def one_price_flaws(here: str, price: Price, model: Model) -> Iterator[Flaw]:
    for profile in price.profiles:
        if profile not in model.bedrock_ids:
            yield f"{here}.profiles", f"{profile!r} is not in bedrock_ids", f"use of {', '.join(model.bedrock_ids)}"
    for name, amount in amounts(price):
        if not amount.is_finite() or amount < 0:
            yield f"{here}.{name}", f"it is {amount}", "write USD per million tokens, not negative"
    if price.above_prompt_tokens < 0:
        yield f"{here}.above_prompt_tokens", f"it is {price.above_prompt_tokens}", "write a number of tokens"


def amounts(price: Price) -> Iterator[tuple[str, Decimal]]:
    yield "input", price.input
    yield "output", price.output
    for name in CACHE_FIELDS:
        amount = getattr(price, name)
        if amount is not None:
            yield name, amount


def covers(price: Price, key: str, model: Model) -> bool:
    """Whether `price` gives any request for `key` a price from the first day on."""
    is_named = any(key in other.profiles for other in model.prices)
    holds_for_key = key in price.profiles if is_named else not price.profiles
    return holds_for_key and price.since <= model.released and price.above_prompt_tokens == 0


def reasoning_flaws(model: Model) -> Iterator[Flaw]:
    able = model.capabilities
    takes_efforts = able.reasoning in STYLES_WITH_EFFORTS
    here = "capabilities.efforts"
    if able.efforts and not takes_efforts:
        yield (
            here,
            f"it is {list(able.efforts)}",
            f"the reasoning style {able.reasoning.value!r} has none: leave it out",
        )
    if takes_efforts and not able.efforts:
        yield here, "it is empty", f"the reasoning style {able.reasoning.value!r} needs the levels accepted"
    if unordered(able.efforts, EFFORTS):
        yield here, f"it is {list(able.efforts)}", f"use of {', '.join(EFFORTS)}, weakest first"
    if able.always_reasons and able.reasoning is ReasoningStyle.NONE:
        yield "capabilities.always_reasons", "it is true", "a model of reasoning style 'none' has nothing to switch"


def cache_flaws(model: Model) -> Iterator[Flaw]:
    able = model.capabilities
    if unordered(able.cache_ttls, CACHE_TTLS):
        yield "capabilities.cache_ttls", f"it is {list(able.cache_ttls)}", f"use of {', '.join(CACHE_TTLS)}"
    if bool(able.cache_ttls) != (able.cache_minimum_tokens is not None):
        facts = f"cache_minimum_tokens is {able.cache_minimum_tokens}, cache_ttls is {list(able.cache_ttls)}"
        yield "capabilities.cache_ttls", facts, "give both or neither"


def size_flaws(model: Model) -> Iterator[Flaw]:
    for name in ("context_tokens", "max_output_tokens"):
        tokens: int = getattr(model.capabilities, name)
        if tokens <= 0:
            yield f"capabilities.{name}", f"it is {tokens}", "write a positive number of tokens"
    if model.capabilities.max_output_tokens > model.capabilities.context_tokens:
        yield "capabilities.max_output_tokens", sizes(model.capabilities), "an output cannot exceed the context"


def sizes(able: Capabilities) -> str:
    return f"it is {able.max_output_tokens}, context_tokens is {able.context_tokens}"


def unordered(values: tuple[str, ...], known: tuple[str, ...]) -> bool:
    return values != tuple(value for value in known if value in values)


RULES = (ids_flaws, price_flaws, reasoning_flaws, cache_flaws, size_flaws)
