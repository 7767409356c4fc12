"""What a request needs permission for: one or several actions, each on a resource, in a context."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opencode_local.access.operations import Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One thing that policies have to allow."""

    action: str
    resource: str
    """An ARN, or `*` for actions without a resource."""
    context: Mapping[str, Any] = field(default_factory=dict)
    """Condition keys of the service; the global ones are added for every request."""


class Unknowable(Exception):
    """The request does not say what it is for. The service itself would refuse it."""


Rule = Callable[[Asked], Sequence[Need]]
"""The needs of one operation. Raises Unknowable."""


def need(asked: Asked, resource: str, *, action: str | None = None, context: Mapping[str, Any] | None = None) -> Need:
    """By default the action is named like the operation."""
    return Need(action=f"{asked.service}:{action or asked.operation}", resource=resource, context=context or {})


def anywhere(asked: Asked) -> Sequence[Need]:
    """For operations that know no resource."""
    return [need(asked, "*")]


def nothing(_asked: Asked) -> Sequence[Need]:
    """For operations that need no permission."""
    return ()


def text(params: Mapping[str, Any], *names: str) -> str:
    """The first of the parameters that is there. Raises Unknowable."""
    for name in names:
        value = params.get(name)
        if isinstance(value, str) and value:
            return value
    raise Unknowable(f"the request has no {names[0]}")
