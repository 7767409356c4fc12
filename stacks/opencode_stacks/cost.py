"""`python -m opencode_stacks.cost ENV [REGION]`: what an environment costs a month while nobody uses it.

With a region, at that region's prices instead of its own.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from opencode_components.testing import Graph, Resource
from opencode_stacks.declared import config_of, declared, outermost
from opencode_stacks.environment import REGION_KEY
from opencode_stacks.pricing import Item, Prices, items

WIDTH = 78


@dataclass(frozen=True, kw_only=True)
class Bill:
    """Fixed costs by component and resource, and the resource types that cost by use."""

    prices: Prices
    charged: Mapping[str, tuple[tuple[Resource, Item], ...]]
    """By name of the outermost component."""
    by_use: Mapping[str, str]
    """Text by resource type."""

    @property
    def monthly_usd(self) -> float:
        return sum(self.component_usd(component) for component in self.charged)

    def component_usd(self, component: str) -> float:
        return sum(item.monthly_usd for _, item in self.charged[component])


def bill(graph: Graph, region: str) -> Bill:
    """Raises UnpricedType for a resource that nothing is known of."""
    prices = Prices.of(region)
    home = outermost(graph)
    charged: dict[str, tuple[tuple[Resource, Item], ...]] = {}
    for resource in graph:
        if resource.is_component or resource.is_read or resource.type.startswith("pulumi:"):
            continue
        component = home[resource.urn].name
        lines = tuple((resource, item) for item in items(resource, graph, prices) if item.monthly_usd)
        charged[component] = charged.get(component, ()) + lines
    types = {resource.type for resource in graph}
    by_use = {kind: text for kind, text in prices.usage.items() if kind in types}
    return Bill(prices=prices, charged=charged, by_use=by_use)


def lines(of: Bill, environment: str) -> Iterator[str]:
    """The bill as people read it."""
    yield f"{environment}: fixed cost in USD a month, prices of {of.prices.date}\n"
    for component in sorted(of.charged, key=of.component_usd, reverse=True):
        yield row(component, of.component_usd(component))
        for resource, item in of.charged[component]:
            yield row(f"  {resource.name}: {item.what}", item.monthly_usd)
    yield "-" * WIDTH
    yield row("in total", of.monthly_usd)
    yield "\nby use, besides:"
    yield from (f"  {kind.rpartition(':')[2]}: {text}" for kind, text in of.by_use.items())


def row(what: str, monthly_usd: float) -> str:
    return f"{what:<{WIDTH - 10}}{monthly_usd:>10.2f}"


def main(environment: str, region: str | None = None) -> None:
    prices_of = region or config_of(environment)[REGION_KEY]
    print(*lines(bill(declared(environment), prices_of), environment), sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
