"""Which model a caller means, under which id Bedrock serves it from here, and what it costs."""

import datetime
import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from opencode_router.catalogue.model import MANTLE_SURFACES, Model, Price, Surface
from opencode_router.errors import UnknownModel

GATEWAY_PREFIX = "bedrock/"
"""OpenCode-style provider prefix that callers may put before any name."""
LONG_CONTEXT_SUFFIX = "[1m]"
"""Claude Code appends it to ask for its one-million-token mode; the model behind it is the same.

Source: anthropics/claude-code issue 23582 (read 2026-11-21).
"""
REGION = "region"
MANTLE = "mantle"
GLOBAL = "global"
NEAREST_NAMES = 3
LONGEST_NAME = 200
"""Characters of an unknown name that are compared and repeated; no model's name comes near it."""

GEOGRAPHIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("us-gov-", ("us-gov", REGION)),
    ("us-", ("us", REGION, GLOBAL)),
    ("ca-", ("us", REGION, GLOBAL)),
    ("eu-", ("eu", REGION, GLOBAL)),
    ("ap-northeast-1", ("jp", "apac", REGION, GLOBAL)),
    ("ap-northeast-3", ("jp", "apac", REGION, GLOBAL)),
    ("ap-southeast-2", ("au", "apac", REGION, GLOBAL)),
    ("ap-southeast-4", ("au", "apac", REGION, GLOBAL)),
    ("ap-south-", ("in", "apac", REGION, GLOBAL)),
    ("ap-", ("apac", REGION, GLOBAL)),
    ("", (REGION, GLOBAL)),
)
"""Keys of `bedrock_ids` in order of preference by the start of the region's name: near before far.

Source: Amazon Bedrock user guide, model card of Claude Sonnet 4.6, "Regional Availability" (both Canadian regions are
sources of the US profile) and "Geographic cross-Region inference" (read 2026-11-21).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A model as one caller asked for it."""

    id: str
    """The canonical id."""
    model: Model
    key: str | None = None
    """Set when the caller named an inference profile: its key in `bedrock_ids`, and no other may serve the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a request goes."""

    bedrock_id: str
    key: str
    """Key of the id in `bedrock_ids`; prices go by it."""


class NoPrice(LookupError):
    """The catalogue holds no price for a model, key and day."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All models, by canonical id."""

    models: Mapping[str, Model]
    _names: Mapping[str, Entry] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        names = {name: entry for id_, model in self.models.items() for name, entry in named(id_, model)}
        object.__setattr__(self, "_names", names)

    def find(self, requested: str) -> Entry:
        """The model behind a canonical id, an alias or a Bedrock id, with or without `bedrock/` or `[1m]`.

        Raises UnknownModel with up to three names that look like the one asked for.
        """
        entry = self._names.get(requested) or self._names.get(bare(requested))
        if entry is None:
            raise UnknownModel(model=requested[:LONGEST_NAME], nearest=self.nearest(requested))
        return entry

    def nearest(self, requested: str) -> Sequence[str]:
        """Up to three names, most alike first, one for each model."""
        wanted = bare(requested[:LONGEST_NAME]).lower()
        alike = difflib.get_close_matches(wanted, self._names, n=4 * NEAREST_NAMES, cutoff=0.5)
        entries = [(name, self._names[name]) for name in alike]
        first_of = {entry.id: name for name, entry in reversed(entries)}
        return [public_name(name, entry) for name, entry in entries if first_of[entry.id] == name][:NEAREST_NAMES]

    def available(self, region: str, preferred: Sequence[str] = ()) -> Mapping[str, Model]:
        """The models that some id serves from `region`, by canonical id."""
        keys = {*order(region, preferred), MANTLE}
        return {id_: model for id_, model in self.models.items() if keys & model.bedrock_ids.keys()}


def bare(requested: str) -> str:
    return requested.removeprefix(GATEWAY_PREFIX).removesuffix(LONG_CONTEXT_SUFFIX)


def named(id_: str, model: Model) -> Iterable[tuple[str, Entry]]:
    """Every name of a model; a later one wins over an equal earlier one.

    A profile's id without its prefix is the id of the model itself and leaves the choice of profile to the gateway.
    """
    for key, bedrock_id in model.bedrock_ids.items():
        yield bedrock_id.removeprefix(f"{key}."), Entry(id=id_, model=model)
    for key, bedrock_id in model.bedrock_ids.items():
        if key not in (REGION, MANTLE):
            yield bedrock_id, Entry(id=id_, model=model, key=key)
    for name in (*model.aliases, id_):
        yield name, Entry(id=id_, model=model)


def public_name(name: str, entry: Entry) -> str:
    return name if name in entry.model.aliases else entry.id


def order(region: str, preferred: Sequence[str] = ()) -> Sequence[str]:
    """Keys of `bedrock_ids`, best first: `preferred` if there is any, else by the region's geography.

    `preferred` is about inference profiles; the region's own id is no profile and always allowed.
    """
    keys = preferred or next(keys for start, keys in GEOGRAPHIES if region.startswith(start))
    return keys if REGION in keys else (*keys, REGION)


def route(entry: Entry, surface: Surface, keys: Sequence[str]) -> Route:
    """The id under which `surface` serves the model, by the first of `keys` (see `order`) that it has.

    bedrock-mantle has no inference profiles: it takes the model's own id whatever the order.
    Raises UnknownModel when no id may serve the request.
    """
    ids = entry.model.bedrock_ids
    allowed = (MANTLE, REGION) if surface in MANTLE_SURFACES else keys
    if entry.key is not None:
        allowed = [key for key in allowed if key == entry.key]
    for key in allowed:
        if key in ids:
            return Route(bedrock_id=ids[key], key=key)
    if entry.key is not None:
        raise UnknownModel(model=ids[entry.key], nearest=[entry.id])
    raise UnknownModel(model=entry.id, nearest=[])


def price_at(model: Model, *, key: str, day: datetime.date, prompt_tokens: int = 0) -> Price:
    """The newest price in force on `day` for one key of `bedrock_ids` and one length of prompt.

    Raises NoPrice when the model was not for sale yet.
    """
    named_prices = [price for price in model.prices if key in price.profiles]
    candidates = named_prices or [price for price in model.prices if not price.profiles]
    in_force = [p for p in candidates if p.since <= day and p.above_prompt_tokens < max(prompt_tokens, 1)]
    if not in_force:
        raise NoPrice(f"{model.name} has no price for {key!r} on {day}")
    return max(in_force, key=lambda price: (price.since, price.above_prompt_tokens))


def price_version(price: Price) -> str:
    """What a usage record notes of the price it was reckoned with: the day it came into force."""
    return price.since.isoformat()
