"""When two property values mean the same: JSON documents by content, lists as AWS keeps them, which is in any order."""

import json
from collections.abc import Mapping
from typing import Any

from opencode_local.provider.wire import UNKNOWN

EMPTY: tuple[Any, ...] = (None, "", False, 0, [], {})


def is_equal(one: Any, other: Any) -> bool:
    """Equal, JSON text by its content; the order of lists counts."""
    if one is UNKNOWN or other is UNKNOWN:
        return False
    if isinstance(one, str) and isinstance(other, str):
        return one == other or _same_document(one, other)
    return bool(one == other)


def is_same(one: Any, other: Any) -> bool:
    """Each covers the other."""
    return covers(one, other) and covers(other, one)


def covers(declared: Any, actual: Any) -> bool:
    """Whether AWS has what is declared; what it has besides, defaults that nobody wrote, does not matter."""
    if actual is None:
        return any(declared == empty and type(declared) is type(empty) for empty in EMPTY)
    if isinstance(declared, Mapping) and isinstance(actual, Mapping):
        return all(covers(value, actual.get(key)) for key, value in declared.items())
    if isinstance(declared, list | tuple) and isinstance(actual, list | tuple):
        return _covers_list(list(declared), list(actual))
    return is_equal(declared, actual)


def _covers_list(declared: list[Any], actual: list[Any]) -> bool:
    if len(declared) != len(actual):
        return False
    left = list(actual)
    for value in declared:
        match = next((number for number, candidate in enumerate(left) if covers(value, candidate)), None)
        if match is None:
            return False
        del left[match]
    return True


def _same_document(one: str, other: str) -> bool:
    if not (one.lstrip()[:1] in "{[" and other.lstrip()[:1] in "{[" and one.strip() and other.strip()):
        return False
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False
