"""What each resource costs while it stands, by its type and its declared properties."""

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files

from opencode_components.sizes import CPU_UNITS_PER_VCPU
from opencode_components.testing import Graph, Resource

MIB_PER_GB = 1024


class UnpricedType(LookupError):
    """A resource type, or a region, that prices.toml says nothing about."""


@dataclass(frozen=True, kw_only=True)
class Prices:
    """prices.toml for one region: `fixed` in USD by name, `usage` as text by resource type."""

    date: date
    hours_per_month: int
    fixed: Mapping[str, float]
    usage: Mapping[str, str]
    free: frozenset[str]

    @classmethod
    def of(cls, region: str) -> "Prices":
        """Raises UnpricedType for a region without prices."""
        table = tomllib.loads(files("opencode_stacks").joinpath("prices.toml").read_text())
        if region not in table["fixed"]:
            known = ", ".join(table["fixed"])
            raise UnpricedType(f"no prices for {region}, only for {known}: take one of theirs, or add [fixed.{region}]")
        return cls(
            date=table["date"],
            hours_per_month=table["hours_per_month"],
            fixed=table["fixed"][region],
            usage=table["usage"],
            free=frozenset(table["free"]["types"]),
        )

    def month(self, name: str) -> float:
        """Monthly price of one unit, whatever it is charged by."""
        if name.endswith("_hour"):
            return self.fixed[name] * self.hours_per_month
        return self.fixed[name]


@dataclass(frozen=True, kw_only=True)
class Item:
    """One line of the bill: `what` says how the sum comes about."""

    what: str
    monthly_usd: float


def each(count: float, unit: str, price: str, prices: Prices) -> Item:
    return Item(what=f"{count:g} x {unit}", monthly_usd=count * prices.month(price))


def load_balancer(resource: Resource, graph: Graph, prices: Prices) -> Iterator[Item]:
    yield each(1, "load balancer", "load_balancer_hour", prices)
    if not resource.inputs.get("internal"):
        yield each(len(resource.inputs["subnets"]), "public address", "public_ipv4_hour", prices)


def nat_gateway(resource: Resource, graph: Graph, prices: Prices) -> Iterator[Item]:
    yield each(1, "NAT gateway", "nat_gateway_hour", prices)


def address(resource: Resource, graph: Graph, prices: Prices) -> Iterator[Item]:
    yield each(1, "public address", "public_ipv4_hour", prices)


def endpoint(resource: Resource, graph: Graph, prices: Prices) -> Iterator[Item]:
    if resource.inputs.get("vpcEndpointType") == "Interface":
        yield each(len(resource.inputs["subnetIds"]), "endpoint zone", "interface_endpoint_zone_hour", prices)


def service(resource: Resource, graph: Graph, prices: Prices) -> Iterator[Item]:
    """The tasks that always run."""
    task = graph.identified(resource.inputs["taskDefinition"])
    if task is None:
        raise UnpricedType(f"{resource} runs a task definition that the program does not declare")
    count = int(resource.inputs.get("desiredCount", 1))
    kind = f"fargate_{task.inputs['runtimePlatform']['cpuArchitecture'].lower()}"
    yield each(count * int(task.inputs["cpu"]) / CPU_UNITS_PER_VCPU, "vCPU", f"{kind}_vcpu_hour", prices)
    yield each(count * int(task.inputs["memory"]) / MIB_PER_GB, "GB of memory", f"{kind}_gb_hour", prices)
    if resource.inputs.get("networkConfiguration", {}).get("assignPublicIp"):
        yield each(count, "public address", "public_ipv4_hour", prices)


def alarm(resource: Resource, graph: Graph, prices: Prices) -> Iterator[Item]:
    """Metric math is charged for each metric that it reads."""
    metrics = [query for query in resource.inputs.get("metricQueries", ()) if "metric" in query]
    yield each(len(metrics) or 1, "alarm metric", "alarm_metric_month", prices)


def metric_filter(resource: Resource, graph: Graph, prices: Prices) -> Iterator[Item]:
    yield each(1, "custom metric", "custom_metric_month", prices)


def web_acl(resource: Resource, graph: Graph, prices: Prices) -> Iterator[Item]:
    yield each(1, "web ACL", "web_acl_month", prices)
    yield each(len(resource.inputs.get("rules", ())), "rule", "web_acl_rule_month", prices)


def flat(unit: str, price: str) -> "Pricing":
    def priced(resource: Resource, graph: Graph, prices: Prices) -> Iterator[Item]:
        yield each(1, unit, price, prices)

    return priced


Pricing = Callable[[Resource, Graph, Prices], Iterator[Item]]

FIXED: Mapping[str, Pricing] = {
    "aws:cloudwatch/dashboard:Dashboard": flat("dashboard", "dashboard_month"),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": metric_filter,
    "aws:cloudwatch/metricAlarm:MetricAlarm": alarm,
    "aws:ec2/eip:Eip": address,
    "aws:ec2/natGateway:NatGateway": nat_gateway,
    "aws:ec2/vpcEndpoint:VpcEndpoint": endpoint,
    "aws:ecs/service:Service": service,
    "aws:kms/key:Key": flat("key", "kms_key_month"),
    "aws:lb/loadBalancer:LoadBalancer": load_balancer,
    "aws:secretsmanager/secret:Secret": flat("secret", "secret_month"),
    "aws:wafv2/webAcl:WebAcl": web_acl,
}


def items(resource: Resource, graph: Graph, prices: Prices) -> tuple[Item, ...]:
    """Raises UnpricedType for a type that is neither priced nor listed as free."""
    if pricing := FIXED.get(resource.type):
        return tuple(pricing(resource, graph, prices))
    if resource.type in prices.usage or resource.type in prices.free:
        return ()
    raise UnpricedType(
        f"{json.dumps(resource.type)} ({resource.name}) has no price: add it to prices.toml under [usage] or "
        "[free], or to FIXED in pricing.py"
    )
