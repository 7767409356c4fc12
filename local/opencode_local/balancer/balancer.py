"""A declared load balancer: a server for each of its listeners.

Source: Application Load Balancer user guide, "What is an Application Load Balancer?" (read 2026-11-21).
"""

import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from opencode_components.testing.graph import Graph, Resource
from opencode_components.testing.listener_rules import LISTENERS
from opencode_local.addresses import Addresses
from opencode_local.balancer.actions import Equipment
from opencode_local.balancer.authentication import Authentication
from opencode_local.balancer.declaration import declaration
from opencode_local.balancer.front import Front
from opencode_local.balancer.listener import Listener
from opencode_local.balancer.proxy import Proxy
from opencode_local.balancer.stickiness import Stickiness
from opencode_local.balancer.target_groups import TargetGroup
from opencode_local.balancer.tempo import REAL_TIME, Tempo
from opencode_local.status import Status

DEFAULT_IDLE_TIMEOUT_S = 60
DEFAULT_KEEP_ALIVE_S = 3600


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a declared listener is on this machine."""

    declared_port: int
    protocol: str
    """As declared, `HTTP` or `HTTPS`, even where it is served without TLS."""
    url: str
    """`http://localhost:8080`, or `https://` with TLS."""


class LoadBalancer:
    """One `aws:lb/loadBalancer:LoadBalancer` with its listeners, their rules, and target groups that already run.

    `port_for` gives the local port for a declared one, 0 for any that is free. Without `tls`, listeners that are
    declared as HTTPS are served as plain HTTP, and tell their targets what they would in the cloud: `https`.
    """

    def __init__(  # noqa: PLR0913 - the parts of a run that meet here, each by its name
        self,
        graph: Graph,
        resource: Resource,
        *,
        addresses: Addresses,
        groups: Mapping[str, TargetGroup],
        authentication: Authentication,
        port_for: Callable[[int], int],
        tls: ssl.SSLContext | None = None,
        tempo: Tempo = REAL_TIME,
    ) -> None:
        self.properties = declaration(resource)
        self.arn, self.name = str(self.properties["arn"]), str(self.properties.get("name") or resource.name)
        self.listeners: Sequence[Listening] = ()
        self._port_for, self._tls = port_for, tls
        idle_timeout_s = int(self.properties.get("idleTimeout") or DEFAULT_IDLE_TIMEOUT_S) * tempo.second_s
        self._proxy = Proxy(idle_timeout_s)
        equipment = Equipment(
            balancer=self.properties,
            groups=groups,
            addresses=addresses,
            authentication=authentication,
            proxy=self._proxy,
            stickiness=Stickiness(tempo.epoch),
            idle_timeout_s=idle_timeout_s,
            tempo=tempo,
        )
        keep_alive_s = int(self.properties.get("clientKeepAlive") or DEFAULT_KEEP_ALIVE_S) * tempo.second_s
        self._fronts = [
            Front(
                Listener(graph, each, equipment), idle_timeout_s=idle_timeout_s, keep_alive_s=keep_alive_s, tempo=tempo
            )
            for each in listeners_of(graph, resource)
        ]

    async def start(self) -> None:
        """Raises OSError when a port is taken."""
        await self._proxy.start()
        self.listeners = [await self._listen(front) for front in self._fronts]

    async def stop(self) -> None:
        for front in self._fronts:
            await front.stop()
        await self._proxy.stop()

    def status(self) -> list[Status]:
        """One line for each listener; target groups tell of their targets."""
        return [
            Status(
                name=f"{self.name} {each.protocol}:{each.declared_port}",
                kind="load balancer",
                state="active",
                detail=each.url,
            )
            for each in self.listeners
        ]

    async def _listen(self, front: Front) -> Listening:
        listener = front.listener
        tls = self._tls if listener.protocol == "HTTPS" else None
        port = await front.start("127.0.0.1", self._port_for(listener.port), tls)
        with suppress(OSError):  # a machine without IPv6
            await front.start("::1", port, tls)
        scheme = "http" if tls is None else "https"
        return Listening(listener.port, listener.protocol, f"{scheme}://localhost:{port}")


def listeners_of(graph: Graph, balancer: Resource) -> list[Resource]:
    every = [resource for kind in LISTENERS for resource in graph.all(kind)]
    names = {balancer.id, balancer.outputs.get("arn")}
    return [each for each in every if each.inputs["loadBalancerArn"] in names]
