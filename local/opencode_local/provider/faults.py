"""Creations that fail on purpose, so that a deployment can be stopped half-way."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

Where: TypeAlias = Callable[[str, str], bool]
"""Whether the resource of this token and logical name is meant."""


class InjectedFailure(Exception):
    """The failure that was asked for."""


@dataclass(frozen=True)
class _Plan:
    where: Where
    after: bool


@dataclass
class Sabotage:
    """Each plan strikes once."""

    _plans: list[_Plan] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fail_at(self, where: str | Where, *, after: bool = False) -> None:
        """`where` is `token::name` or asks both; with `after` the resource exists by the time its creation fails."""
        with self._lock:
            self._plans.append(_Plan(_is_named(where) if isinstance(where, str) else where, after))

    def strike(self, token: str, name: str, *, after: bool) -> None:
        """Raises InjectedFailure if that is planned for now."""
        with self._lock:
            plan = next((plan for plan in self._plans if plan.after == after and plan.where(token, name)), None)
            if plan is None:
                return
            self._plans.remove(plan)
        moment = "after" if after else "before"
        raise InjectedFailure(f"told to fail {moment} making {token}::{name}")


def _is_named(full_name: str) -> Where:
    return lambda token, name: f"{token}::{name}" == full_name
