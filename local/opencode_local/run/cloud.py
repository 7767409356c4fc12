"""A declared environment, running on this machine."""

from collections.abc import Callable
from dataclasses import dataclass, field

from opencode_components.testing import Graph
from opencode_local.addresses import Addresses
from opencode_local.containers.service import Service
from opencode_local.provider.aws import Account
from opencode_local.run.authority import Authority
from opencode_local.run.identity import Provider
from opencode_local.run.kept import Kept
from opencode_local.run.options import Options
from opencode_local.status import ADDRESS, Part, Status

Say = Callable[[str], None]


@dataclass(kw_only=True)
class Cloud:
    """What runs, and where."""

    options: Options
    region: str
    account: Account
    graph: Graph
    say: Say
    identity: Provider | None
    """None: the company's own, somewhere else."""
    kept: Kept | None = None
    addresses: Addresses
    hosts: dict[str, str] = field(default_factory=dict)
    """Local URLs by declared host; that of the gateway first."""
    authority: Authority | None = None
    bedrock_url: str = ""
    services: list[Service] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    def status(self) -> list[Status]:
        places = [
            Status(name=public, kind=ADDRESS, state="active", detail=local)
            for public, local in self.addresses.origins.items()
        ]
        return [*(line for part in self.parts for line in part.status()), *places]
