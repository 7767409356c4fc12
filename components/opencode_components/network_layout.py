"""Which addresses of a VPC each availability zone gets: arithmetic only."""

from collections.abc import Sequence
from ipaddress import IPv4Network
from typing import NamedTuple

from opencode_components.refusals import refusal

ZONE_LETTERS = "abcdefgh"
"""The slots that a VPC is cut into, one a zone. No region has a zone beyond f (read 2026-11-21)."""
PREFIX_LENGTHS = range(16, 21)
ZONE_COUNTS = (2, 3)
SLOT_BITS = 3
PRIVATE_BITS = 1
PUBLIC_BITS = 2


class ZoneBlocks(NamedTuple):
    """One availability zone's share of the VPC: half of its slot is private, a quarter public, the rest is free."""

    letter: str
    """`a` of `us-east-1a`: what the zone's resources are named by."""
    zone: str
    private: str
    public: str


def zone_layout(region: str, zones: Sequence[str], cidr: str) -> tuple[ZoneBlocks, ...]:
    """Blocks of each zone, by letter.

    A block follows from the zone's own letter and not from its place in `zones`: a zone that comes or goes moves
    nobody else's addresses. Raises ValueError on a zone of another region, too few or too many zones, and a range
    that is not a private one of /16 to /20.
    """
    letters = zone_letters(region, zones)
    slots = list(vpc_range(cidr).subnets(prefixlen_diff=SLOT_BITS))
    return tuple(blocks(region, letter, slots[ZONE_LETTERS.index(letter)]) for letter in letters)


def blocks(region: str, letter: str, slot: IPv4Network) -> ZoneBlocks:
    private = next(slot.subnets(prefixlen_diff=PRIVATE_BITS))
    public = list(slot.subnets(prefixlen_diff=PUBLIC_BITS))[2]
    return ZoneBlocks(letter, f"{region}{letter}", str(private), str(public))


def zone_letters(region: str, zones: Sequence[str]) -> list[str]:
    letters = {f"{region}{letter}": letter for letter in ZONE_LETTERS}
    for zone in zones:
        if zone not in letters:
            fix = f"name zones as {region}a, {region}b"
            raise refusal("zones", zone, reason=f"is no availability zone of {region}", fix=fix)
    if len(set(zones)) != len(zones):
        raise refusal("zones", list(zones), reason="names a zone twice", fix="name each zone once")
    if len(zones) not in ZONE_COUNTS:
        raise refusal("zones", list(zones), reason="is not two or three zones", fix="a load balancer needs two")
    return sorted(letters[zone] for zone in zones)


def vpc_range(cidr: str) -> IPv4Network:
    fix = "use a private range of /16 to /20 such as 10.20.0.0/16"
    try:
        network = IPv4Network(cidr)
    except ValueError as error:
        raise refusal("cidr", cidr, reason=f"is no IPv4 range ({error})", fix=fix) from error
    if network.prefixlen not in PREFIX_LENGTHS:
        raise refusal("cidr", cidr, reason=f"is a /{network.prefixlen}", fix=fix)
    if not network.is_private:
        raise refusal("cidr", cidr, reason="belongs to the internet", fix=fix)
    return network
