"""Which records a function wants: the patterns of a mapping's filter criteria.

Source: Lambda developer guide, "Control which events Lambda sends to your function", and Amazon EventBridge user guide,
"Comparison operators for use in event patterns" (read 2026-11-21).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

MISSING = object()


class UnsupportedPattern(Exception):
    """A comparison that is not known here; the text names it."""


def patterns(filter_criteria: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """Those of the engine's `filterCriteria`. Raises UnsupportedPattern for what is no JSON object."""
    declared = [one.get("pattern") or "{}" for one in (filter_criteria or {}).get("filters") or ()]
    try:
        parsed = [json.loads(text) for text in declared]
    except ValueError as error:
        raise UnsupportedPattern(str(error)) from error
    if not all(isinstance(pattern, dict) for pattern in parsed):
        raise UnsupportedPattern("a pattern must be a JSON object")
    for pattern in parsed:
        matches(pattern, {})
    return parsed


def is_wanted(declared: Sequence[Mapping[str, Any]], record: Mapping[str, Any]) -> bool:
    """Whether one of the patterns matches, or there are none."""
    return not declared or any(matches(pattern, record) for pattern in declared)


def matches(pattern: Mapping[str, Any], record: Any) -> bool:
    """Every field of the pattern, at any depth, has one of its values. Raises UnsupportedPattern."""
    found = [_field(name, wanted, record) for name, wanted in pattern.items()]
    return all(found)


def _field(name: str, wanted: Any, record: Any) -> bool:
    if name == "$or":
        return any([matches(pattern, record) for pattern in wanted])
    value = record.get(name, MISSING) if isinstance(record, Mapping) else MISSING
    if isinstance(wanted, Mapping):
        return matches(wanted, value)
    values = value if isinstance(value, list) and value else [value]
    return any([_compares(comparison, one) for comparison in wanted for one in values])


def _compares(comparison: Any, value: Any) -> bool:
    if not isinstance(comparison, Mapping):
        return value is not MISSING and comparison == value and isinstance(comparison, bool) == isinstance(value, bool)
    [(operator, operand)] = comparison.items()
    if operator not in OPERATORS:
        raise UnsupportedPattern(f"the comparison {operator!r} is not supported locally")
    return OPERATORS[operator](operand, value)


def _anything_but(operand: Any, value: Any) -> bool:
    if isinstance(operand, Mapping):
        return value is not MISSING and not _compares(operand, value)
    return value is not MISSING and value not in (operand if isinstance(operand, list) else [operand])


def _numeric(operand: Sequence[Any], value: Any) -> bool:
    """`[">", 0, "<=", 5]`."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return all(NUMERIC[sign](value, bound) for sign, bound in zip(operand[::2], operand[1::2], strict=True))


def _equals_ignore_case(operand: str, value: Any) -> bool:
    return isinstance(value, str) and value.lower() == operand.lower()


NUMERIC: Mapping[str, Callable[[float, float], bool]] = {
    "=": lambda value, bound: value == bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}
OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "anything-but": _anything_but,
    "equals-ignore-case": _equals_ignore_case,
    "exists": lambda operand, value: (value is not MISSING) == operand,
    "numeric": _numeric,
    "prefix": lambda operand, value: isinstance(value, str) and value.startswith(operand),
    "suffix": lambda operand, value: isinstance(value, str) and value.endswith(operand),
}
