"""`pulumi-resource-opencode_components`: the components for programs in any Pulumi language.

Pulumi finds a provider on PATH by this executable's name. Source: Pulumi's docs, "Executable plugins", and
pulumi.provider.experimental in SDK 3.272 (read 2026-11-21).
"""

import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import pulumi
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.experimental.host import component_provider_host, components_from_module

import opencode_components

PACKAGE = "opencode_components"
DISTRIBUTION = "opencode-components"


def components() -> list[type[pulumi.ComponentResource]]:
    return components_from_module(opencode_components)


def schema() -> Mapping[str, Any]:
    """What other languages see: `{"resources": {token: {"inputProperties", "properties", ...}}, "types", ...}`."""
    text = ComponentProvider(components(), PACKAGE, version=version(DISTRIBUTION)).schema
    found: dict[str, Any] = json.loads(text or "{}")
    return found


def main() -> None:
    """Serves the engine that started this process, until it hangs up."""
    component_provider_host(components=components(), name=PACKAGE, version=version(DISTRIBUTION))
