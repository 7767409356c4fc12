"""The provider functions that programs ask: where they run, as whom, and what exists there."""

import textwrap
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from opencode_local.provider.aws import Aws
from opencode_local.provider.errors import AwsError
from opencode_local.provider.tags import mapping

Invoke: TypeAlias = Callable[[Aws, Mapping[str, Any]], Mapping[str, Any]]
"""From the arguments of a function to its result, both in camelCase."""
PEM_WIDTH = 64
CURRENT_STAGE = "AWSCURRENT"


class UnknownFunction(LookupError):
    """A program asks a provider function that the local AWS does not have."""

    def __init__(self, token: str) -> None:
        super().__init__(f"the local AWS has no function {token}: add it to opencode_local/provider/invokes.py")


def answer(aws: Aws, token: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
    """Raises UnknownFunction; AwsError and ClientError as AWS does."""
    try:
        function = INVOKES[token]
    except KeyError:
        raise UnknownFunction(token) from None
    region = args.get("region")
    return function(aws.at(region) if region else aws, args)


def caller_identity(aws: Aws, _args: Mapping[str, Any]) -> Mapping[str, Any]:
    identity = aws.client("sts").get_caller_identity()
    return {
        "id": identity["Account"],
        "accountId": identity["Account"],
        "arn": identity["Arn"],
        "userId": identity["UserId"],
    }


def region(aws: Aws, _args: Mapping[str, Any]) -> Mapping[str, Any]:
    endpoint = f"ec2.{aws.region}.amazonaws.com"
    return {"id": aws.region, "name": aws.region, "region": aws.region, "endpoint": endpoint, "description": aws.region}


def partition(aws: Aws, _args: Mapping[str, Any]) -> Mapping[str, Any]:
    suffix = "amazonaws.com"
    return {"id": aws.partition, "partition": aws.partition, "dnsSuffix": suffix, "reverseDnsPrefix": "com.amazonaws"}


def availability_zones(aws: Aws, args: Mapping[str, Any]) -> Mapping[str, Any]:
    found = aws.client("ec2").describe_availability_zones()["AvailabilityZones"]
    state = args.get("state")
    zones = sorted((zone["ZoneName"], zone["ZoneId"]) for zone in found if state is None or zone["State"] == state)
    return {
        **args,
        "id": aws.region,
        "names": [name for name, _ in zones],
        "zoneIds": [zone_id for _, zone_id in zones],
        "groupNames": [aws.region],
        "region": aws.region,
    }


def availability_zone(aws: Aws, args: Mapping[str, Any]) -> Mapping[str, Any]:
    zones = aws.client("ec2").describe_availability_zones(ZoneNames=[args["name"]])["AvailabilityZones"]
    zone = zones[0]
    return {
        **args,
        "id": zone["ZoneName"],
        "zoneId": zone["ZoneId"],
        "nameSuffix": zone["ZoneName"].removeprefix(aws.region),
        "state": zone["State"],
        "region": aws.region,
    }


def hosted_zone(aws: Aws, args: Mapping[str, Any]) -> Mapping[str, Any]:
    """By `zoneId`, or by `name` with or without its final dot."""
    wanted = str(args.get("name", "")).rstrip(".")
    zones = aws.client("route53").list_hosted_zones()["HostedZones"]
    for zone in zones:
        zone_id, name = zone["Id"].removeprefix("/hostedzone/"), zone["Name"].rstrip(".")
        is_private = zone["Config"].get("PrivateZone", False)
        if args.get("zoneId") == zone_id or (wanted == name and is_private == args.get("privateZone", False)):
            return _zone_result(aws, zone_id, name, is_private=is_private)
    raise AwsError("NoSuchHostedZone", f"no matching Route 53 Hosted Zone found for {args.get('zoneId') or wanted}")


def _zone_result(aws: Aws, zone_id: str, name: str, *, is_private: bool) -> Mapping[str, Any]:
    client = aws.client("route53")
    zone = client.get_hosted_zone(Id=zone_id)
    tags = client.list_tags_for_resource(ResourceType="hostedzone", ResourceId=zone_id)["ResourceTagSet"]["Tags"]
    servers = zone.get("DelegationSet", {}).get("NameServers", [])
    return {
        "id": zone_id,
        "zoneId": zone_id,
        "arn": f"arn:{aws.partition}:route53:::hostedzone/{zone_id}",
        "name": name,
        "privateZone": is_private,
        "comment": zone["HostedZone"]["Config"].get("Comment", ""),
        "nameServers": servers,
        "primaryNameServer": servers[0] if servers else "",
        "resourceRecordSetCount": zone["HostedZone"].get("ResourceRecordSetCount", 0),
        "tags": mapping(tags),
    }


def public_key(aws: Aws, args: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of an asymmetric KMS key by `keyId`: an id, an ARN or an alias."""
    key = aws.client("kms").get_public_key(KeyId=args["keyId"])
    metadata = aws.client("kms").describe_key(KeyId=args["keyId"])["KeyMetadata"]
    encoded = b64encode(key["PublicKey"]).decode()
    lines = "\n".join(textwrap.wrap(encoded, PEM_WIDTH))
    return {
        **args,
        "id": metadata["Arn"],
        "arn": metadata["Arn"],
        "customerMasterKeySpec": metadata["KeySpec"],
        "encryptionAlgorithms": key.get("EncryptionAlgorithms") or [],
        "keyUsage": metadata["KeyUsage"],
        "publicKey": encoded,
        "publicKeyPem": f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n",
        "region": aws.region,
        "signingAlgorithms": key.get("SigningAlgorithms") or [],
    }


def secret_version(aws: Aws, args: Mapping[str, Any]) -> Mapping[str, Any]:
    """The value of a secret by `secretId`, and `versionId` or `versionStage` where one is named."""
    named = {"VersionId": args.get("versionId"), "VersionStage": args.get("versionStage")}
    asked = {name: value for name, value in named.items() if value} or {"VersionStage": CURRENT_STAGE}
    found = aws.client("secretsmanager").get_secret_value(SecretId=args["secretId"], **asked)
    return {
        **args,
        "id": f"{args['secretId']}|{found['VersionId']}",
        "arn": found["ARN"],
        "createdDate": found["CreatedDate"].isoformat(),
        "region": aws.region,
        "secretBinary": b64encode(found.get("SecretBinary", b"")).decode(),
        "secretString": found.get("SecretString", ""),
        "versionId": found["VersionId"],
        "versionStages": found["VersionStages"],
    }


INVOKES: Mapping[str, Invoke] = {
    "aws:index/getCallerIdentity:getCallerIdentity": caller_identity,
    "aws:index/getRegion:getRegion": region,
    "aws:index/getPartition:getPartition": partition,
    "aws:index/getAvailabilityZones:getAvailabilityZones": availability_zones,
    "aws:index/getAvailabilityZone:getAvailabilityZone": availability_zone,
    "aws:kms/getPublicKey:getPublicKey": public_key,
    "aws:route53/getZone:getZone": hosted_zone,
    "aws:secretsmanager/getSecretVersion:getSecretVersion": secret_version,
}
