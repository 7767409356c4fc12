"""Names under which a program's load balancers are reached, and what they are called on this machine."""

from collections.abc import Iterable, Mapping

from opencode_components.testing import Graph, Resource
from opencode_local.addresses import LOOPBACK_NAMES, Addresses

LISTENER, RULE = "aws:lb/listener:Listener", "aws:lb/listenerRule:ListenerRule"
LAST = 50_001
"""Behind every priority that a rule can have."""


def declared_hosts(graph: Graph, balancer: Resource) -> list[str]:
    """Names of the records that lead to the load balancer, in the order in which its rules ask for them."""
    named = [
        record.inputs["name"]
        for record in graph.all("aws:route53/record:Record")
        if any(alias["name"] == balancer.outputs["dnsName"] for alias in record.inputs.get("aliases", ()))
    ]
    order = first_priorities(graph, balancer)
    return sorted(named, key=lambda host: (order.get(host, LAST), host))


def first_priorities(graph: Graph, balancer: Resource) -> Mapping[str, int]:
    listeners = {one.outputs["arn"] for one in graph.all(LISTENER) if one.inputs["loadBalancerArn"] == balancer.id}
    found: dict[str, int] = {}
    for rule in graph.all(RULE):
        if rule.inputs["listenerArn"] in listeners:
            for host in hosts_in(rule.inputs["conditions"]):
                found[host] = min(found.get(host, LAST), int(rule.inputs.get("priority", LAST)))
    return found


def hosts_in(conditions: Iterable[Mapping[str, Mapping[str, list[str]]]]) -> Iterable[str]:
    return (host for condition in conditions for host in condition.get("hostHeader", {}).get("values", ()))


def place(addresses: Addresses, hosts: list[str], url: str) -> dict[str, str]:
    """Local URLs by host.

    The first is `localhost`, which every program resolves; the others are names below it, which browsers resolve, so
    that each keeps its own cookies.
    """
    scheme, _, authority = url.partition("://")
    port = authority.rpartition(":")[2]
    places: dict[str, str] = {}
    for number, host in enumerate(hosts):
        below = f"{host.partition('.')[0]}.localhost"
        places[host] = f"{scheme}://{below if number else 'localhost'}:{port}"
        addresses.stand(f"https://{host}", places[host])
        for name in (below, *(() if number else LOOPBACK_NAMES)):
            addresses.name(name, host)
    return places
