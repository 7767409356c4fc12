"""Security rules of security groups, load balancers and listeners."""

import re
from collections.abc import Iterator
from ipaddress import ip_network

from opencode_components.testing.graph import Graph, Resource
from opencode_components.testing.listener_rules import LISTENER_RULES, LISTENERS
from opencode_components.testing.reachability import within
from opencode_components.testing.security_group_rules import LAST_PORT, rules
from opencode_components.testing.security_group_rules import Rule as GroupRule
from opencode_components.testing.security_rule import Breach, Rule

LOAD_BALANCERS = ("aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer")
WEB_PORTS = (80, 443)
REMOTE_LOGIN_PORTS = (22, 3389)
ENCRYPTED = {"HTTPS", "TLS"}
MODERN_TLS = re.compile(r"ELBSecurityPolicy-(TLS13-1-[23](-Res)?(-FIPS)?(-PQ)?|FS-1-2(-Res)?)-\d{4}-\d{2}")
"""TLS 1.2 or 1.3 with ephemeral key exchange only.

Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html (2026-11-21).
"""

INTERNAL = tuple(
    ip_network(cidr)
    for cidr in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "fc00::/7",
        "fe80::/10",
    )
)
"""Ranges that the internet does not route: RFC 1918, 6598, 3927, 4193 and 4291."""


def is_public(cidr: str) -> bool:
    """Whether the range holds addresses of the internet."""
    return not any(within(ip_network(cidr), internal) for internal in INTERNAL)


def public_ingress(graph: Graph) -> Iterator[tuple[GroupRule, str]]:
    """Ingress rules with the public ranges that they admit."""
    for rule in rules(graph):
        if rule.direction == "ingress":
            yield from ((rule, cidr) for cidr in rule.cidrs if is_public(cidr))


def only_web_ports_of_load_balancers(graph: Graph) -> Iterator[Breach]:
    groups = {id_ for kind in LOAD_BALANCERS for lb in graph.all(kind) for id_ in lb.inputs.get("securityGroups", ())}
    for rule, cidr in public_ingress(graph):
        if rule.group_id not in groups:
            yield rule.resource, f"admits {cidr} to something that is no load balancer"
        elif rule.from_port != rule.to_port or rule.from_port not in WEB_PORTS:
            yield rule.resource, f"admits {cidr} to ports {rule.from_port}-{rule.to_port} of a load balancer"


def only_declared_ranges(graph: Graph) -> Iterator[Breach]:
    """Within components: a public range has to come from an argument with `public` in its name."""
    for rule, cidr in public_ingress(graph):
        owners = ancestors(graph, rule.resource)
        declared = {value for owner in owners for value in public_arguments(owner)}
        if owners and cidr not in declared:
            yield rule.resource, f"admits {cidr}, which no argument with `public` in its name lists"


def ancestors(graph: Graph, resource: Resource) -> list[Resource]:
    parent = graph.identified(resource.parent)
    return [parent, *ancestors(graph, parent)] if parent else []


def public_arguments(component: Resource) -> list[str]:
    values = [value for key, value in component.inputs.items() if "public" in key.lower()]
    return [str(entry) for value in values for entry in (value if isinstance(value, list) else [value])]


def no_remote_login(graph: Graph) -> Iterator[Breach]:
    for rule, cidr in public_ingress(graph):
        open_ports = [port for port in REMOTE_LOGIN_PORTS if rule.covers("tcp", port)]
        if open_ports:
            yield rule.resource, f"admits {cidr} to port {', '.join(map(str, open_ports))}"


def no_ingress_to_every_port(graph: Graph) -> Iterator[Breach]:
    for rule in rules(graph):
        if rule.direction == "ingress" and rule.cidrs and (rule.from_port, rule.to_port) == (0, LAST_PORT):
            yield rule.resource, f"admits {', '.join(rule.cidrs)} to every port"


def modern_tls(graph: Graph) -> Iterator[Breach]:
    for listener in listeners(graph):
        policy = listener.inputs.get("sslPolicy")
        if listener.inputs.get("protocol") in ENCRYPTED and not MODERN_TLS.fullmatch(str(policy)):
            yield listener, f"uses the TLS policy {policy or 'that AWS chooses by default'}"


def http_only_redirects(graph: Graph) -> Iterator[Breach]:
    for listener in listeners(graph):
        if listener.inputs.get("protocol") != "HTTP":
            continue
        actions = [*listener.inputs.get("defaultActions", ()), *rule_actions(graph, listener)]
        for action in actions:
            if action["type"] != "redirect" or action["redirect"].get("protocol") != "HTTPS":
                yield listener, f"answers plain HTTP with {action['type']}"


def listeners(graph: Graph) -> Iterator[Resource]:
    for kind in LISTENERS:
        yield from graph.all(kind)


def rule_actions(graph: Graph, listener: Resource) -> Iterator[dict[str, object]]:
    for kind in LISTENER_RULES:
        for rule in graph.all(kind):
            if rule.inputs["listenerArn"] in {listener.id, listener.outputs.get("arn")}:
                yield from rule.inputs["actions"]


def unique_priorities(graph: Graph) -> Iterator[Breach]:
    taken: dict[tuple[str, object], Resource] = {}
    for rule in (rule for kind in LISTENER_RULES for rule in graph.all(kind)):
        place = (rule.inputs["listenerArn"], rule.inputs.get("priority"))
        if place in taken:
            yield rule, f"has priority {place[1]}, as {taken[place]} has"
        taken[place] = rule


def invalid_headers_dropped(graph: Graph) -> Iterator[Breach]:
    for balancer in application_load_balancers(graph):
        if not balancer.inputs.get("dropInvalidHeaderFields"):
            yield balancer, "passes on headers whose names HTTP does not allow"


def access_logged(graph: Graph) -> Iterator[Breach]:
    for balancer in application_load_balancers(graph):
        if not balancer.inputs.get("accessLogs", {}).get("enabled"):
            yield balancer, "keeps no access log"


def application_load_balancers(graph: Graph) -> Iterator[Resource]:
    for kind in LOAD_BALANCERS:
        yield from (lb for lb in graph.all(kind) if lb.inputs.get("loadBalancerType", "application") == "application")


RULES = (
    Rule(
        "public-ingress",
        "whatever listens there can be attacked from anywhere",
        "admit security groups or private ranges; put a load balancer in front, open on 80 and 443 only",
        only_web_ports_of_load_balancers,
    ),
    Rule(
        "undeclared-public-ingress",
        "who composes the component cannot see that it is open",
        "take the ranges as an argument like `public_cidrs`",
        only_declared_ranges,
    ),
    Rule(
        "remote-login",
        "SSH and RDP are scanned for within minutes",
        "use Systems Manager Session Manager or ECS Exec",
        no_remote_login,
    ),
    Rule(
        "every-port",
        "a rule for every port also admits what is added later",
        "name the port that is served",
        no_ingress_to_every_port,
    ),
    Rule(
        "tls-policy",
        "older protocols and key exchanges without forward secrecy can be broken afterwards",
        "set ssl_policy to ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09 or another of TLS 1.2 and later",
        modern_tls,
    ),
    Rule(
        "plain-http",
        "credentials would travel unencrypted",
        "let HTTP listeners only redirect to HTTPS",
        http_only_redirects,
    ),
    Rule(
        "listener-priorities",
        "AWS refuses the second rule, after the first is in place",
        "give each rule of a listener its own priority",
        unique_priorities,
    ),
    Rule(
        "invalid-headers",
        "load balancer and service may read such headers differently, which lets requests be smuggled",
        "set drop_invalid_header_fields",
        invalid_headers_dropped,
    ),
    Rule(
        "access-log",
        "nobody can tell afterwards who asked for what",
        "set access_logs with a private bucket",
        access_logged,
    ),
)
