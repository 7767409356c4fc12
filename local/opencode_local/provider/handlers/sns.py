"""Topics, who may publish to them, and who is told."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from opencode_local.provider.attribute_text import as_text, typed
from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import AutoName, Fault, Handler, Properties
from opencode_local.provider.members import Member, refuse, reported, unsupported, value, values
from opencode_local.provider.tags import changes, mapping, pairs

TOPIC = (
    value("policy"),
    *values("displayName", "kmsMasterKeyId", "deliveryPolicy", "signatureVersion", "tracingConfig"),
    *values("fifoTopic", "contentBasedDeduplication"),
)
SUBSCRIPTION = values(
    "deliveryPolicy", "filterPolicy", "filterPolicyScope", "rawMessageDelivery", "redrivePolicy", "subscriptionRoleArn"
)
EXTENDED = ("confirmationTimeoutInMinutes", "endpointAutoConfirms")
"""Inputs that only say how long to wait for a confirmation."""
NUMBERS = frozenset({"signatureVersion"})
BOOLEANS = frozenset({"fifoTopic", "contentBasedDeduplication", "rawMessageDelivery"})


class Topic(Handler):
    token = "aws:sns/topic:Topic"
    replace_on = frozenset({"name", "namePrefix", "fifoTopic"})
    filled_by_aws = frozenset({"policy", "signatureVersion", "tracingConfig"})
    auto_name = AutoName("name", 256)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported(TOPIC, inputs, "name", "namePrefix")

    def create(self, aws: Aws, inputs: Properties) -> str:
        name = inputs["name"]
        if inputs.get("fifoTopic", False) != name.endswith(".fifo"):
            raise refuse("CreateTopic", "Invalid parameter: Topic Name: fifo topics end with .fifo", "InvalidParameter")
        attributes = _attributes(TOPIC, inputs)
        answer = aws.client("sns").create_topic(Name=name, Attributes=attributes, Tags=pairs(inputs.get("tagsAll")))
        return str(answer["TopicArn"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        there = _topic(aws, id_)
        if there is None:
            return None
        name = id_.rpartition(":")[2]
        return {
            **_properties(TOPIC, there, inputs),
            "name": name,
            "tagsAll": mapping(aws.client("sns").list_tags_for_resource(ResourceArn=id_)["Tags"]),
            "arn": id_,
            "owner": there["Owner"],
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        client = aws.client("sns")
        for name, text in _changed(TOPIC, old, new):
            client.set_topic_attributes(TopicArn=id_, AttributeName=name, AttributeValue=text)
        added, removed = changes(old.get("tagsAll"), new.get("tagsAll"))
        if added:
            client.tag_resource(ResourceArn=id_, Tags=pairs(added))
        if removed:
            client.untag_resource(ResourceArn=id_, TagKeys=removed)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        found(aws.client("sns").delete_topic, "NotFound", TopicArn=id_)


class TopicPolicy(Handler):
    """The topic's only policy; without this resource AWS's own, which lets the account's principals publish."""

    token = "aws:sns/topicPolicy:TopicPolicy"
    replace_on = frozenset({"arn"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        _refuse_policy(inputs["policy"])
        _set_policy(aws, inputs["arn"], inputs["policy"])
        return str(inputs["arn"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        there = _topic(aws, id_)
        if there is None:
            return None
        return {"arn": id_, "policy": there["Policy"], "owner": there["Owner"]}

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        _refuse_policy(new["policy"])
        _set_policy(aws, id_, new["policy"])

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        if _topic(aws, id_) is not None:
            _set_policy(aws, id_, json.dumps(default_policy(aws, id_)))


class TopicSubscription(Handler):
    token = "aws:sns/topicSubscription:TopicSubscription"
    replace_on = frozenset({"endpoint", "protocol", "topic"})
    filled_by_aws = frozenset({"filterPolicyScope"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported(SUBSCRIPTION, inputs, "endpoint", "protocol", "topic", *EXTENDED)

    def create(self, aws: Aws, inputs: Properties) -> str:
        _refuse_endpoint(inputs["protocol"], inputs["endpoint"])
        answer = aws.client("sns").subscribe(
            TopicArn=inputs["topic"],
            Protocol=inputs["protocol"],
            Endpoint=inputs["endpoint"],
            Attributes=_attributes(SUBSCRIPTION, inputs),
            ReturnSubscriptionArn=True,
        )
        return str(answer["SubscriptionArn"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        get = aws.client("sns").get_subscription_attributes
        answer = found(get, "NotFound", SubscriptionArn=id_)
        if answer is None:
            return None
        there = answer["Attributes"]
        return {
            **_properties(SUBSCRIPTION, there, inputs),
            "topic": there["TopicArn"],
            "protocol": there["Protocol"],
            "endpoint": there["Endpoint"],
            "arn": id_,
            "ownerId": there["Owner"],
            "pendingConfirmation": there.get("PendingConfirmation") == "true",
            "confirmationWasAuthenticated": there.get("ConfirmationWasAuthenticated") == "true",
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        for name, text in _changed(SUBSCRIPTION, old, new):
            aws.client("sns").set_subscription_attributes(SubscriptionArn=id_, AttributeName=name, AttributeValue=text)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        found(aws.client("sns").unsubscribe, "NotFound", SubscriptionArn=id_)


def default_policy(aws: Aws, topic_arn: str) -> dict[str, Any]:
    """Source: terraform-provider-aws, internal/service/sns/topic.go, defaultTopicPolicy (read 2026-11-21)."""
    actions = ("GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic")
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in (*actions, "Subscribe", "ListSubscriptionsByTopic", "Publish")],
        "Resource": topic_arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": aws.account_id}},
    }
    return {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}


def _topic(aws: Aws, arn: str) -> dict[str, str] | None:
    answer = found(aws.client("sns").get_topic_attributes, "NotFound", TopicArn=arn)
    return None if answer is None else dict(answer["Attributes"])


def _set_policy(aws: Aws, arn: str, policy: str) -> None:
    aws.client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)


def _attributes(table: Sequence[Member], inputs: Mapping[str, Any]) -> dict[str, str]:
    """SNS takes every attribute as text."""
    return {entry.member: as_text(inputs[entry.property]) for entry in table if inputs.get(entry.property) is not None}


def _properties(table: Sequence[Member], there: Mapping[str, str], inputs: Mapping[str, Any]) -> Properties:
    return typed(reported(table, there, inputs), booleans=BOOLEANS, numbers=NUMBERS)


def _changed(table: Sequence[Member], old: Properties, new: Properties) -> list[tuple[str, str]]:
    """The attributes to set; one that is no longer declared is emptied."""
    before, after = _attributes(table, old), _attributes(table, new)
    return [(name, after.get(name, "")) for name in sorted({*before, *after}) if before.get(name) != after.get(name)]


def _refuse_policy(policy: str) -> None:
    try:
        statements = json.loads(policy)["Statement"]
    except (ValueError, KeyError, TypeError):
        statements = None
    if not statements:
        raise AwsError("InvalidParameter", "Invalid parameter: Policy Error: null", "SetTopicAttributes")


def _refuse_endpoint(protocol: str, endpoint: str) -> None:
    """Source: Subscribe in the service model (read 2026-11-21)."""
    begins = {"http": "http://", "https": "https://", "lambda": "arn:", "sqs": "arn:", "firehose": "arn:"}
    known = {*begins, "email", "email-json", "sms", "application"}
    is_mail = protocol.startswith("email")
    if protocol not in known:
        raise AwsError(
            "InvalidParameter", f"Invalid parameter: Does not support this protocol string: {protocol}", "Subscribe"
        )
    if not endpoint.startswith(begins.get(protocol, "")) or (is_mail and "@" not in endpoint):
        raise AwsError("InvalidParameter", f"Invalid parameter: Endpoint {endpoint} for {protocol}", "Subscribe")


HANDLERS = (Topic(), TopicPolicy(), TopicSubscription())
