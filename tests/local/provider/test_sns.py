"""Topics, their policies, and who is told."""

import json
from typing import Any

import pytest

from tests.local.provider.declaring import Made, Program, Refused
from tests.local.provider.round_trip import assert_as_declared, leaves_nothing, lives_and_changes

TOPIC = "aws:sns/topic:Topic"
POLICY = "aws:sns/topicPolicy:TopicPolicy"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"


def published_by(service: str, topic_arn: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sns:Publish", "Resource": topic_arn}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def topic(program: Program) -> Made:
    return program.declare(TOPIC)


def test_a_topic_changes_in_place_and_leaves_nothing(program: Program) -> None:
    topic = program.declare(TOPIC, displayName="Gateway", kmsMasterKeyId="alias/aws/sns", tags={"for": "operators"})

    topic = lives_and_changes(
        program, topic, {"displayName": None, "kmsMasterKeyId": None, "tags": None}, displayName="AI"
    )

    assert program.plan(topic, displayName="AI", name="another") == {"name": True}
    leaves_nothing(program, topic)


def test_a_policy_changes_in_place_and_gives_way_to_that_of_aws(program: Program, topic: Made) -> None:
    policy = program.declare(POLICY, arn=topic["arn"], policy=published_by("events.amazonaws.com", topic["arn"]))
    new = {"arn": topic["arn"], "policy": published_by("cloudwatch.amazonaws.com", topic["arn"])}

    policy = lives_and_changes(program, policy, {"policy": None}, **new)
    program.remove(policy)

    there = program.client("sns").get_topic_attributes(TopicArn=topic["arn"])["Attributes"]
    assert json.loads(there["Policy"])["Id"] == "__default_policy_ID"


def test_the_topic_does_not_mind_a_policy_of_its_own_resource(program: Program, topic: Made) -> None:
    program.declare(POLICY, arn=topic["arn"], policy=published_by("cloudwatch.amazonaws.com", topic["arn"]))

    assert_as_declared(program, topic)


def test_a_subscription_changes_in_place_and_leaves_nothing(program: Program, topic: Made) -> None:
    given = {"topic": topic["arn"], "protocol": "https", "endpoint": "https://example.com/alarms"}
    subscription = program.declare(SUBSCRIPTION, **given)

    new = {**given, "rawMessageDelivery": True, "filterPolicy": json.dumps({"kind": ["alarm"]})}
    subscription = lives_and_changes(program, subscription, {"rawMessageDelivery": None, "filterPolicy": None}, **new)

    assert program.plan(subscription, **{**new, "endpoint": "https://example.org/"}) == {"endpoint": True}
    leaves_nothing(program, subscription)


def test_people_are_told_by_mail(program: Program, topic: Made) -> None:
    mail = program.declare(SUBSCRIPTION, topic=topic["arn"], protocol="email", endpoint="ops@example.com")

    assert_as_declared(program, mail)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"protocol": "mail"}, "Does not support this protocol string: mail"),
        ({"protocol": "email", "endpoint": "ops"}, "Endpoint ops for email"),
        ({"endpoint": "http://example.com"}, "Endpoint http://example.com for https"),
        ({"topic": "arn:aws:sns:us-east-1:123456789012:nobody"}, "Topic does not exist"),
        ({"replayPolicy": "{}"}, "replayPolicy: not supported by the local AWS"),
    ],
)
def test_a_subscription_that_aws_would_refuse_is_refused(
    program: Program, topic: Made, bad: dict[str, Any], why: str
) -> None:
    given = {"topic": topic["arn"], "protocol": "https", "endpoint": "https://example.com/alarms"}

    with pytest.raises(Refused, match=why):
        program.declare(SUBSCRIPTION, **{**given, **bad})


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"name": "our alarms"}, "Topic names must be made up of"),
        ({"fifoTopic": True, "name": "alarms"}, "fifo topics end with .fifo"),
        ({"archivePolicy": "{}"}, "archivePolicy: not supported by the local AWS"),
    ],
)
def test_a_topic_that_aws_would_refuse_is_refused(program: Program, bad: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        program.declare(TOPIC, **bad)


def test_a_policy_that_aws_would_refuse_is_refused(program: Program, topic: Made) -> None:
    with pytest.raises(Refused, match="Policy Error"):
        program.declare(POLICY, arn=topic["arn"], policy="{}")
    with pytest.raises(Refused, match="NotFound"):
        program.declare(POLICY, arn=f"{topic['arn']}-2", policy=published_by("events.amazonaws.com", topic["arn"]))
