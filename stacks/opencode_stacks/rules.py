"""Combinations that cannot be. Each rule sees the sections that could be read; an absent one is no fault of its own."""

from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from opencode_components.certificate import covers
from opencode_components.network import NEEDED_WITHOUT_EGRESS
from opencode_components.sizes import MEMORY_MIB
from opencode_stacks.faults import MISSING, Fault

Sections = Mapping[str, Any]
Rule = Callable[[Sections], Iterator[Fault]]
BESIDE_THE_GATEWAY = {"downloads": "downloads", "sharing": "share"}
"""Sections with a host of their own, and what such a host might be called."""
EVERYWHERE = "0.0.0.0/0"


def one_of(read: Sections, first: str, second: str, what: str) -> Iterator[Fault]:
    if first not in read or second not in read:
        return
    if read[first] and read[second]:
        reason = f"cannot be given together with opencode:{first}: there is one {what}"
        yield Fault(key=f"opencode:{second}", value="given", reason=reason, fix="remove one of the two sections")
    elif not read[first] and not read[second]:
        fix = f"write the section opencode:{first} or opencode:{second}; see docs/configuration.md"
        yield Fault(key=f"opencode:{first}", value=MISSING, reason=f"the {what} is missing", fix=fix)


def one_network(read: Sections) -> Iterator[Fault]:
    return one_of(read, "network", "existing_network", "network")


def one_identity_provider(read: Sections) -> Iterator[Fault]:
    return one_of(read, "cognito", "oidc", "identity provider")


def certificate_covers_the_hosts(read: Sections) -> Iterator[Fault]:
    if not (domain := read.get("domain")):
        return
    names = domain.certificate_names
    if domain.certificate_arn and names:
        yield Fault(
            key="opencode:domain.certificate_names",
            value=names,
            reason="a certificate that exists has its names already",
            fix="remove certificate_names or certificate_arn",
        )
    elif names and (uncovered := [host for host in hosts(read) if not any(covers(name, host) for name in names)]):
        yield Fault(
            key="opencode:domain.certificate_names",
            value=names,
            reason=f"do not cover {' and '.join(uncovered)}; a wildcard stands for exactly one label",
            fix=f"add {' and '.join(uncovered)}, or leave certificate_names away",
        )


def hosts(read: Sections) -> list[str]:
    """The hosts that one certificate is for."""
    return [read[section].host for section in ("domain", *BESIDE_THE_GATEWAY) if read.get(section)]


def each_host_of_its_own(read: Sections) -> Iterator[Fault]:
    taken = {read["domain"].host: "is the gateway's own"} if read.get("domain") else {}
    for section, label in BESIDE_THE_GATEWAY.items():
        if not read.get(section):
            continue
        host = read[section].host
        if host in taken:
            yield Fault(
                key=f"opencode:{section}.host",
                value=host,
                reason=f"{taken[host]}: sessions of browsers and keys of programs do not share a host",
                fix=f"another name in the same zone, such as {label}.{host.partition('.')[2]}",
            )
        taken.setdefault(host, f"is that of opencode:{section}")


def hosts_share_a_zone(read: Sections) -> Iterator[Fault]:
    """Two labels at least: nobody has the zone of all that ends in `com`."""
    if not (domain := read.get("domain")):
        return
    for section in BESIDE_THE_GATEWAY:
        if read.get(section) and domain.host.split(".")[-2:] != read[section].host.split(".")[-2:]:
            yield Fault(
                key=f"opencode:{section}.host",
                value=read[section].host,
                reason=f"cannot be in the zone of {domain.host}, where its address and the proof of its name go",
                fix=f"a name below {domain.host.partition('.')[2]}",
            )


def sharing_reaches_the_gateway(read: Sections) -> Iterator[Fault]:
    """Its functions run outside of the network, at addresses of AWS's that nobody can name."""
    domain, sharing = read.get("domain"), read.get("sharing")
    if domain and sharing and EVERYWHERE not in domain.public_cidrs:
        yield Fault(
            key="opencode:domain.public_cidrs",
            value=domain.public_cidrs,
            reason="keep out the functions of opencode:sharing, which ask the gateway who writes to them",
            fix=f'["{EVERYWHERE}"], with blocked_cidrs of opencode:firewall, or remove opencode:sharing',
        )


def release_keys_once(read: Sections) -> Iterator[Fault]:
    keys = getattr(read.get("downloads"), "release_keys", ())
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield Fault(key="opencode:downloads.release_keys", value=key, reason="is named twice", fix="name each key once")


def endpoints_without_egress(read: Sections) -> Iterator[Fault]:
    network = read.get("network")
    if network and network.egress == "none":
        missing = sorted(set(NEEDED_WITHOUT_EGRESS) - set(network.interface_endpoints))
        if missing:
            yield Fault(
                key="opencode:network.interface_endpoints",
                value=network.interface_endpoints,
                reason=f"with egress none the tasks would not reach {', '.join(missing)}",
                fix=f"add {', '.join(missing)}, or choose another egress",
            )


def cognito_without_egress(read: Sections) -> Iterator[Fault]:
    network = read.get("network")
    if network and network.egress == "none" and read.get("cognito"):
        yield Fault(
            key="opencode:cognito",
            value="given",
            reason="with egress none the tasks could not fetch the user pool's keys: no endpoint leads to them",
            fix="another egress in opencode:network, or opencode:oidc with an issuer inside the network",
        )


def address_range(read: Sections) -> Iterator[Fault]:
    if network := read.get("network"):
        yield from range_fault("opencode:network.cidr", network.cidr, is_private=True)


def public_ranges(read: Sections) -> Iterator[Fault]:
    groups = (("domain", "public_cidrs"), ("firewall", "allowed_cidrs"), ("firewall", "blocked_cidrs"))
    for section, field in groups:
        for cidr in getattr(read.get(section), field, ()):
            yield from range_fault(f"opencode:{section}.{field}", cidr)


def connecting_ranges(read: Sections) -> Iterator[Fault]:
    for cidr in getattr(read.get("domain"), "public_cidrs", ()):
        if ":" in cidr:
            reason = "is an IPv6 range, and the load balancer has IPv4 addresses only"
            yield Fault(key="opencode:domain.public_cidrs", value=cidr, reason=reason, fix="name IPv4 ranges")


def range_fault(key: str, cidr: str, *, is_private: bool = False) -> Iterator[Fault]:
    try:
        network = ip_network(cidr)
    except ValueError as error:
        yield Fault(key=key, value=cidr, reason=str(error), fix="an address range such as 10.20.0.0/16")
        return
    if is_private and not network.is_private:
        yield Fault(
            key=key,
            value=cidr,
            reason="is not a private range",
            fix="a range in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16",
        )


def task_size(read: Sections) -> Iterator[Fault]:
    if not (router := read.get("router")):
        return
    if router.memory_mib not in MEMORY_MIB[router.cpu]:
        sizes = MEMORY_MIB[router.cpu]
        yield Fault(
            key="opencode:router.memory_mib",
            value=router.memory_mib,
            reason=f"Fargate has no task of {router.cpu} CPU units with it",
            fix=f"{min(sizes)} to {max(sizes)} MiB, of these: {', '.join(str(size) for size in list(sizes)[:8])} ...",
        )
    if router.max_tasks < router.min_tasks:
        yield Fault(
            key="opencode:router.max_tasks",
            value=router.max_tasks,
            reason=f"is less than min_tasks, {router.min_tasks}",
            fix=f"{router.min_tasks} or more",
        )


def threat_protection_needs_plus(read: Sections) -> Iterator[Fault]:
    cognito = read.get("cognito")
    if cognito and cognito.threat_protection != "OFF" and cognito.tier != "PLUS":
        yield Fault(
            key="opencode:cognito.threat_protection",
            value=cognito.threat_protection,
            reason=f"is not part of the {cognito.tier} tier",
            fix="tier: PLUS, or threat_protection: OFF",
        )


RULES: tuple[Rule, ...] = (
    one_network,
    one_identity_provider,
    certificate_covers_the_hosts,
    each_host_of_its_own,
    hosts_share_a_zone,
    release_keys_once,
    endpoints_without_egress,
    cognito_without_egress,
    address_range,
    public_ranges,
    connecting_ranges,
    sharing_reaches_the_gateway,
    task_size,
    threat_protection_needs_plus,
)
