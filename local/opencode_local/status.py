"""How a part of the local run is doing, as `make status` shows it."""

from dataclasses import dataclass
from typing import Protocol

ADDRESS = "address"
"""Kind of a line that tells where on this machine a public address stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One line."""

    name: str
    """What the program calls it, like `local-api` or `local-api task 4f1c`."""
    kind: str
    """`load balancer`, `target`, `task`, `function`, `issuer`, ..."""
    state: str
    """One word of AWS's for it: `active`, `healthy`, `draining`, `RUNNING`, ..."""
    detail: str = ""
    """Where it is, or why it is not well."""


class Part(Protocol):
    """Something that runs and can say how it is."""

    def status(self) -> list[Status]: ...
