"""Policy documents as IAM reads them, as far as refusals depend on it.

Source: IAM user guide, "Policy evaluation logic" and "IAM JSON policy elements" (read 2026-11-21).
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opencode_local.provider.errors import AwsError

WHITE_SPACE = re.compile(r"\s")


@dataclass(frozen=True)
class Question:
    """One request: which service asks for what, and the context keys that come with it."""

    service: str
    """Principal, e.g. `ecs-tasks.amazonaws.com`."""
    action: str
    resource: str = "*"
    context: Mapping[str, str] = field(default_factory=dict)


def allows(document: str | Mapping[str, Any], question: Question) -> bool:
    """Whether a statement allows it and none denies it. Of trust policies the resource is not asked."""
    found = [statement for statement in statements(document) if _applies(statement, question)]
    effects = {statement.get("Effect") for statement in found}
    return "Allow" in effects and "Deny" not in effects


def statements(document: str | Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The document's statements; none when it is no policy."""
    try:
        policy = json.loads(document) if isinstance(document, str) else document
    except ValueError:
        return []
    return _listed(policy.get("Statement", [])) if isinstance(policy, Mapping) else []


def refuse_malformed(operation: str, document: str, code: str, *, required: Sequence[str]) -> None:
    """Raises AwsError unless it is JSON whose statements have an effect and the `required` elements, or their Not..."""
    found = statements(document)
    if not found or not all(isinstance(statement, Mapping) for statement in found):
        raise AwsError(code, "Syntax errors in policy.", operation)
    for statement in found:
        missing = [name for name in required if name not in statement and f"Not{name}" not in statement]
        if statement.get("Effect") not in {"Allow", "Deny"} or missing:
            raise AwsError(code, f"Missing required field {', '.join(missing) or 'Effect'}", operation)


def size(document: str) -> int:
    """Characters that count against IAM's quotas: white space does not."""
    return len(WHITE_SPACE.sub("", document))


def _applies(statement: Mapping[str, Any], question: Question) -> bool:
    return (
        _names_principal(statement.get("Principal"), question.service)
        and _matches(statement.get("Action"), question.action.lower(), lower=True)
        and ("Resource" not in statement or _matches(statement["Resource"], question.resource))
        and all(
            _holds(operator, key, _listed(wanted), question.context)
            for operator, keys in (statement.get("Condition") or {}).items()
            for key, wanted in keys.items()
        )
    )


def _names_principal(principal: Any, service: str) -> bool:
    if principal == "*":
        return True
    named = principal.get("Service", []) if isinstance(principal, Mapping) else []
    return bool({service, "*"} & set(_listed(named)))


def _matches(patterns: Any, value: str, *, lower: bool = False) -> bool:
    return any(_like(pattern.lower() if lower else pattern, value) for pattern in _listed(patterns or []))


def _like(pattern: str, value: str) -> bool:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, value, re.DOTALL) is not None


def _holds(operator: str, key: str, wanted: Iterable[Any], context: Mapping[str, str]) -> bool:
    """A key that does not come with the request fails, as does an operator that is not known here."""
    known = {name.lower(): value for name, value in context.items()}
    value, compare = known.get(key.lower()), OPERATORS.get(operator)
    return value is not None and compare is not None and any(compare(str(each), value) for each in wanted)


def _equal_ignoring_case(wanted: str, value: str) -> bool:
    return wanted.lower() == value.lower()


def _equal(wanted: str, value: str) -> bool:
    return wanted == value


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": _equal,
    "StringEqualsIgnoreCase": _equal_ignoring_case,
    "StringLike": _like,
    "ArnEquals": _like,
    "ArnLike": _like,
    "Bool": _equal_ignoring_case,
}
