"""One declared listener: what becomes of each request that reaches it.

Source: Application Load Balancer user guide, "Listener rules for your Application Load Balancer" (read 2026-11-21).
"""

from aiohttp import web

from opencode_components.testing.graph import Graph, Resource
from opencode_components.testing.listener_conditions import Request
from opencode_components.testing.listener_rules import first_met, in_order, rules_of
from opencode_local.balancer import actions, answers, limits, response_headers
from opencode_local.balancer.actions import Asked, Equipment
from opencode_local.balancer.declaration import declaration
from opencode_local.balancer.request_headers import Arrival, Pairs, received
from opencode_local.balancer.request_target import path_and_query

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Listener:
    """Evaluates its rules for each request and does what they say. Raises ValueError for rules that AWS refuses."""

    def __init__(self, graph: Graph, resource: Resource, equipment: Equipment) -> None:
        self.properties = declaration(resource)
        self.port = int(self.properties["port"])
        self.protocol = str(self.properties.get("protocol") or "HTTP")
        self._rules = rules_of(graph, resource)
        self._default = in_order(self.properties["defaultActions"])
        self._all_actions = [*self._default, *(action for rule in self._rules for action in rule.inputs["actions"])]
        self._equipment = equipment

    async def answer(self, request: web.Request) -> web.StreamResponse:
        sent = received(request.raw_headers, self._equipment.balancer)
        refused = limits.refusal(request, sent)
        if refused is not None:
            return answers.error(refused)
        if "Expect" in request.headers and request.version >= (1, 1) and request.transport is not None:
            request.transport.write(CONTINUE)
        returned = await self._equipment.authentication.callback(request, self._all_actions)
        if returned is not None:
            return returned
        asked = Asked(
            request=request, sent=sent, as_matched=self._as_matched(request, sent), arrival=self._arrival(request)
        )
        rule = first_met(self._rules, asked.as_matched)
        wanted = self._default if rule is None else in_order(rule.inputs["actions"])
        return await actions.run(wanted, asked, self._equipment)

    def finish(self, answer: web.StreamResponse) -> None:
        """The last word on the headers of every answer."""
        response_headers.finish(answer, self.properties)

    def _as_matched(self, request: web.Request, sent: Pairs) -> Request:
        path, query = path_and_query(request)
        return Request(
            host=self._equipment.addresses.declared_host(request.headers.get("Host", "")),
            path=path,
            method=request.method,
            headers=sent,
            query=query,
            source_ip=peer(request)[0],
            port=self.port,
            protocol=self.protocol,
        )

    def _arrival(self, request: web.Request) -> Arrival:
        encryption = request.get_extra_info("ssl_object")
        ip, port = peer(request)
        return Arrival(
            client_ip=ip,
            client_port=port,
            protocol=self.protocol,
            port=self.port,
            tls_version=encryption.version() if encryption else "",
            cipher_suite=encryption.cipher()[0] if encryption else "",
            time_s=self._equipment.tempo.epoch(),
        )


def peer(request: web.BaseRequest) -> tuple[str, int]:
    """Address and port of the client; those of nobody once it is gone."""
    found = request.get_extra_info("peername") or ("127.0.0.1", 0)
    return str(found[0]), int(found[1])
