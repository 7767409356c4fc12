"""docs/testing.md says what is so."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opencode_components import testing
from opencode_components.testing import Deploy
from opencode_components.testing.security import RULES

PAGE = (Path(__file__).parents[3] / "docs/testing.md").read_text()


def blocks() -> Iterator[Any]:
    """Each Python block, named by the heading above it."""
    for section in PAGE.split("\n## ")[1:]:
        for block in re.findall(r"```python\n(.*?)```", section, re.DOTALL):
            yield pytest.param(block, id=section.partition("\n")[0])


@pytest.mark.parametrize("block", list(blocks()))
def test_a_block_runs_on_its_own(block: str, deploy: Deploy) -> None:
    names: dict[str, Any] = {"__name__": "documentation"}
    exec(compile(block, "docs/testing.md", "exec"), names)  # noqa: S102 our own page

    for name, value in names.items():
        if name.startswith("test_"):
            value(deploy)


def test_the_table_of_rules_is_complete() -> None:
    documented = set(re.findall(r"^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \|", PAGE, re.MULTILINE))

    assert {rule.id for rule in RULES} == set(re.findall(r"`([a-z-]+)`", " ".join(documented)))


def test_what_is_exported_is_exact_and_sorted() -> None:
    public = {name for name, value in vars(testing).items() if not name.startswith("_") and is_ours(value)}

    assert sorted(testing.__all__, key=sort_key) == testing.__all__
    assert set(testing.__all__) == public


def is_ours(value: object) -> bool:
    return getattr(value, "__module__", "").startswith("opencode_components.testing")


def sort_key(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions, as the linter sorts."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)
