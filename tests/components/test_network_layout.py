"""Which addresses each zone gets."""

from ipaddress import IPv4Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode_components.network_layout import zone_layout

REGION = "us-east-1"
zone_sets = st.sets(st.sampled_from("abcdef"), min_size=2, max_size=3)


def names(letters: set[str] | str) -> list[str]:
    return [f"{REGION}{letter}" for letter in letters]


@given(letters=zone_sets, prefix=st.integers(16, 20))
def test_blocks_lie_in_the_range_do_not_overlap_and_hold_a_load_balancer(letters: set[str], prefix: int) -> None:
    whole = IPv4Network(f"10.64.0.0/{prefix}")

    zones = zone_layout(REGION, names(letters), str(whole))

    blocks = [IPv4Network(block) for zone in zones for block in (zone.public, zone.private)]
    assert all(block.subnet_of(whole) for block in blocks)
    assert not any(one.overlaps(other) for one, other in combinations(blocks, 2))
    assert all(block.prefixlen <= 27 for block in blocks), "a load balancer wants /27 or larger"


@given(before=zone_sets, after=zone_sets)
def test_a_zone_keeps_its_blocks_whichever_zones_come_and_go(before: set[str], after: set[str]) -> None:
    old = {zone.letter: zone for zone in zone_layout(REGION, names(before), "10.0.0.0/16")}
    new = {zone.letter: zone for zone in zone_layout(REGION, names(after), "10.0.0.0/16")}

    assert {letter: old[letter] for letter in before & after} == {letter: new[letter] for letter in before & after}


def test_zones_are_in_the_order_of_their_letters_whatever_order_they_are_named_in() -> None:
    zones = zone_layout(REGION, names("ba"), "10.20.0.0/16")

    assert [tuple(zone) for zone in zones] == [
        ("a", "us-east-1a", "10.20.0.0/20", "10.20.16.0/21"),
        ("b", "us-east-1b", "10.20.32.0/20", "10.20.48.0/21"),
    ]


@pytest.mark.parametrize(
    ("zones", "cidr", "message"),
    [
        (
            ["us-east-1a"],
            "10.0.0.0/16",
            r"zones: \['us-east-1a'\] is not two or three zones; a load balancer needs two",
        ),
        (names("abcd"), "10.0.0.0/16", "is not two or three zones"),
        (names("aa"), "10.0.0.0/16", "zones: .* names a zone twice; name each zone once"),
        (["a", "b"], "10.0.0.0/16", "zones: 'a' is no availability zone of us-east-1; name zones as us-east-1a"),
        (["us-west-2a", "us-east-1b"], "10.0.0.0/16", "zones: 'us-west-2a' is no availability zone of us-east-1"),
        (["us-east-1-bos-1a", "us-east-1a"], "10.0.0.0/16", "'us-east-1-bos-1a' is no availability zone"),
        (names("ab"), "10.0.0.0/21", "cidr: '10.0.0.0/21' is a /21; use a private range of /16 to /20"),
        (names("ab"), "10.0.0.0/8", "cidr: '10.0.0.0/8' is a /8; use a private range"),
        (names("ab"), "10.0.0.1/16", "cidr: '10.0.0.1/16' is no IPv4 range .*host bits set"),
        (names("ab"), "fd00::/16", "cidr: 'fd00::/16' is no IPv4 range"),
        (names("ab"), "8.8.0.0/16", "cidr: '8.8.0.0/16' belongs to the internet; use a private range"),
    ],
)
def test_a_layout_that_cannot_be_is_refused(zones: list[str], cidr: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        zone_layout(REGION, zones, cidr)
