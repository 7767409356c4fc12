"""Amazon SQS and SNS, EventBridge, Step Functions, Lambda, and connections of WebSocket APIs.

Sources: Service authorization reference, the pages of these services; SQS developer guide, "Amazon SQS API permissions:
Actions and resource reference" (read 2026-11-21).
"""

from collections.abc import Mapping, Sequence
from functools import partial

from opencode_local.access.needs import Need, Rule, Unknowable, anywhere, need, text
from opencode_local.access.operations import Asked


def on_queue(asked: Asked) -> Sequence[Need]:
    """Queues are named by URL, `https://.../<account>/<name>`; a batch needs the action of its single entries."""
    named = asked.params.get("QueueName") or text(asked.params, "QueueUrl").rstrip("/").rpartition("/")[2]
    return [need(asked, asked.arn(str(named)), action=asked.operation.removesuffix("Batch"))]


def on_topic(asked: Asked) -> Sequence[Need]:
    """A message may go to a topic, to one endpoint, or to a telephone number, which is no resource."""
    arn = asked.params.get("TopicArn") or asked.params.get("TargetArn") or "*"
    return [need(asked, str(arn), action=asked.operation.removesuffix("Batch"))]


def on_buses(asked: Asked) -> Sequence[Need]:
    """Each entry of an event bus, with what the event says of itself."""
    found = [
        need(
            asked,
            bus_arn(asked, entry.get("EventBusName") or "default"),
            context={"events:source": entry.get("Source", ""), "events:detail-type": entry.get("DetailType", "")},
        )
        for entry in asked.params.get("Entries") or ()
    ]
    if not found:
        raise Unknowable("the request has no Entries")
    return found


def bus_arn(asked: Asked, name: str) -> str:
    return name if name.startswith("arn:") else asked.arn(f"event-bus/{name}")


def on_state_machine(asked: Asked) -> Sequence[Need]:
    return [need(asked, text(asked.params, "stateMachineArn", "executionArn"))]


def function_arn(asked: Asked) -> str:
    """Functions are named by name, ARN, or `<account>:function:<name>`; a qualifier becomes part of the ARN."""
    resource = text(asked.params, "FunctionName").split("function:", 1)[-1]
    qualifier = asked.params.get("Qualifier")
    return asked.arn(f"function:{resource}{f':{qualifier}' if qualifier and ':' not in resource else ''}")


def on_function(action: str, asked: Asked) -> Sequence[Need]:
    return [need(asked, function_arn(asked), action=action)]


def on_connection(asked: Asked) -> Sequence[Need]:
    """`arn:aws:execute-api:<region>:<account>:<api>/<stage>/POST/@connections/<id>`.

    The local endpoint's address does not tell API and stage, so that the policy must allow them all.
    Source: API Gateway developer guide, "Use @connections commands in your backend service" (read 2026-11-21).
    """
    method = {"PostToConnection": "POST", "GetConnection": "GET", "DeleteConnection": "DELETE"}[asked.operation]
    connection = text(asked.params, "ConnectionId", "connectionId")
    return [need(asked, asked.arn(f"*/*/{method}/@connections/{connection}"), action="ManageConnections")]


SQS_RULES: Mapping[str, Rule] = {
    **dict.fromkeys(
        (
            "ChangeMessageVisibility",
            "ChangeMessageVisibilityBatch",
            "DeleteMessage",
            "DeleteMessageBatch",
            "GetQueueAttributes",
            "GetQueueUrl",
            "PurgeQueue",
            "ReceiveMessage",
            "SendMessage",
            "SendMessageBatch",
        ),
        on_queue,
    ),
    "ListQueues": anywhere,
}
SNS_RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("GetTopicAttributes", "Publish", "PublishBatch", "Subscribe"), on_topic),
    "ListTopics": anywhere,
}
EVENTS_RULES: Mapping[str, Rule] = {"PutEvents": on_buses}
STATES_RULES: Mapping[str, Rule] = dict.fromkeys(
    ("DescribeExecution", "DescribeStateMachine", "StartExecution", "StartSyncExecution", "StopExecution"),
    on_state_machine,
)
LAMBDA_RULES: Mapping[str, Rule] = {
    "GetFunction": partial(on_function, "GetFunction"),
    "GetFunctionConfiguration": partial(on_function, "GetFunctionConfiguration"),
    "Invoke": partial(on_function, "InvokeFunction"),
    "InvokeWithResponseStream": partial(on_function, "InvokeFunction"),
}
EXECUTE_API_RULES: Mapping[str, Rule] = dict.fromkeys(
    ("DeleteConnection", "GetConnection", "PostToConnection"), on_connection
)
