"""Physical names for resources that were given none: the logical name and seven random hex digits."""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from opencode_local.provider.handler import AutoName, Fault, Properties

RANDOM_DIGITS = 7
DEFAULTS = "__defaults"
"""The engine's state lists here which inputs the provider made up."""


def named(
    rule: AutoName | None, name: str, inputs: Mapping[str, Any], old: Mapping[str, Any], seed: bytes
) -> tuple[Properties, list[Fault]]:
    """The inputs with a physical name; the one it already has is kept for as long as none is given.

    A prefix property (`namePrefix`) takes the place of the logical name. `seed` is the engine's, so that a retry
    gets the name of the first attempt. Faults a name that AWS would find too long.
    """
    if rule is None or inputs.get(rule.property) is not None:
        return {**inputs, DEFAULTS: []}, []
    if rule.property in old.get(DEFAULTS, ()):
        return {**inputs, rule.property: old[rule.property], DEFAULTS: [rule.property]}, []
    prefix = inputs.get(f"{rule.property}Prefix") or f"{name.lower() if rule.lower else name}-"
    if len(prefix) + RANDOM_DIGITS > rule.max_length:
        reason = (
            f"name {prefix!r} plus {RANDOM_DIGITS} random characters is longer than the {rule.max_length} that AWS "
            "allows: give the resource a shorter name"
        )
        return dict(inputs), [Fault(rule.property, reason)]
    return {**inputs, rule.property: prefix + _hex(seed), DEFAULTS: [rule.property]}, []


def is_made_up(rule: AutoName | None, inputs: Mapping[str, Any]) -> bool:
    """Whether the physical name is ours, so that old and new can exist side by side during a replacement."""
    return rule is None or rule.property in inputs.get(DEFAULTS, ())


def declared(inputs: Mapping[str, Any]) -> Properties:
    """The inputs without the engine's own bookkeeping."""
    return {key: value for key, value in inputs.items() if not key.startswith("__")}


def _hex(seed: bytes) -> str:
    digits = hashlib.sha256(seed).hexdigest() if seed else secrets.token_hex(RANDOM_DIGITS)
    return digits[:RANDOM_DIGITS]
