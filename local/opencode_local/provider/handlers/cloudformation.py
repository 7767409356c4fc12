"""Stacks of CloudFormation, for what only it can do: read a secret without anybody else seeing it.

A small interpreter of templates in JSON. It knows the resource types in RESOURCE_TYPES, references to parameters and
pseudo parameters, and dynamic references to secrets, which are read when a resource is created or its text changes,
as CloudFormation does. Anything else is refused by name.
Source: CloudFormation user guide, "Get values stored in other services using dynamic references" (read 2026-11-21).
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import AutoName, Fault, Handler, Properties
from opencode_local.provider.handlers import cognito_federation
from opencode_local.provider.members import unsupported, values
from opencode_local.provider.tags import pairs

STACK_KIND = "cloudformation stack"
"""`{templateBody, parameters, capabilities, tags, resources}`; a resource is `{type, id, properties}`, as written."""
SECTIONS = frozenset({"AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Resources"})
RESOURCE_KEYS = frozenset({"Type", "Properties", "DeletionPolicy", "UpdateReplacePolicy", "Metadata"})
PROVIDER_TYPE = "AWS::Cognito::UserPoolIdentityProvider"
RESOURCE_TYPES: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    PROVIDER_TYPE: (
        frozenset({"UserPoolId", "ProviderName", "ProviderType", "ProviderDetails"}),
        frozenset({"AttributeMapping", "IdpIdentifiers"}),
    )
}
"""Required and optional properties by type."""
NOTHING_LEFT = frozenset({"DELETE", "ROLLBACK"})
PROVIDER_KEYS = ("UserPoolId", "ProviderName", "ProviderType")
"""Their change makes a new provider."""
NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")
SECRET = re.compile(
    r"\{\{resolve:secretsmanager:(?P<id>arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:[^:}]+|[^:}]+)"
    r"(?::SecretString(?::(?P<key>[^:}]*)(?::(?P<stage>[^:}]*)(?::(?P<version>[^:}]*))?)?)?)?\}\}"
)


class Stack(Handler):
    token = "aws:cloudformation/stack:Stack"
    replace_on = frozenset({"name", "onFailure"})
    auto_name = AutoName("name", 128)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        faults = unsupported(values("name", "templateBody", "parameters", "capabilities", "onFailure"), inputs)
        if inputs.get("onFailure", "DELETE") not in NOTHING_LEFT:
            faults.append(Fault("onFailure", "not supported by the local AWS, where a failed stack leaves nothing"))
        if not inputs.get("templateBody"):
            faults.append(Fault("templateBody", "required by the local AWS"))
        if not NAME.fullmatch(inputs["name"]):
            faults.append(Fault("name", "must begin with a letter, then letters, digits and hyphens"))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        name = inputs["name"]
        _validate(aws, "CreateStack", inputs)
        if any(stack["name"] == name for stack in aws.store.list(STACK_KIND).values()):
            raise AwsError("AlreadyExistsException", f"Stack [{name}] already exists", "CreateStack")
        resources = _declared_resources(aws, inputs)
        arn = aws.arn("cloudformation", f"stack/{name}/{uuid4()}")
        made: dict[str, Properties] = {}
        try:
            for logical_id, resource in resources.items():
                id_ = _create(aws, resource)
                made[logical_id] = {**resource, "id": id_}
        except Exception:
            _delete_all(aws, made)
            raise
        aws.store.put(STACK_KIND, arn, {**_kept(inputs), "resources": made})
        return arn

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        stack = aws.store.get(STACK_KIND, id_)
        if stack is None:
            return None
        declared = {name: stack.get(name) for name in ("name", "templateBody", "parameters", "capabilities")}
        return {**declared, "tagsAll": stack.get("tagsAll") or {}, "outputs": {}}

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        _validate(aws, "UpdateStack", new)
        stack = aws.store.require(STACK_KIND, id_, "ValidationError", f"Stack [{id_}] does not exist")
        wanted, there = _declared_resources(aws, new), stack["resources"]
        made = {logical_id: _changed(aws, there.get(logical_id), wanted[logical_id]) for logical_id in wanted}
        kept_ids = {resource["id"] for resource in made.values()}
        _delete_all(aws, {key: part for key, part in there.items() if part["id"] not in kept_ids})
        aws.store.put(STACK_KIND, id_, {**_kept(new), "resources": made})

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        stack = aws.store.get(STACK_KIND, id_)
        if stack is not None:
            _delete_all(aws, stack["resources"])
            aws.store.delete(STACK_KIND, id_)


def resolved(aws: Aws, declared: Any) -> Any:
    """The value with its dynamic references read. Raises AwsError when a secret or its key does not exist."""
    if isinstance(declared, Mapping):
        return {key: resolved(aws, part) for key, part in declared.items()}
    if isinstance(declared, list):
        return [resolved(aws, part) for part in declared]
    if not isinstance(declared, str):
        return declared
    text = SECRET.sub(lambda match: _secret(aws, match), declared)
    if "{{resolve:" in text:
        raise _invalid(f"Dynamic reference not supported by the local AWS: {declared}")
    return text


def _secret(aws: Aws, match: re.Match[str]) -> str:
    where = {"SecretId": match["id"]}
    if match["version"]:
        where["VersionId"] = match["version"]
    elif match["stage"]:
        where["VersionStage"] = match["stage"]
    answer = found(aws.client("secretsmanager").get_secret_value, "ResourceNotFoundException", **where)
    if answer is None:
        raise _invalid(f"Could not resolve {match[0]}: Secrets Manager can't find the specified secret.")
    text = str(answer["SecretString"])
    if not match["key"]:
        return text
    try:
        return str(json.loads(text)[match["key"]])
    except (ValueError, KeyError, TypeError):
        raise _invalid(f"Could not find a value associated with JSONKey in SecretString: {match[0]}") from None


def _validate(aws: Aws, operation: str, inputs: Mapping[str, Any]) -> None:
    parameters = pairs(inputs.get("parameters"), "ParameterKey", "ParameterValue")
    aws.validate(
        "cloudformation",
        operation,
        StackName=inputs["name"],
        TemplateBody=inputs["templateBody"],
        Parameters=parameters,
        Capabilities=inputs.get("capabilities") or [],
        Tags=pairs(inputs.get("tagsAll")),
    )


def _declared_resources(aws: Aws, inputs: Mapping[str, Any]) -> dict[str, Properties]:
    """Each resource as `{type, properties}`, with references to parameters filled in. Raises AwsError."""
    try:
        template = json.loads(inputs["templateBody"])
    except ValueError:
        raise _invalid("Template format error: only JSON is supported by the local AWS") from None
    if not isinstance(template, Mapping) or not template.get("Resources"):
        raise _invalid("Template format error: At least one Resources member must be defined.")
    if template.keys() - SECTIONS:
        raise _invalid(f"Invalid template property or properties {sorted(template.keys() - SECTIONS)}")
    parameters = _parameters(aws, template.get("Parameters", {}), inputs)
    return {name: _resource(name, part, parameters) for name, part in template["Resources"].items()}


def _parameters(aws: Aws, declared: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, str]:
    given = inputs.get("parameters") or {}
    if given.keys() - declared.keys():
        raise _invalid(f"Parameters: {sorted(given.keys() - declared.keys())} do not exist in the template")
    made = {name: given.get(name, part.get("Default")) for name, part in declared.items()}
    missing = sorted(name for name, text in made.items() if text is None)
    if missing:
        raise _invalid(f"Parameters: {missing} must have values")
    pseudo = {"AWS::AccountId": aws.account_id, "AWS::Region": aws.region, "AWS::Partition": aws.partition}
    return {**pseudo, "AWS::StackName": inputs["name"], **made}


def _resource(name: str, declared: Mapping[str, Any], parameters: Mapping[str, str]) -> Properties:
    kind, given = str(declared.get("Type")), declared.get("Properties", {})
    if kind not in RESOURCE_TYPES:
        raise _invalid(f"Template format error: Unrecognized resource types: [{kind}]")
    if declared.keys() - RESOURCE_KEYS:
        raise _invalid(f"Invalid template resource property {sorted(declared.keys() - RESOURCE_KEYS)} of {name}")
    required, optional = RESOURCE_TYPES[kind]
    unknown, missing = given.keys() - required - optional, required - given.keys()
    if unknown:
        raise _invalid(f"Encountered unsupported properties {sorted(unknown)} of {name}")
    if missing:
        raise _invalid(f"Properties validation failed for resource {name}: required {sorted(missing)} not found")
    return {"type": kind, "properties": _filled(given, parameters)}


def _filled(declared: Any, parameters: Mapping[str, str]) -> Any:
    if isinstance(declared, list):
        return [_filled(part, parameters) for part in declared]
    if not isinstance(declared, Mapping):
        return declared
    if any(key == "Ref" or key.startswith("Fn::") for key in declared):
        if declared.keys() != {"Ref"} or declared["Ref"] not in parameters:
            raise _invalid(f"not supported by the local AWS: {json.dumps(declared)}")
        return parameters[declared["Ref"]]
    return {key: _filled(part, parameters) for key, part in declared.items()}


def _create(aws: Aws, resource: Properties) -> str:
    return cognito_federation.create_provider(aws, resolved(aws, resource["properties"]))


def _changed(aws: Aws, there: Properties | None, wanted: Properties) -> Properties:
    """The resource as it is after the change: made anew when there is none, or when one of its keys changes."""
    if there is None:
        return {**wanted, "id": _create(aws, wanted)}
    before, after = there["properties"], wanted["properties"]
    if any(before[key] != after[key] for key in PROVIDER_KEYS):
        return {**wanted, "id": _create(aws, wanted)}
    if before != after:
        settings = {name: part for name, part in resolved(aws, after).items() if name != "ProviderType"}
        cognito_federation.update_provider(aws, settings)
    return {**wanted, "id": there["id"]}


def _delete_all(aws: Aws, resources: Mapping[str, Properties]) -> None:
    for resource in resources.values():
        cognito_federation.delete_provider(aws, resource["id"])


def _kept(inputs: Mapping[str, Any]) -> Properties:
    names = ("name", "templateBody", "parameters", "capabilities", "tagsAll")
    return {name: inputs[name] for name in names if inputs.get(name) is not None}


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationError", message, "CreateStack")


HANDLERS = (Stack(),)
