"""Hosted zones and their records."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.finishing import finishing
from opencode_local.provider.handler import Fault, Handler, Properties
from opencode_local.provider.members import unsupported, values
from opencode_local.provider.tags import changes, mapping, pairs

ZONE_PREFIX = "/hostedzone/"
DEFAULT_COMMENT = "Managed by Pulumi"
CLOUDFRONT_ZONE_ID = "Z2FDTNDATAQYW2"
CLOUDFRONT_SUFFIX = ".cloudfront.net."
OWN_TYPES = frozenset({"NS", "SOA"})
"""Records that a zone has from the start."""


class Zone(Handler):
    token = "aws:route53/zone:Zone"
    replace_on = frozenset({"name"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        faults = unsupported(values("name", "comment", "forceDestroy"), inputs)
        if not inputs.get("name"):
            faults.append(Fault("name", "required"))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        client = aws.client("route53")
        answer = client.create_hosted_zone(
            Name=inputs["name"],
            CallerReference=str(uuid4()),
            HostedZoneConfig={"Comment": inputs.get("comment", DEFAULT_COMMENT), "PrivateZone": False},
        )
        id_ = bare_zone_id(answer["HostedZone"]["Id"])
        with finishing(id_, inputs):
            _set_tags(aws, id_, {}, inputs)
        return id_

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        client = aws.client("route53")
        answer = found(client.get_hosted_zone, "NoSuchHostedZone", Id=id_)
        if answer is None:
            return None
        name, servers = answer["HostedZone"]["Name"].rstrip("."), answer["DelegationSet"]["NameServers"]
        tags = client.list_tags_for_resource(ResourceType="hostedzone", ResourceId=id_)["ResourceTagSet"]["Tags"]
        return {
            "name": inputs["name"] if inputs.get("name", "").rstrip(".") == name else name,
            "comment": answer["HostedZone"]["Config"].get("Comment", ""),
            "tagsAll": mapping(tags),
            "arn": f"arn:{aws.partition}:route53:::hostedzone/{id_}",
            "zoneId": id_,
            "nameServers": servers,
            "primaryNameServer": servers[0],
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        comment = new.get("comment", DEFAULT_COMMENT)
        aws.client("route53").update_hosted_zone_comment(Id=id_, Comment=comment)
        _set_tags(aws, id_, old, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        client = aws.client("route53")
        if properties.get("forceDestroy") and found(client.get_hosted_zone, "NoSuchHostedZone", Id=id_):
            for record in zone_records(aws, id_):
                if record["Type"] not in OWN_TYPES:
                    _change(aws, id_, "DELETE", record)
        found(client.delete_hosted_zone, "NoSuchHostedZone", Id=id_)


class Record(Handler):
    token = "aws:route53/record:Record"
    replace_on = frozenset({"zoneId", "name", "type"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        supported = values("zoneId", "name", "type", "ttl", "records", "aliases", "allowOverwrite")
        faults = unsupported(supported, inputs)
        if bool(inputs.get("aliases")) == bool(inputs.get("records")):
            faults.append(Fault("records", 'exactly one of "records" and "aliases" must be specified'))
        if bool(inputs.get("records")) != (inputs.get("ttl") is not None):
            faults.append(Fault("ttl", 'goes with "records", and they with it'))
        if len(inputs.get("aliases") or ()) > 1:
            faults.append(Fault("aliases", "a record has one target"))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        zone_id, name = bare_zone_id(inputs["zoneId"]), _full_name(aws, inputs)
        there = _record(aws, zone_id, name, inputs["type"])
        if there is not None and not inputs.get("allowOverwrite"):
            message = (
                f"Tried to create resource record set [name='{name}', type='{inputs['type']}'] but it already exists"
            )
            raise _refused(message)
        _refuse_second(aws, zone_id, name, inputs["type"])
        _change(aws, zone_id, "UPSERT" if there else "CREATE", _record_set(aws, name, inputs))
        return f"{zone_id}_{name.rstrip('.')}_{inputs['type']}"

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        zone_id, name, type_ = _parts(id_)
        there = _record(aws, zone_id, name, type_)
        if there is None:
            return None
        is_declared = bool(inputs) and _full_name(aws, inputs) == name
        target = there.get("AliasTarget")
        return {
            "zoneId": inputs["zoneId"] if bare_zone_id(inputs.get("zoneId", "")) == zone_id else zone_id,
            "name": inputs["name"] if is_declared else name.rstrip("."),
            "type": type_,
            "fqdn": name.rstrip("."),
            "ttl": there.get("TTL") if not target else None,
            "records": [entry["Value"] for entry in there.get("ResourceRecords", ())] or None,
            "aliases": [_alias(target, inputs)] if target else None,
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        zone_id, name, _ = _parts(id_)
        _change(aws, zone_id, "UPSERT", _record_set(aws, name, new))

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        zone_id, name, type_ = _parts(id_)
        there = _record(aws, zone_id, name, type_)
        if there is not None:
            _change(aws, zone_id, "DELETE", there)


def bare_zone_id(zone_id: str) -> str:
    return zone_id.removeprefix(ZONE_PREFIX)


def _parts(id_: str) -> tuple[str, str, str]:
    """Zone id, name with its final dot, and type. Names may have underscores."""
    zone_id, _, rest = id_.partition("_")
    name, _, type_ = rest.rpartition("_")
    return zone_id, f"{name}.", type_


def _full_name(aws: Aws, inputs: Mapping[str, Any]) -> str:
    """A name within the zone may be given without the zone's own. In lower case, with a final dot."""
    zone = aws.client("route53").get_hosted_zone(Id=bare_zone_id(inputs["zoneId"]))["HostedZone"]["Name"].rstrip(".")
    name = inputs["name"].rstrip(".").lower()
    return f"{name}." if name == zone or name.endswith(f".{zone}") else f"{name}.{zone}.".lstrip(".")


def zone_records(aws: Aws, zone_id: str) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = []
    pages = aws.client("route53").get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone_id)
    for page in pages:
        records += page["ResourceRecordSets"]
    return records


def _record(aws: Aws, zone_id: str, name: str, type_: str) -> dict[str, Any] | None:
    if not found(aws.client("route53").get_hosted_zone, "NoSuchHostedZone", Id=zone_id):
        return None
    return next(
        (record for record in zone_records(aws, zone_id) if (record["Name"], record["Type"]) == (name, type_)), None
    )


def _record_set(aws: Aws, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"Name": name, "Type": inputs["type"]}
    if inputs.get("aliases"):
        alias = inputs["aliases"][0]
        _refuse_target(aws, inputs["type"], alias, bare_zone_id(inputs["zoneId"]))
        target = {"HostedZoneId": alias["zoneId"], "DNSName": alias["name"]}
        return {**made, "AliasTarget": {**target, "EvaluateTargetHealth": alias["evaluateTargetHealth"]}}
    return {**made, "TTL": inputs["ttl"], "ResourceRecords": [{"Value": text} for text in inputs["records"]]}


def _alias(target: Mapping[str, Any], inputs: Properties) -> Properties:
    declared = (inputs.get("aliases") or [{}])[0].get("name", "")
    name = target["DNSName"].rstrip(".")
    return {
        "name": declared if declared.rstrip(".").lower() == name.lower() else name,
        "zoneId": target["HostedZoneId"],
        "evaluateTargetHealth": target["EvaluateTargetHealth"],
    }


def _change(aws: Aws, zone_id: str, action: str, record_set: Mapping[str, Any]) -> None:
    change = {"Action": action, "ResourceRecordSet": dict(record_set)}
    aws.client("route53").change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": [change]})


def _refuse_second(aws: Aws, zone_id: str, name: str, type_: str) -> None:
    """A CNAME stands alone (RFC 1034, 3.6.2)."""
    others = {record["Type"] for record in zone_records(aws, zone_id) if record["Name"] == name} - {type_}
    if others and (type_ == "CNAME" or "CNAME" in others):
        message = f"RRSet of type {type_} with DNS name {name} is not permitted as {', '.join(sorted(others))} exists"
        raise _refused(message)


def _refuse_target(aws: Aws, type_: str, alias: Mapping[str, Any], zone_id: str) -> None:
    target = f"{alias['name'].rstrip('.').lower().removeprefix('dualstack.')}."
    if target not in _targets(aws, type_, alias["zoneId"], zone_id, target):
        where = f"type {type_} in zone {alias['zoneId']}"
        raise _refused(f"Tried to create an alias that targets {target}, {where}, but that target was not found")


def _targets(aws: Aws, type_: str, target_zone_id: str, zone_id: str, target: str) -> set[str]:
    """What can be pointed to in a zone: records of one's own, a distribution, load balancers of this region."""
    if target_zone_id == zone_id:
        return {record["Name"] for record in zone_records(aws, zone_id) if record["Type"] == type_}
    if target_zone_id == CLOUDFRONT_ZONE_ID:
        return {target} if target.endswith(CLOUDFRONT_SUFFIX) else set()
    balancers = aws.client("elbv2").describe_load_balancers()["LoadBalancers"]
    return {
        f"{balancer['DNSName'].lower()}."
        for balancer in balancers
        if balancer["CanonicalHostedZoneId"] == target_zone_id
    }


def _refused(message: str) -> AwsError:
    return AwsError("InvalidChangeBatch", f"[{message}]", "ChangeResourceRecordSets")


def _set_tags(aws: Aws, id_: str, old: Properties, new: Properties) -> None:
    added, (_, removed) = new.get("tagsAll"), changes(old.get("tagsAll"), new.get("tagsAll"))
    wanted: dict[str, Any] = {"AddTags": pairs(added)} if added else {}
    if removed:
        wanted["RemoveTagKeys"] = removed
    if wanted:
        aws.client("route53").change_tags_for_resource(ResourceType="hostedzone", ResourceId=id_, **wanted)


HANDLERS = (Zone(), Record())
