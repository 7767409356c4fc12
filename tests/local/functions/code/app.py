"""What the functions of the tests do: what their event says."""

import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

import boto3

Event = dict[str, Any]
print("loaded")


def do(event: Event, context: Any) -> Any:
    """`{"do": <name below>, ...}`."""
    return ACTIONS[event["do"]](event, context)


def echo(event: Event, _context: Any) -> Any:
    return event


def surroundings(event: Event, context: Any) -> Any:
    return {
        "environment": dict(os.environ),
        "folder": str(Path.cwd()),
        "scratch": os.environ["TMPDIR"],
        "pid": os.getpid(),
        "remaining_ms": context.get_remaining_time_in_millis(),
        "arn": context.invoked_function_arn,
        "request_id": context.aws_request_id,
        "name": context.function_name,
        "memory": context.memory_limit_in_mb,
    }


def say(event: Event, _context: Any) -> Any:
    print(event["text"], end="")
    print(event["text"], file=sys.stderr)
    logging.getLogger("ours").warning("careful: %s", event["text"])


def fail(event: Event, _context: Any) -> Any:
    raise ValueError(event["why"])


def leave(event: Event, _context: Any) -> Any:
    sys.exit(event["code"])


def hang(_event: Event, _context: Any) -> Any:
    time.sleep(60)


def answer_a_set(_event: Event, _context: Any) -> Any:
    return {1, 2}


def answer_much(event: Event, _context: Any) -> Any:
    return "x" * event["size_bytes"]


def take_memory(event: Event, _context: Any) -> Any:
    return len(bytearray(event["size_bytes"]))


def wait_for_file(event: Event, _context: Any) -> Any:
    """Busy until the file is there."""
    while not Path(event["path"]).exists():
        time.sleep(0.005)
    return os.getpid()


def put(event: Event, _context: Any) -> Any:
    boto3.client("dynamodb").put_item(TableName=event["table"], Item={"id": {"S": event["id"]}})


def import_ours(_event: Event, _context: Any) -> Any:
    import opencode_local  # noqa: PLC0415  it is not to be found

    return opencode_local.__name__


def respond(event: Event, _context: Any) -> Any:
    """The response that the request's body asks for, else one that tells the event."""
    if event.get("body") and not event["isBase64Encoded"]:
        return json.loads(event["body"])
    return {"statusCode": 200, "body": json.dumps(event)}


def converse(event: Event, _context: Any) -> Any:
    """One side of a WebSocket API: refuses whom it is told to, and writes back through `@connections`."""
    about = event["requestContext"]
    if about["eventType"] == "CONNECT":
        return {"statusCode": 403 if "refuse" in (event["queryStringParameters"] or {}) else 200}
    if about["eventType"] == "MESSAGE":
        endpoint = f"http://{about['domainName']}/{about['stage']}"
        clients = boto3.client("apigatewaymanagementapi", endpoint_url=endpoint)
        said = {"route": about["routeKey"], "body": event["body"]}
        clients.post_to_connection(ConnectionId=about["connectionId"], Data=json.dumps(said).encode())
    return {"statusCode": 200}


def receive(event: Event, _context: Any) -> Any:
    """Fails messages as often as they say, all of the batch or only those."""
    failed = [
        record["messageId"]
        for record in event["Records"]
        if json.loads(record["body"]).get("fails", 0) >= int(record["attributes"]["ApproximateReceiveCount"])
    ]
    if failed and "REPORTS" not in os.environ:
        raise ValueError("a message fails")
    return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}


def follow(event: Event, _context: Any) -> Any:
    """Fails for every batch with a poisoned item."""
    if any("poison" in record["dynamodb"].get("NewImage", {}) for record in event["Records"]):
        raise ValueError("poison")


ACTIONS = {
    action.__name__: action
    for action in (
        *(echo, surroundings, say, fail, leave, hang, answer_a_set, answer_much, take_memory, wait_for_file, put),
        import_ours,
    )
}
