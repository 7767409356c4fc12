"""Invented but plausible outputs for every resource, so that a program runs without a cloud."""

import base64
import json
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from typing import Any
from uuid import UUID

from pulumi import _types
from pulumi.runtime import rpc

from opencode_components.testing.graph import Properties
from opencode_components.testing.placeholder_shapes import SHAPES, Shape

DEFAULT_REGION = "us-east-1"
DEFAULT_ACCOUNT_ID = "123456789012"

Answer = Properties | Callable[[Properties], Properties]


@dataclass(frozen=True, kw_only=True)
class Placeholders:
    """An `Engine` that computes outputs from type, name and inputs alone: the same program gets the same values.

    `outputs` overrides outputs per type, `existing` holds properties of resources that are read, per id, and `invokes`
    answers per token, like `aws:index/getRegion:getRegion`: a mapping, or a function of the arguments.
    """

    region: str = DEFAULT_REGION
    account_id: str = DEFAULT_ACCOUNT_ID
    outputs: Mapping[str, Properties] = field(default_factory=dict)
    existing: Mapping[str, Properties] = field(default_factory=dict)
    invokes: Mapping[str, Answer] = field(default_factory=dict)

    def create(self, type: str, name: str, inputs: Properties) -> tuple[str, Properties]:
        return self._computed(type, name, inputs, None)

    def read(self, type: str, id: str) -> Properties:
        _, outputs = self._computed(type, id, {}, id)
        return {**outputs, **self.existing.get(id, {})}

    def invoke(self, token: str, args: Properties) -> Properties:
        """Raises LookupError for a function that neither `invokes` nor this class answers."""
        answers: Mapping[str, Answer] = {**self._account_functions(), **self.invokes}
        if token not in answers:
            raise LookupError(f"no answer for {token}; give one: Placeholders(invokes={{{token!r}: ...}})")
        answer = answers[token]
        return answer(args) if callable(answer) else answer

    def completed(self, type: str, name: str) -> None:
        """Nothing is made, so nothing has to be told."""

    def _computed(self, type: str, name: str, inputs: Properties, known_id: str | None) -> tuple[str, Properties]:
        shape = SHAPES.get(type, Shape())
        values = self._values(type, name, physical_name(type, name, inputs))
        if "{arn}" in shape.id:
            values["arn"] = f"arn:aws:{shape.arn}".format(**values)
        values["id"] = known_id or shape.id.format(**values)
        values["arn"] = f"arn:aws:{shape.arn or generic_arn(type)}".format(**values)
        return values["id"], self._outputs(type, inputs, values)

    def _values(self, type: str, name: str, physical: str) -> dict[str, str]:
        digest = sha256(f"{type}/{name}".encode()).hexdigest()
        octet = str(int(digest[:2], 16) % 250 + 4)
        known = {"region": self.region, "account": self.account_id, "hex": digest, "octet": octet}
        secret = sha256(digest.encode()).hexdigest()
        return {**known, "key": str(UUID(digest[:32])), "secret": secret, "name": physical, "id": "", "arn": ""}

    def _outputs(self, type: str, inputs: Properties, values: Mapping[str, str]) -> dict[str, Any]:
        shape = SHAPES.get(type, Shape())
        declared = required_outputs(type)
        computed: dict[str, Any] = {key: invented(kind, key, values["name"]) for key, kind in declared.items()}
        known = {"arn": values["arn"], "region": self.region, shape.name_property: values["name"]}
        computed.update({key: value for key, value in known.items() if key in declared})
        computed.update({key: template.format(**values) for key, template in shape.outputs.items()})
        computed.update(COMPUTED[type](inputs, values) if type in COMPUTED else {})
        return {**computed, **inputs, **self.outputs.get(type, {})}

    def _account_functions(self) -> dict[str, Answer]:
        zones = [f"{self.region}{letter}" for letter in "abc"]
        caller = {
            "accountId": self.account_id,
            "arn": f"arn:aws:iam::{self.account_id}:user/deployer",
            "userId": "AIDADEPLOYER",
            "id": self.account_id,
        }
        region = {"name": self.region, "region": self.region, "id": self.region, "description": self.region}
        return {
            "aws:index/getAvailabilityZones:getAvailabilityZones": {
                "names": zones,
                "zoneIds": [f"use1-az{number}" for number in (1, 2, 3)],
                "groupNames": [self.region],
                "id": self.region,
                "region": self.region,
            },
            "aws:index/getCallerIdentity:getCallerIdentity": caller,
            "aws:index/getPartition:getPartition": {
                "partition": "aws",
                "dnsSuffix": "amazonaws.com",
                "reverseDnsPrefix": "com.amazonaws",
                "id": "aws",
            },
            "aws:index/getRegion:getRegion": region,
            "aws:kms/getPublicKey:getPublicKey": public_key,
            "aws:secretsmanager/getSecretVersion:getSecretVersion": secret_version,
        }


ED25519_DER = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes of an Ed25519 key in its DER form. Source: RFC 8410, section 4."""


def public_key(args: Properties) -> Properties:
    """The Ed25519 public key that `keyId` alone decides on."""
    raw = sha256(str(args["keyId"]).encode()).digest()
    return {**args, "id": args["keyId"], "publicKey": base64.b64encode(ED25519_DER + raw).decode()}


def secret_version(args: Properties) -> Properties:
    """Of a confidential OAuth client, whatever `secretId` names."""
    secret = sha256(str(args["secretId"]).encode()).hexdigest()
    value = {"client_id": f"client-{secret[:8]}", "client_secret": secret}
    return {**args, "id": args["secretId"], "arn": args["secretId"], "secretString": json.dumps(value)}


def generic_arn(type: str) -> str:
    """A template for a type that has no shape: service and kind are read from the token."""
    service, _, kind = type.partition(":")[2].partition("/")
    return f"{service}:{{region}}:{{account}}:{kind.partition(':')[0]}/{{name}}"


def physical_name(type: str, name: str, inputs: Properties) -> str:
    """The declared name, else the logical one with seven hexadecimal digits, as the engine names."""
    declared = inputs.get(SHAPES.get(type, Shape()).name_property)
    return str(declared) if declared else f"{name}-{sha256(f'{type}/{name}'.encode()).hexdigest()[-7:]}"


@cache
def required_outputs(type: str) -> Mapping[str, Any]:
    """Outputs that a resource of this type always has, with their Python types; empty for a type without an SDK."""
    package, module, _ = type.split(":", 2)
    known = rpc.get_resource_module(package, module, "")
    info = getattr(known, "mod_info", None)
    if info is None or type not in info["classes"]:
        return {}
    kind = getattr(__import__(info["fqn"], fromlist=[info["classes"][type]]), info["classes"][type])
    outputs: Mapping[str, Any] = _types.resource_types(kind)
    return {key: value for key, value in outputs.items() if not is_optional(value)}


def is_optional(kind: Any) -> bool:
    return typing.get_origin(kind) in {typing.Union, types.UnionType} and type(None) in typing.get_args(kind)


def invented(kind: Any, key: str, name: str) -> Any:
    """A value of the type; None for one that has no obvious value."""
    simple: Mapping[Any, Any] = {str: f"{name}-{key}", int: 1, float: 1, bool: False}
    if kind in simple:
        return simple[kind]
    origin = typing.get_origin(kind)
    return {} if origin in {dict, Mapping} else [] if origin is not None else None


def validation_options(inputs: Properties, values: Mapping[str, str]) -> Properties:
    """One DNS record per name; a wildcard shares that of its domain.

    Source: https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html (read 2026-11-21).
    """
    token = values["hex"][:32]
    names = [inputs.get("domainName", values["name"]), *inputs.get("subjectAlternativeNames", [])]
    options = [
        {
            "domainName": name,
            "resourceRecordName": f"_{token}.{name.removeprefix('*.')}.",
            "resourceRecordType": "CNAME",
            "resourceRecordValue": f"_{token}.acm-validations.aws.",
        }
        for name in dict.fromkeys(names)
    ]
    return {"domainValidationOptions": options, "subjectAlternativeNames": list(dict.fromkeys(names))}


def image_uri(inputs: Properties, values: Mapping[str, str]) -> Properties:
    return {"imageUri": f"{inputs.get('repositoryUrl', values['name'])}@sha256:{values['hex']}"}


def api_addresses(inputs: Properties, values: Mapping[str, str]) -> Properties:
    """Source: API Gateway developer guide, "Invoke WebSocket APIs" (read 2026-11-21)."""
    scheme = "wss" if inputs.get("protocolType") == "WEBSOCKET" else "https"
    return {
        "apiEndpoint": f"{scheme}://{values['id']}.execute-api.{values['region']}.amazonaws.com",
        "executionArn": execution_arn(values, values["id"]),
    }


def stage_addresses(inputs: Properties, values: Mapping[str, str]) -> Properties:
    return {"executionArn": f"{execution_arn(values, inputs['apiId'])}/{values['name']}"}


def execution_arn(values: Mapping[str, str], api_id: str) -> str:
    return f"arn:aws:execute-api:{values['region']}:{values['account']}:{api_id}"


COMPUTED: Mapping[str, Callable[[Properties, Mapping[str, str]], Properties]] = {
    "aws:acm/certificate:Certificate": validation_options,
    "aws:apigatewayv2/api:Api": api_addresses,
    "aws:apigatewayv2/stage:Stage": stage_addresses,
    "awsx:ecr:Image": image_uri,
}
