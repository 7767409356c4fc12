"""What a security rule is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from opencode_components.testing.graph import Graph, Resource

Subject = Resource | str
"""What is at fault: a resource, or `stack outputs`."""
Breach = tuple[Subject, str]
"""What is at fault, and in which way."""


@dataclass(frozen=True)
class Rule:
    """One thing that has to hold in every graph."""

    id: str
    reason: str
    """What may happen otherwise."""
    fix: str
    check: Callable[[Graph], Iterable[Breach]]


def subject_name(subject: Subject) -> str:
    return subject if isinstance(subject, str) else subject.name
