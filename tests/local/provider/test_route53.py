"""Zones and the records in them."""

from typing import Any

import pytest

from tests.local.provider.declaring import Made, Program, Refused
from tests.local.provider.round_trip import assert_as_declared, leaves_nothing, lives_and_changes

ZONE = "aws:route53/zone:Zone"
RECORD = "aws:route53/record:Record"


@pytest.fixture
def zone(program: Program) -> Made:
    return program.declare(ZONE, name="example.com")


def a_load_balancer(program: Program) -> dict[str, Any]:
    subnets = program.client("ec2").describe_subnets()["Subnets"][:2]
    made = program.client("elbv2").create_load_balancer(
        Name="dev-api", Subnets=[subnet["SubnetId"] for subnet in subnets]
    )
    return dict(made["LoadBalancers"][0])


def test_a_zone_changes_in_place_and_leaves_nothing(program: Program) -> None:
    zone = program.declare(ZONE, name="example.com", tags={"for": "names"})

    zone = lives_and_changes(program, zone, {"comment": None, "tags": None}, name="example.com", comment="Ours")

    assert len(zone["nameServers"]) == 4
    leaves_nothing(program, zone)


def test_a_zone_with_records_goes_only_by_force(program: Program, zone: Made) -> None:
    program.declare(RECORD, zoneId=zone.id, name="www", type="A", ttl=60, records=["192.0.2.1"])

    with pytest.raises(Refused, match="HostedZoneNotEmpty"):
        program.remove(zone)
    leaves_nothing(program, program.change(zone, name="example.com", forceDestroy=True))


@pytest.mark.parametrize("name", ["www", "www.example.com", "www.example.com.", "WWW.example.com"])
def test_a_record_may_be_named_within_its_zone_or_in_full(program: Program, zone: Made, name: str) -> None:
    given = {"zoneId": zone.id, "name": name, "type": "A"}
    record = program.declare(RECORD, **given, ttl=60, records=["192.0.2.1"])

    assert record["fqdn"] == "www.example.com"
    new = {**given, "ttl": 30, "records": ["192.0.2.2", "192.0.2.3"]}
    record = lives_and_changes(program, record, {"ttl": None, "records": None}, **new)
    assert program.plan(record, **{**new, "name": "api"}) == {"name": True}
    leaves_nothing(program, record)


def test_an_alias_points_to_a_load_balancer_that_exists(program: Program, zone: Made) -> None:
    balancer = a_load_balancer(program)
    target = {"zoneId": balancer["CanonicalHostedZoneId"], "evaluateTargetHealth": True}
    given = {"zoneId": zone.id, "name": "api.example.com", "type": "A"}

    record = program.declare(RECORD, **given, aliases=[{**target, "name": balancer["DNSName"]}])

    assert_as_declared(program, record)
    leaves_nothing(program, record)
    for bad in ({"name": "dev-api-2.us-east-1.elb.amazonaws.com"}, {"zoneId": "Z35SXDOTRQ7X7K"}):
        with pytest.raises(Refused, match="that target was not found"):
            program.declare(RECORD, **given, aliases=[{**target, "name": balancer["DNSName"], **bad}])


def test_an_alias_may_point_to_a_record_of_its_own_zone(program: Program, zone: Made) -> None:
    program.declare(RECORD, zoneId=zone.id, name="www", type="A", ttl=60, records=["192.0.2.1"])
    alias = {"name": "www.example.com", "zoneId": zone.id, "evaluateTargetHealth": False}

    assert_as_declared(program, program.declare(RECORD, zoneId=zone.id, name="example.com", type="A", aliases=[alias]))
    with pytest.raises(Refused, match="that target was not found"):
        program.declare(RECORD, zoneId=zone.id, name="v6", type="AAAA", aliases=[alias])


def test_a_record_that_is_changed_by_hand_shows(program: Program, zone: Made) -> None:
    record = program.declare(RECORD, zoneId=zone.id, name="www", type="A", ttl=60, records=["192.0.2.1"])
    change = {"Name": "www.example.com.", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "198.51.100.1"}]}
    program.client("route53").change_resource_record_sets(
        HostedZoneId=zone.id, ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": change}]}
    )

    assert program.drift(record) == {"records": ["198.51.100.1"]}


def test_two_records_of_one_name_are_refused_unless_the_first_may_be_overwritten(program: Program, zone: Made) -> None:
    given = {"zoneId": zone.id, "name": "www", "type": "A", "ttl": 60}
    program.declare(RECORD, **given, records=["192.0.2.1"])

    with pytest.raises(Refused, match=r"\[name='www.example.com.', type='A'\] but it already exists"):
        program.declare(RECORD, **given, records=["192.0.2.2"])
    assert_as_declared(program, program.declare(RECORD, **given, records=["192.0.2.3"], allowOverwrite=True))
    with pytest.raises(Refused, match="is not permitted as A exists"):
        program.declare(RECORD, **{**given, "type": "CNAME"}, records=["elsewhere.example.org."])


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"zoneId": "Z0NOBODY"}, "NoSuchHostedZone"),
        ({"type": "B"}, "enum value set"),
        ({"ttl": None}, 'ttl: goes with "records"'),
        ({"records": None}, 'exactly one of "records" and "aliases"'),
        ({"ttl": -1}, "greater than or equal to 0"),
        ({"weightedRoutingPolicies": [{"weight": 1}]}, "not supported by the local AWS"),
    ],
)
def test_a_record_that_aws_would_refuse_is_refused(program: Program, zone: Made, bad: dict[str, Any], why: str) -> None:
    given = {"zoneId": zone.id, "name": "www", "type": "A", "ttl": 60, "records": ["192.0.2.1"]}

    with pytest.raises(Refused, match=why):
        program.declare(RECORD, **{**given, **bad})
