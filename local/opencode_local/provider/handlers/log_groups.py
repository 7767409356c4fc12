"""Log groups, the metrics taken from them, and what other services may write into them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.finishing import finishing
from opencode_local.provider.handler import AutoName, Fault, Handler, Properties
from opencode_local.provider.handlers.kms_keys import described_key
from opencode_local.provider.members import Member, block, refuse, reported, request, unsupported, value, values
from opencode_local.provider.tags import changes

RETENTION_DAYS = frozenset(
    {0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
)
"""0 keeps events forever. Source: PutRetentionPolicy in the service model (read 2026-11-21)."""
SETTINGS_KIND = "log group settings"
"""The store keeps what the embedded AWS forgets of a group."""


def camel(*names: str) -> tuple[Member, ...]:
    """CloudWatch Logs writes its members in camel case, as the engine does."""
    return tuple(value(name, name) for name in names)


STORED = camel("kmsKeyId", "logGroupClass", "deletionProtectionEnabled")
TRANSFORMATION = (
    value("name", "metricName"),
    value("namespace", "metricNamespace"),
    value("value", "metricValue"),
    *camel("defaultValue", "dimensions", "unit"),
)
FILTER = (value("name", "filterName"), value("pattern", "filterPattern"), *camel("logGroupName"))


class LogGroup(Handler):
    token = "aws:cloudwatch/logGroup:LogGroup"
    replace_on = frozenset({"name", "namePrefix", "logGroupClass"})
    filled_by_aws = frozenset({"logGroupClass"})
    auto_name = AutoName("name", 512)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        others = ("name", "namePrefix", "retentionInDays", "skipDestroy")
        faults = unsupported(STORED, inputs, *others)
        if inputs.get("retentionInDays", 0) not in RETENTION_DAYS:
            known = ", ".join(map(str, sorted(RETENTION_DAYS)))
            faults.append(Fault("retentionInDays", f"expected one of {known}, got {inputs['retentionInDays']}"))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        name, tags = inputs["name"], inputs.get("tagsAll")
        _refuse_key(aws, "CreateLogGroup", inputs)
        wanted = request(STORED, inputs) | ({"tags": tags} if tags else {})
        aws.client("logs").create_log_group(logGroupName=name, **wanted)
        aws.store.put(SETTINGS_KIND, name, request(STORED, inputs))
        with finishing(name, inputs):
            _set_retention(aws, name, inputs)
        return str(name)

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        group = _group(aws, id_)
        if group is None:
            return None
        arn = group["logGroupArn"]
        settings = {"logGroupClass": "STANDARD", **(aws.store.get(SETTINGS_KIND, id_) or {})}
        return {
            **reported(STORED, settings, inputs),
            "name": group["logGroupName"],
            "retentionInDays": group.get("retentionInDays", 0),
            "tagsAll": aws.client("logs").list_tags_for_resource(resourceArn=arn)["tags"],
            "arn": arn,
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        client = aws.client("logs")
        group = _require_group(aws, "PutRetentionPolicy", id_)
        _refuse_key(aws, "AssociateKmsKey", new)
        aws.store.put(SETTINGS_KIND, id_, request(STORED, new))
        _set_retention(aws, id_, new)
        added, removed = changes(old.get("tagsAll"), new.get("tagsAll"))
        if added:
            client.tag_resource(resourceArn=group["logGroupArn"], tags=added)
        if removed:
            client.untag_resource(resourceArn=group["logGroupArn"], tagKeys=removed)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        if properties.get("skipDestroy"):
            return
        if (aws.store.get(SETTINGS_KIND, id_) or {}).get("deletionProtectionEnabled") and _group(aws, id_):
            message = f"The log group {id_} has deletion protection enabled."
            raise AwsError("ValidationException", message, "DeleteLogGroup")
        found(aws.client("logs").delete_log_group, "ResourceNotFoundException", logGroupName=id_)
        aws.store.delete(SETTINGS_KIND, id_)


class LogMetricFilter(Handler):
    token = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
    replace_on = frozenset({"name", "logGroupName"})
    auto_name = AutoName("name", 512)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        faults = unsupported([*FILTER, block("metricTransformation", *TRANSFORMATION)], inputs)
        transformation = inputs["metricTransformation"]
        if transformation.get("dimensions") and transformation.get("defaultValue") is not None:
            faults.append(Fault("metricTransformation.defaultValue", 'conflicts with "dimensions"'))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        if _filter(aws, inputs["logGroupName"], inputs["name"]):
            message = f"The metric filter {inputs['name']} already exists"
            raise AwsError("ResourceAlreadyExistsException", message, "PutMetricFilter")
        _put_filter(aws, inputs)
        return str(inputs["name"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        # An import names both, as `<log group>:<filter>`.
        group, _, name = id_.rpartition(":")
        there = _filter(aws, inputs.get("logGroupName", group), name)
        if there is None:
            return None
        transformation = dict(there["metricTransformations"][0])
        default = transformation.get("defaultValue")
        if default is not None:
            transformation["defaultValue"] = f"{default:g}"
        like = inputs.get("metricTransformation", {})
        return {
            **reported(FILTER, there, inputs),
            "metricTransformation": {"unit": "None", **reported(TRANSFORMATION, transformation, like)},
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        # The embedded AWS keeps both when a filter is put twice.
        self.delete(aws, id_, old)
        _put_filter(aws, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        delete = aws.client("logs").delete_metric_filter
        found(
            delete,
            "ResourceNotFoundException",
            logGroupName=properties["logGroupName"],
            filterName=id_.rpartition(":")[2],
        )


class LogResourcePolicy(Handler):
    token = "aws:cloudwatch/logResourcePolicy:LogResourcePolicy"
    replace_on = frozenset({"policyName", "resourceArn"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        faults = unsupported(values("policyDocument", "policyName"), inputs)
        if not inputs.get("policyName"):
            faults.append(Fault("policyName", "one of policyName and resourceArn is required"))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        _refuse_document(inputs["policyDocument"])
        name, document = inputs["policyName"], inputs["policyDocument"]
        aws.client("logs").put_resource_policy(policyName=name, policyDocument=document)
        return str(name)

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        policies = aws.client("logs").describe_resource_policies()["resourcePolicies"]
        there = next((policy for policy in policies if policy["policyName"] == id_), None)
        if there is None:
            return None
        return {"policyName": id_, "policyDocument": there["policyDocument"], "policyScope": "ACCOUNT"}

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        found(aws.client("logs").delete_resource_policy, "ResourceNotFoundException", policyName=id_)


def _group(aws: Aws, name: str) -> dict[str, Any] | None:
    groups = aws.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return next((group for group in groups if group["logGroupName"] == name), None)


def _require_group(aws: Aws, operation: str, name: str) -> dict[str, Any]:
    group = _group(aws, name)
    if group is None:
        raise AwsError("ResourceNotFoundException", "The specified log group does not exist.", operation)
    return group


def _set_retention(aws: Aws, name: str, inputs: Mapping[str, Any]) -> None:
    client, days = aws.client("logs"), inputs.get("retentionInDays")
    if days:
        client.put_retention_policy(logGroupName=name, retentionInDays=days)
    else:
        client.delete_retention_policy(logGroupName=name)


def _refuse_key(aws: Aws, operation: str, inputs: Mapping[str, Any]) -> None:
    """Raises AwsError unless the key exists and its policy lets CloudWatch Logs use it."""
    arn = inputs.get("kmsKeyId")
    if not arn:
        return
    client = aws.client("kms")
    key = described_key(aws, arn)
    policy = client.get_key_policy(KeyId=arn, PolicyName="default")["Policy"] if key else "{}"
    if not _names_logs(aws, json.loads(policy or "{}")):
        message = (
            "The specified KMS key does not exist or is not allowed to be used with "
            f"{aws.arn('logs', 'log-group:' + inputs['name'])}"
        )
        raise refuse(operation, message)


def _names_logs(aws: Aws, policy: Mapping[str, Any]) -> bool:
    """Whether a statement allows the service, e.g. `logs.us-east-1.amazonaws.com`; an account alone does not do."""
    services = {"logs.amazonaws.com", f"logs.{aws.region}.amazonaws.com"}
    for statement in policy.get("Statement", ()):
        principal = statement.get("Principal")
        named = principal.get("Service", []) if isinstance(principal, Mapping) else []
        if statement.get("Effect") == "Allow" and services & set([named] if isinstance(named, str) else named):
            return True
    return False


def _filter(aws: Aws, group: str, name: str) -> dict[str, Any] | None:
    filters = aws.client("logs").describe_metric_filters(logGroupName=group)["metricFilters"]
    return next((entry for entry in filters if entry["filterName"] == name), None)


def _put_filter(aws: Aws, inputs: Mapping[str, Any]) -> None:
    _require_group(aws, "PutMetricFilter", inputs["logGroupName"])
    transformation = request(TRANSFORMATION, inputs["metricTransformation"])
    if "defaultValue" in transformation:
        transformation["defaultValue"] = float(transformation["defaultValue"])
    aws.client("logs").put_metric_filter(**request(FILTER, inputs), metricTransformations=[transformation])


def _refuse_document(document: str) -> None:
    try:
        statements = json.loads(document)["Statement"]
    except (ValueError, KeyError, TypeError):
        statements = None
    if not statements:
        raise refuse("PutResourcePolicy", "The policy document is malformed.")


HANDLERS = (LogGroup(), LogMetricFilter(), LogResourcePolicy())
