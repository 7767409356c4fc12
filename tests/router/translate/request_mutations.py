"""Requests that are almost right: those of a corpus with one or a few values changed."""

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from tests.router.translate.request_samples import Sample

Place = tuple[Any, Any]
"""A container, and the key or index in it."""

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2**40),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.sampled_from(
        ["", " ", "user", "assistant", "tool", "system", "auto", "none", "call_1", "toolu_1", "text", "data:,"]
    ),
    st.text(max_size=8).filter(lambda text: text.isprintable()),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "text", "x"]), inner, max_size=3)
    ),
    max_leaves=4,
)


def places(value: Any) -> Iterator[Place]:
    """Every place below `value`."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in items:
        yield value, key
        yield from places(member)


@st.composite
def mutated(draw: st.DrawFn, corpus: list[Sample]) -> dict[str, Any]:
    """A request of the corpus after one to three of: replace a value, remove it, say it twice, take another's."""
    request = copy.deepcopy(draw(st.sampled_from(corpus)).request)
    for _ in range(draw(st.integers(1, 3))):
        container, key = draw(st.sampled_from(list(places(request))))
        match draw(st.sampled_from(["replace", "remove", "repeat", "borrow"])):
            case "replace":
                container[key] = draw(VALUES)
            case "remove":
                del container[key]
            case "repeat" if isinstance(container, list):
                container.insert(key, copy.deepcopy(container[key]))
            case _:
                other = draw(st.sampled_from(corpus)).request
                container[key] = copy.deepcopy(
                    other.get(key, container[key]) if isinstance(key, str) else other["model"]
                )
        if not request:
            break
    return request
