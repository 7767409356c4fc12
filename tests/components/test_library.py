"""What holds for every component, so that any Pulumi language can use it."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import is_typeddict

import pulumi
import pytest

import opencode_components
from opencode_components.provider import PACKAGE, components, schema

FOLDER = Path(opencode_components.__file__).parent
NOT_COMPONENTS = {"provider", "testing"}
COMPONENTS = sorted(components(), key=lambda component: component.__name__)


def modules() -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules([str(FOLDER)]):
        if found.name not in NOT_COMPONENTS:
            yield importlib.import_module(f"opencode_components.{found.name}")


def published(module: ModuleType) -> Iterator[str]:
    """Components and their arguments that a module defines."""
    for name, value in vars(module).items():
        is_component = isinstance(value, type) and issubclass(value, pulumi.ComponentResource)
        if (is_component or (is_typeddict(value) and name.endswith("Args"))) and value.__module__ == module.__name__:
            yield name


def test_the_published_list_is_exactly_the_components_and_their_args_in_order() -> None:
    assert opencode_components.__all__ == sorted(name for module in modules() for name in published(module))


def test_every_input_output_and_component_is_described_for_other_languages() -> None:
    undescribed = [
        f"{token} {side} {name}"
        for token, component in schema()["resources"].items()
        for side in ("inputProperties", "properties")
        for name, value in component.get(side, {}).items()
        if not value.get("description")
    ]

    assert undescribed == []
    assert all(component["description"] for component in schema()["resources"].values())


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)
def test_a_component_registers_under_the_name_that_the_schema_gives_it(
    component: type[pulumi.ComponentResource],
) -> None:
    """A token is state: another one would replace the component of everybody who uses it."""
    file = Path(importlib.import_module(component.__module__).__file__ or "")
    strings = {node.value for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Constant)}
    token = f"{PACKAGE}:index:{component.__name__}"

    assert token in strings
    assert token in schema()["resources"]


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)
def test_a_component_takes_a_name_args_and_options_and_nothing_else(component: type[pulumi.ComponentResource]) -> None:
    parameters = list(component.__init__.__annotations__)

    assert parameters == ["name", "args", "opts", "return"]
    assert is_typeddict(component.__init__.__annotations__["args"])


def test_no_module_hides_its_types_from_the_host_or_reads_config_or_the_environment() -> None:
    forbidden = ("from __future__ import annotations", "pulumi.Config", "os.environ", "datetime.now", "time.time")
    wrong = [
        (file.name, word)
        for file in FOLDER.glob("*.py")
        for word in forbidden
        if word in file.read_text() and file.stem not in NOT_COMPONENTS
    ]

    assert wrong == []
