"""Rules of EventBridge that come round by the clock, and what they invoke; schedules of EventBridge Scheduler.

Rules: service models of both; terraform-provider-aws, internal/service/events/rule.go, target.go and internal/service/
scheduler/schedule.go (read 2026-11-21).
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import AutoName, Fault, Handler, Properties
from opencode_local.provider.handlers.lambda_functions import require_function
from opencode_local.provider.handlers.lambda_roles import trusts
from opencode_local.provider.members import block, refuse, reported, request, unsupported, value, values
from opencode_local.provider.tags import changes, mapping, pairs

RULE = (value("name"), *values("description", "roleArn", "scheduleExpression", "state"))
TARGET = (
    value("targetId", "Id"),
    *values("arn", "input", "roleArn"),
    block("retryPolicy", value("maximumEventAgeInSeconds"), value("maximumRetryAttempts")),
)
SCHEDULE = (
    value("name"),
    *values("actionAfterCompletion", "description", "groupName", "scheduleExpression", "scheduleExpressionTimezone"),
    *values("startDate", "endDate", "state"),
    block("flexibleTimeWindow", *values("mode", "maximumWindowInMinutes")),
    block(
        "target",
        *values("arn", "roleArn", "input"),
        block("retryPolicy", value("maximumEventAgeInSeconds"), value("maximumRetryAttempts")),
    ),
)
DEFAULT_BUS = "default"
RULE_EXPRESSION = re.compile(
    r"rate\(1 (minute|hour|day)\)|rate\((?!0|1 )\d+ (minutes|hours|days)\)|cron\(\S+( \S+){5}\)"
)
SCHEDULE_EXPRESSION = re.compile(
    r"rate\([1-9]\d* (minute|hour|day)s?\)|cron\(\S+( \S+){5}\)|at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)"
)
GONE = "ResourceNotFoundException"
SCHEDULER = "scheduler.amazonaws.com"


class EventRule(Handler):
    token = "aws:cloudwatch/eventRule:EventRule"
    replace_on = frozenset({"name", "namePrefix", "eventBusName"})
    filled_by_aws = frozenset({"state"})
    auto_name = AutoName("name", 64)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return [*unsupported(RULE, inputs, "eventBusName", "forceDestroy", "namePrefix"), *_rule_faults(inputs)]

    def create(self, aws: Aws, inputs: Properties) -> str:
        self._put(aws, inputs, Tags=pairs(inputs.get("tagsAll")))
        return str(inputs["name"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        client = aws.client("events")
        there = found(client.describe_rule, GONE, Name=id_)
        if there is None:
            return None
        tags = mapping(client.list_tags_for_resource(ResourceARN=there["Arn"])["Tags"])
        return {**reported(RULE, there, inputs), "eventBusName": DEFAULT_BUS, "arn": there["Arn"], "tagsAll": tags}

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        client = aws.client("events")
        self._put(aws, new)
        arn = client.describe_rule(Name=id_)["Arn"]
        added, removed = changes(old.get("tagsAll"), new.get("tagsAll"))
        if added:
            client.tag_resource(ResourceARN=arn, Tags=pairs(added))
        if removed:
            client.untag_resource(ResourceARN=arn, TagKeys=removed)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        if properties.get("forceDestroy"):
            targets = found(aws.client("events").list_targets_by_rule, GONE, Rule=id_) or {"Targets": []}
            for target in targets["Targets"]:
                aws.client("events").remove_targets(Rule=id_, Ids=[target["Id"]])
        found(aws.client("events").delete_rule, GONE, Name=id_)

    def _put(self, aws: Aws, inputs: Properties, **others: Any) -> None:
        if not RULE_EXPRESSION.fullmatch(inputs["scheduleExpression"]):
            raise AwsError("ValidationException", "Parameter ScheduleExpression is not valid.", "PutRule")
        aws.client("events").put_rule(**{"State": "ENABLED", "Description": "", **request(RULE, inputs)}, **others)


class EventTarget(Handler):
    token = "aws:cloudwatch/eventTarget:EventTarget"
    replace_on = frozenset({"rule", "eventBusName", "targetId"})
    auto_name = AutoName("targetId", 64)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        faults = unsupported(TARGET, inputs, "rule", "eventBusName", "forceDestroy")
        if ":lambda:" not in inputs["arn"]:
            faults.append(Fault("arn", "only functions are supported by the local AWS"))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        self._put(aws, inputs)
        return f"{inputs['rule']}-{inputs['targetId']}"

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        rule, target_id = (inputs["rule"], inputs["targetId"]) if inputs else id_.rsplit("-", 1)
        answer = found(aws.client("events").list_targets_by_rule, GONE, Rule=rule)
        there = next((one for one in (answer or {}).get("Targets", ()) if one["Id"] == target_id), None)
        return None if there is None else {**reported(TARGET, there, inputs), "rule": rule}

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        self._put(aws, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        found(aws.client("events").remove_targets, GONE, Rule=properties["rule"], Ids=[properties["targetId"]])

    def _put(self, aws: Aws, inputs: Properties) -> None:
        require_function(aws, "PutTargets", inputs["arn"])
        aws.client("events").put_targets(Rule=inputs["rule"], Targets=[request(TARGET, inputs)])


class Schedule(Handler):
    token = "aws:scheduler/schedule:Schedule"
    replace_on = frozenset({"name", "namePrefix", "groupName"})
    filled_by_aws = frozenset({"groupName", "scheduleExpressionTimezone", "state", "actionAfterCompletion"})
    auto_name = AutoName("name", 64)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return [*unsupported(SCHEDULE, inputs, "namePrefix"), *_schedule_faults(inputs)]

    def create(self, aws: Aws, inputs: Properties) -> str:
        _refuse_schedule(aws, "CreateSchedule", inputs)
        aws.client("scheduler").create_schedule(**request(SCHEDULE, inputs))
        return f"{DEFAULT_BUS}/{inputs['name']}"

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        there = found(aws.client("scheduler").get_schedule, GONE, Name=id_.partition("/")[2])
        if there is None:
            return None
        made = reported(SCHEDULE, there, inputs)
        made["target"] = _declared_target(made["target"], inputs)
        return {**made, "arn": there["Arn"]}

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        _refuse_schedule(aws, "UpdateSchedule", new)
        aws.client("scheduler").update_schedule(**request(SCHEDULE, new))

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        found(aws.client("scheduler").delete_schedule, GONE, Name=id_.partition("/")[2])


def _rule_faults(inputs: Properties) -> Iterator[Fault]:
    if inputs.get("scheduleExpression") is None:
        yield Fault("scheduleExpression", "required: rules without a schedule are not supported by the local AWS")
    if inputs.get("eventBusName") not in {None, DEFAULT_BUS}:
        yield Fault("eventBusName", "a schedule belongs to the default bus")


def _schedule_faults(inputs: Properties) -> Iterator[Fault]:
    if inputs.get("groupName") not in {None, DEFAULT_BUS}:
        yield Fault("groupName", "groups of schedules are not supported by the local AWS")
    if ":lambda:" not in inputs["target"]["arn"]:
        yield Fault("target.arn", "only functions are supported by the local AWS")


def _declared_target(target: Properties, inputs: Properties) -> Properties:
    """Without the retry policy that AWS fills in."""
    if inputs and "retryPolicy" not in inputs["target"]:
        return {name: part for name, part in target.items() if name != "retryPolicy"}
    return target


def _refuse_schedule(aws: Aws, operation: str, inputs: Properties) -> None:
    if not SCHEDULE_EXPRESSION.fullmatch(inputs["scheduleExpression"]):
        raise refuse(operation, f"Invalid Schedule Expression {inputs['scheduleExpression']}.", "ValidationException")
    window = inputs["flexibleTimeWindow"]
    if (window["mode"] == "FLEXIBLE") != ("maximumWindowInMinutes" in window):
        raise refuse(operation, "Flexible time window mode and its minutes do not fit", "ValidationException")
    if not trusts(aws, inputs["target"]["roleArn"], SCHEDULER):
        message = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
        raise refuse(operation, message, "ValidationException")


HANDLERS = (EventRule(), EventTarget(), Schedule())
