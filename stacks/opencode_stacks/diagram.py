"""`python -m opencode_stacks.diagram ENV FILE.svg`: the architecture, drawn from what the program declares."""

import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from opencode_components.testing import Graph
from opencode_stacks.declared import declared, outermost

BOX_WIDTH, COLUMN_GAP, ROW_GAP, MARGIN = 236, 84, 28, 28
HEADER_HEIGHT, LINE_HEIGHT, PADDING = 46, 17, 12
MAX_LINES = 14
"""Kinds of resources named in a box."""
DETAIL = re.compile(
    r"( association| attachment| block| configuration| controls| validation| versioning| capacity providers"
    r"|gress rule|(Bucket|Topic|Role|Lifecycle) policy|Secret version)$"
)
"""Kinds of resources that are settings of another."""
IMAGE_PACKAGE = "awsx:"
"""Components of other packages are one thing here."""
STYLE = """
  .box { fill: #ffffff; stroke: #3d4f5f; stroke-width: 1.2 } .head { fill: #e8eef4 }
  text { font: 12px system-ui, sans-serif; fill: #26323c } .title { font-weight: 600; font-size: 14px }
  .name { fill: #5b6b79; font-size: 11px } .edge { fill: none; stroke: #7b8c9a; stroke-width: 1.3 }
  .public { stroke: #b3541e; stroke-width: 2 } marker path { fill: #7b8c9a } .page { fill: #fafbfc }
"""


@dataclass(frozen=True, kw_only=True)
class Box:
    """A component of the program: its class, its name, and how many resources of each kind it holds."""

    kind: str
    name: str
    holds: Mapping[str, int]
    needs: frozenset[str]
    """Names of the boxes whose outputs it takes."""
    is_public: bool
    """It holds a load balancer that faces the internet."""

    @property
    def lines(self) -> list[str]:
        """Kinds with their number, without those that only settle details of another."""
        main = [kind for kind in sorted(self.holds) if not DETAIL.search(kind)]
        counted = [f"{kind} x {self.holds[kind]}" if self.holds[kind] > 1 else kind for kind in main]
        rest = len(counted) - MAX_LINES
        return [*counted[:MAX_LINES], f"and {rest} more kinds"] if rest > 0 else counted

    @property
    def height(self) -> int:
        return HEADER_HEIGHT + LINE_HEIGHT * len(self.lines) + PADDING


def boxes(graph: Graph) -> dict[str, Box]:
    """By name, one for each component directly under the stack."""
    home = outermost(graph)
    found = {}
    for component in {owner.urn: owner for owner in home.values() if owner.is_component}.values():
        inside = [resource for resource in graph if home[resource.urn] is component]
        needs = {home[urn].name for resource in inside for urn in resource.dependencies if urn in home}
        resources = [r for r in inside if not r.is_component or r.type.startswith(IMAGE_PACKAGE)]
        found[component.name] = Box(
            kind=words(component.type.rpartition(":")[2]),
            name=component.name,
            holds=Counter(words(resource.type.rpartition(":")[2]) for resource in resources),
            needs=frozenset(needs - {component.name}),
            is_public=any(r.type.endswith(":LoadBalancer") and not r.inputs.get("internal") for r in resources),
        )
    return found


def words(name: str) -> str:
    """`SecurityGroup` as `security group`, capitalised; abbreviations stay whole."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name).lower().capitalize()


def columns(of: Mapping[str, Box]) -> list[list[Box]]:
    """Each box one column to the right of the last that it needs; tall ones first."""

    def depth(name: str) -> int:
        return 1 + max((depth(need) for need in of[name].needs if need in of), default=-1)

    found: dict[int, list[Box]] = {}
    for name, box in sorted(of.items(), key=lambda pair: -pair[1].height):
        found.setdefault(depth(name), []).append(box)
    return [found[column] for column in sorted(found)]


def direct(of: Mapping[str, Box]) -> Iterator[tuple[str, str]]:
    """Edges (needed, needing) that no longer way implies."""

    def reach(name: str) -> set[str]:
        return {deeper for need in of[name].needs & of.keys() for deeper in {need, *reach(need)}}

    for name, box in of.items():
        needs = box.needs & of.keys()
        implied = {deeper for need in needs for deeper in reach(need)}
        yield from ((need, name) for need in sorted(needs - implied))


def svg(graph: Graph) -> str:
    of = boxes(graph)
    grid = columns(of)
    tallest = max(sum(box.height + ROW_GAP for box in column) - ROW_GAP for column in grid)
    places: dict[str, tuple[int, int]] = {}
    for index, column in enumerate(grid):
        y = MARGIN + (tallest - sum(box.height + ROW_GAP for box in column) + ROW_GAP) // 2
        for box in column:
            places[box.name] = (MARGIN + index * (BOX_WIDTH + COLUMN_GAP), y)
            y += box.height + ROW_GAP
    width = 2 * MARGIN + len(grid) * (BOX_WIDTH + COLUMN_GAP) - COLUMN_GAP
    height = tallest + 2 * MARGIN
    parts = [
        *(drawn_edge(places[need], of[need], places[name], of[name]) for need, name in direct(of)),
        *(drawn_box(box, *places[box.name]) for box in of.values()),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">\n'
        f"<title>Components of the gateway and what each takes from another</title>\n<style>{STYLE}</style>\n"
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z"/></marker></defs>\n'
        f'<rect class="page" width="{width}" height="{height}"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def drawn_box(box: Box, x: int, y: int) -> str:
    outline = "box public" if box.is_public else "box"
    listed = "".join(
        f'<text x="{x + PADDING}" y="{y + HEADER_HEIGHT + LINE_HEIGHT * (row + 1)}">{escape(line)}</text>'
        for row, line in enumerate(box.lines)
    )
    note = " (faces the internet)" if box.is_public else ""
    return (
        f'<rect class="{outline}" x="{x}" y="{y}" width="{BOX_WIDTH}" height="{box.height}" rx="6"/>'
        f'<path class="head" d="M{x + 1},{y + HEADER_HEIGHT} v-{HEADER_HEIGHT - 7} q0,-6 6,-6 h{BOX_WIDTH - 14} '
        f'q6,0 6,6 v{HEADER_HEIGHT - 7} z"/>'
        f'<text class="title" x="{x + PADDING}" y="{y + 20}">{escape(box.kind)}</text>'
        f'<text class="name" x="{x + PADDING}" y="{y + 37}">{escape(box.name)}{note}</text>{listed}'
    )


def drawn_edge(start: tuple[int, int], needed: Box, end: tuple[int, int], needing: Box) -> str:
    x1, y1 = start[0] + BOX_WIDTH, start[1] + needed.height // 2
    x2, y2 = end[0], end[1] + needing.height // 2
    bend = (x2 - x1) // 2
    return f'<path class="edge" marker-end="url(#tip)" d="M{x1},{y1} C{x1 + bend},{y1} {x2 - bend},{y2} {x2},{y2}"/>'


def main(environment: str, file: str) -> None:
    Path(file).write_text(svg(declared(environment)))
    print(f"{file}: {environment} as Pulumi.{environment}.yaml has it")


if __name__ == "__main__":
    main(*sys.argv[1:])
