"""Condition blocks of IAM policies.

Sources, read 2026-11-21:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

Comparison = Callable[[str, str], bool]
"""Of a value in the policy with one in the request."""
ARN_PARTS = 6
KEPT_PATTERNS = 1024
"""A running program asks for the same few again and again."""
STAR, QUESTION_MARK = "\ue000", "\ue001"
"""Stand in patterns for the characters themselves, which policies write `${*}` and `${?}`."""
PATTERN_SIGNS = {"*": ".*", "?": ".", STAR: r"\*", QUESTION_MARK: r"\?"}


def wildcard(pattern: str, value: str) -> bool:
    """`*` is any number of characters, `?` exactly one."""
    return expression(pattern).fullmatch(value) is not None


@lru_cache(maxsize=KEPT_PATTERNS)
def expression(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(PATTERN_SIGNS.get(sign) or re.escape(sign) for sign in pattern), re.DOTALL)


def literal(text: str) -> str:
    """The text as it is compared where nothing is a wildcard."""
    return text.replace(STAR, "*").replace(QUESTION_MARK, "?")


def arn_like(pattern: str, value: str) -> bool:
    """Each of the six parts between colons is compared by itself."""
    wanted, given = pattern.split(":", ARN_PARTS - 1), value.split(":", ARN_PARTS - 1)
    return len(wanted) == len(given) == ARN_PARTS and all(map(wildcard, wanted, given))


def moment(text: str) -> datetime:
    """ISO 8601, or seconds since 1970."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return datetime.fromtimestamp(float(text), UTC)
    parsed = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def ordered(read: Callable[[str], Any]) -> Mapping[str, Comparison]:
    """The comparisons of numbers or dates; the request's value stands on the left."""
    return {
        "Equals": lambda wanted, given: bool(read(given) == read(wanted)),
        "LessThan": lambda wanted, given: bool(read(given) < read(wanted)),
        "LessThanEquals": lambda wanted, given: bool(read(given) <= read(wanted)),
        "GreaterThan": lambda wanted, given: bool(read(given) > read(wanted)),
        "GreaterThanEquals": lambda wanted, given: bool(read(given) >= read(wanted)),
    }


POSITIVE: Mapping[str, Comparison] = {
    "StringEquals": lambda wanted, given: literal(wanted) == given,
    "StringEqualsIgnoreCase": lambda wanted, given: literal(wanted).lower() == given.lower(),
    "StringLike": wildcard,
    **{f"Numeric{name}": compare for name, compare in ordered(float).items()},
    **{f"Date{name}": compare for name, compare in ordered(moment).items()},
    "Bool": lambda wanted, given: wanted.lower() == given.lower(),
    "IpAddress": lambda wanted, given: ip_address(given) in ip_network(wanted, strict=False),
    "ArnEquals": arn_like,
    "ArnLike": arn_like,
}
NEGATED: Mapping[str, Comparison] = {
    "StringNotEquals": POSITIVE["StringEquals"],
    "StringNotEqualsIgnoreCase": POSITIVE["StringEqualsIgnoreCase"],
    "StringNotLike": wildcard,
    "NumericNotEquals": POSITIVE["NumericEquals"],
    "DateNotEquals": POSITIVE["DateEquals"],
    "NotIpAddress": POSITIVE["IpAddress"],
    "ArnNotEquals": arn_like,
    "ArnNotLike": arn_like,
}


def holds(block: Mapping[str, Any], context: Mapping[str, Sequence[str]], fill: Callable[[str], str | None]) -> bool:
    """Whether every operator holds for every key.

    `context` has lower-case keys; `fill` replaces policy variables and returns None when one has no value.
    Raises ValueError for an unknown operator.
    """
    return all(
        compared(operator, [fill(value) for value in texts(wanted)], context.get(key.lower()))
        for operator, keys in block.items()
        for key, wanted in keys.items()
    )


def texts(value: Any) -> list[str]:
    """One or several values as text, as JSON writes them."""
    several = value if isinstance(value, list) else [value]
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in several]


def compared(operator: str, wanted: Sequence[str | None], given: Sequence[str] | None) -> bool:
    quantifier, _, name = operator.rpartition(":")
    if name == "Null":
        return (given is None) == (wanted == ["true"])
    base = name.removesuffix("IfExists")
    is_negated = base in NEGATED
    compare = NEGATED.get(base) or POSITIVE.get(base)
    if compare is None or quantifier not in {"", "ForAllValues", "ForAnyValue"}:
        raise ValueError(f"unknown condition operator {operator!r}")
    if not given:
        return missing(quantifier, is_optional=base != name, is_negated=is_negated)

    def matches(one: str) -> bool:
        return any(want is not None and compare(want, one) for want in wanted) != is_negated

    if quantifier == "ForAnyValue":
        return any(map(matches, given))
    if not quantifier and len(given) > 1:
        raise ValueError(f"{operator} compares one value but the request has {list(given)}; use ForAnyValue")
    return all(map(matches, given))


def missing(quantifier: str, *, is_optional: bool, is_negated: bool) -> bool:
    """The outcome when the request lacks the key."""
    if quantifier:
        return quantifier == "ForAllValues"
    return is_optional or is_negated
