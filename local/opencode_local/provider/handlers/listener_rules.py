"""Rules of listeners.

Rules: service model of Elastic Load Balancing v2, and Application Load Balancer user guide, "Listener rules",
"Condition types" and "Quotas" (read 2026-11-21).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import Fault, Handler, Properties
from opencode_local.provider.handlers.elb_attributes import retag, tagging, tags_of
from opencode_local.provider.handlers.listener_actions import (
    JWT_KIND,
    actions_member,
    keep_jwt,
    read_actions,
    refuse_actions,
    requested,
    without_jwt,
)
from opencode_local.provider.handlers.listeners import described_listener
from opencode_local.provider.members import block, blocks, reported, request, unsupported, values

CONDITIONS: Mapping[str, tuple[str, str]] = {
    "hostHeader": ("host-header", "HostHeaderConfig"),
    "httpHeader": ("http-header", "HttpHeaderConfig"),
    "httpRequestMethod": ("http-request-method", "HttpRequestMethodConfig"),
    "pathPattern": ("path-pattern", "PathPatternConfig"),
    "sourceIp": ("source-ip", "SourceIpConfig"),
}
"""The engine's block, AWS's field, and the member that holds the values."""
QUERY = "queryStrings"
"""Its block is a list of keys and values."""
QUERY_FIELD, QUERY_CONFIG = "query-string", "QueryStringConfig"
CONDITION = (
    *(block(name, *values("httpHeaderName", "values"), member=config) for name, (_, config) in CONDITIONS.items()),
    blocks(QUERY, *values("key", "value"), member=f"{QUERY_CONFIG}.Values"),
)
TABLE = (actions_member("actions"), blocks("conditions", *CONDITION), *values("listenerArn", "priority"))
REPEATABLE = frozenset({"http-header", QUERY_FIELD})
MAX_VALUES, MAX_WILDCARDS = 5, 6
MAX_VALUE_CHARACTERS = 128


class ListenerRule(Handler):
    token = "aws:lb/listenerRule:ListenerRule"
    replace_on = frozenset({"listenerArn"})
    filled_by_aws = frozenset({"priority"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported(TABLE, inputs)

    def create(self, aws: Aws, inputs: Properties) -> str:
        actions, conditions = _refuse(aws, "CreateRule", inputs)
        made = aws.client("elbv2").create_rule(
            ListenerArn=inputs["listenerArn"],
            Priority=inputs.get("priority") or _next_priority(aws, inputs["listenerArn"]),
            Conditions=conditions,
            Actions=without_jwt(actions),
            **tagging(inputs),
        )
        arn = str(made["Rules"][0]["RuleArn"])
        keep_jwt(aws, arn, actions)
        return arn

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        answer = found(aws.client("elbv2").describe_rules, "RuleNotFound", RuleArns=[id_])
        if answer is None:
            return None
        rule = answer["Rules"][0]
        return {
            "actions": read_actions(aws, id_, rule["Actions"], inputs.get("actions") or []),
            "conditions": [reported(CONDITION, condition, {}) for condition in rule["Conditions"]],
            "listenerArn": _listener_of(id_),
            "priority": int(rule["Priority"]),
            "tagsAll": tags_of(aws, id_),
            "arn": id_,
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        client = aws.client("elbv2")
        actions, conditions = _refuse(aws, "ModifyRule", new, id_)
        if new.get("priority") not in (None, old.get("priority")):
            client.set_rule_priorities(RulePriorities=[{"RuleArn": id_, "Priority": new["priority"]}])
        client.modify_rule(RuleArn=id_, Conditions=conditions, Actions=without_jwt(actions))
        keep_jwt(aws, id_, actions)
        retag(aws, id_, old, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        found(aws.client("elbv2").delete_rule, "RuleNotFound", RuleArn=id_)
        aws.store.delete(JWT_KIND, id_)


def _listener_of(rule_arn: str) -> str:
    return rule_arn.replace(":listener-rule/", ":listener/").rpartition("/")[0]


def _next_priority(aws: Aws, listener_arn: str) -> int:
    rules = aws.client("elbv2").describe_rules(ListenerArn=listener_arn)["Rules"]
    return 1 + max((int(rule["Priority"]) for rule in rules if rule["Priority"] != "default"), default=0)


def _refuse(
    aws: Aws, operation: str, inputs: Properties, arn: str = ""
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Actions and conditions to request; raises AwsError for what AWS, unlike the embedded one, would not take."""
    actions, conditions = requested(inputs["actions"]), list(_conditions(inputs["conditions"]))
    listener = described_listener(aws, inputs["listenerArn"])
    if listener is None:
        raise AwsError("ListenerNotFound", f"One or more listeners not found: {inputs['listenerArn']}", operation)
    target = (
        {"RuleArn": arn} if arn else {"ListenerArn": inputs["listenerArn"], "Priority": inputs.get("priority") or 1}
    )
    aws.validate("elbv2", operation, Actions=actions, Conditions=conditions, **target)
    refuse_actions(operation, listener["Protocol"], actions)
    _refuse_conditions(operation, conditions)
    return actions, conditions


def _conditions(declared: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for condition in declared:
        for name, field in [*((name, field) for name, (field, _) in CONDITIONS.items()), (QUERY, QUERY_FIELD)]:
            if condition.get(name) is not None:
                yield {"Field": field, **request(CONDITION, {name: condition[name]})}


def _refuse_conditions(operation: str, conditions: Sequence[Mapping[str, Any]]) -> None:
    fields = [condition["Field"] for condition in conditions]
    repeated = sorted({field for field in fields if fields.count(field) > 1} - REPEATABLE)
    all_values = [text for condition in conditions for text in _values_of(condition)]
    value_count = sum(len(_compared(condition)) for condition in conditions)
    too_long = [text for text in all_values if len(text) > MAX_VALUE_CHARACTERS]
    wildcards = sum(text.count("*") + text.count("?") for text in all_values)
    if repeated:
        message = f"A rule can only have one '{repeated[0]}' condition"
    elif not conditions or any(not _values_of(condition) for condition in conditions):
        message = "A condition value must be specified"
    elif value_count > MAX_VALUES:
        message = f"A rule can only have '{MAX_VALUES}' condition values"
    elif wildcards > MAX_WILDCARDS:
        message = f"A rule can only have '{MAX_WILDCARDS}' condition wildcards"
    elif too_long:
        message = f"The condition value '{too_long[0]}' is too long; the limit is '{MAX_VALUE_CHARACTERS}'"
    else:
        return
    raise AwsError("ValidationError", message, operation)


def _values_of(condition: Mapping[str, Any]) -> list[str]:
    """Every text that is compared; of a query string keys and values."""
    return [
        text for value in _compared(condition) for text in (value.values() if isinstance(value, Mapping) else [value])
    ]


def _compared(condition: Mapping[str, Any]) -> list[Any]:
    members = [*(member for _, member in CONDITIONS.values()), QUERY_CONFIG]
    config = next(condition[member] for member in members if member in condition)
    return list(config.get("Values", ()))


HANDLERS = (ListenerRule(),)
