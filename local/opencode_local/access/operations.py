"""Which operation of which service a signed request asks for, read by the services' own models.

Source: botocore's service models (1.43) and the AWS protocols they name: json, query, rest-json, rest-xml.
"""

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote

from botocore.loaders import Loader

from opencode_local.access.signatures import Received

MODELS: Mapping[str, tuple[str, ...]] = {
    "dynamodb": ("dynamodb", "dynamodbstreams"),
    "ecr": ("ecr",),
    "events": ("events",),
    "execute-api": ("apigatewaymanagementapi",),
    "kms": ("kms",),
    "lambda": ("lambda",),
    "logs": ("logs",),
    "monitoring": ("cloudwatch",),
    "s3": ("s3",),
    "secretsmanager": ("secretsmanager",),
    "sns": ("sns",),
    "sqs": ("sqs",),
    "ssm": ("ssm",),
    "states": ("stepfunctions",),
    "sts": ("sts",),
}
"""botocore's names of the services behind each signing name."""
IAM_PREFIXES = {"monitoring": "cloudwatch"}
"""Of the actions, where it is not the signing name."""
LABEL = re.compile(r"\{(\w+)(\+?)\}")
Params = Mapping[str, Any]


class NotUnderstood(Exception):
    """The request is none of the operations that the service's model has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One operation and its parameters, in the account and region of the call."""

    service: str
    """The prefix of its IAM actions."""
    operation: str
    params: Params
    region: str
    account_id: str
    partition: str

    def arn(self, resource: str, *, service: str | None = None, region: str | None = None) -> str:
        """`arn:aws:<service>:<region>:<account>:<resource>`."""
        place = self.region if region is None else region
        return f"arn:{self.partition}:{service or self.service}:{place}:{self.account_id}:{resource}"


@dataclass(frozen=True, slots=True)
class Route:
    """Where the model of a REST service has one operation."""

    operation: str
    method: str
    path: re.Pattern[str]
    query: Mapping[str, str | None]
    """Parameters that must be there, with their value where it is fixed."""
    headers: frozenset[str]
    """Those that must be there, in lower case: CopyObject is a PutObject that names a source."""

    @property
    def weight(self) -> tuple[int, int]:
        """The most particular route of those that match is meant."""
        return len(self.query) + len(self.headers), len(self.path.pattern)


def read(received: Received, signing_name: str) -> tuple[str, Params]:
    """Name and parameters of the operation. Raises NotUnderstood."""
    if signing_name not in MODELS:
        raise NotUnderstood(f"the local AWS does not know the service {signing_name!r}")
    target = received.header("x-amz-target")
    if target is not None:
        if received.query:
            raise NotUnderstood("an operation that X-Amz-Target names has no query string")
        return target.rpartition(".")[2], _json(_decompressed(received))
    routes = [route for model in MODELS[signing_name] for route in rest_routes(model)]
    return _rest(received, routes, signing_name) if routes else _form(received, signing_name)


def _decompressed(received: Received) -> bytes:
    """SDKs compress large requests of some operations, such as PutMetricData."""
    if received.header("content-encoding") != "gzip":
        return received.body
    try:
        return gzip.decompress(received.body)
    except (OSError, EOFError) as error:
        raise NotUnderstood("the body is not compressed as it says") from error


def _json(body: bytes) -> Params:
    try:
        found = json.loads(body or b"{}")
    except ValueError as error:
        raise NotUnderstood("the body is no JSON") from error
    if not isinstance(found, dict):
        raise NotUnderstood("the body is no JSON object")
    return found


def _form(received: Received, signing_name: str) -> tuple[str, Params]:
    """The query protocol: parameters in the body, or behind the path. The first of a name counts."""
    encoded = [_decompressed(received).decode("utf-8", "replace"), received.query]
    pairs = [pair for text in encoded for pair in parse_qsl(text, keep_blank_values=True)]
    actions = [value for name, value in pairs if name == "Action"]
    if len(actions) != 1:
        raise NotUnderstood(f"the request of {signing_name} has {len(actions)} values of Action")
    return actions[0], dict(reversed(pairs))


def _rest(received: Received, routes: list[Route], signing_name: str) -> tuple[str, Params]:
    given = dict(parse_qsl(received.query, keep_blank_values=True))
    headers = {name.lower(): value for name, value in received.headers.items() if name.lower().startswith("x-amz-")}
    found = [
        (route, matched)
        for route in routes
        if route.method == received.method
        and (matched := route.path.fullmatch(received.path))
        and all(name in given and value in {None, given[name]} for name, value in route.query.items())
        and route.headers <= headers.keys()
    ]
    if not found:
        raise NotUnderstood(f"{received.method} {received.path} is no operation of {signing_name}")
    route, matched = max(found, key=lambda one: one[0].weight)
    labels = {name: unquote(value) for name, value in matched.groupdict().items() if value is not None}
    return route.operation, {**headers, **given, **labels, "body": received.body}


@cache
def rest_routes(model: str) -> tuple[Route, ...]:
    """Empty for services of other protocols."""
    document = Loader().load_service_model(model, "service-2")
    if not str(document["metadata"]["protocol"]).startswith("rest"):
        return ()
    return tuple(_routes(document))


def _routes(document: Mapping[str, Any]) -> Iterator[Route]:
    for name, operation in document["operations"].items():
        path, _, constants = operation["http"]["requestUri"].partition("?")
        fixed = {key: value or None for key, _, value in (part.partition("=") for part in constants.split("&") if part)}
        method = operation["http"]["method"]
        query = fixed | dict.fromkeys(_required(document, operation, "querystring"))
        headers = frozenset(name.lower() for name in _required(document, operation, "header"))
        yield Route(name, method, _pattern(path.rstrip("/")), query, headers)


def _required(document: Mapping[str, Any], operation: Mapping[str, Any], location: str) -> list[str]:
    """Required members that travel there tell operations of one path apart: UploadPart is a PutObject with a number."""
    shape = document["shapes"].get(operation.get("input", {}).get("shape"), {})
    members = [shape["members"][name] for name in shape.get("required", ())]
    return [member["locationName"] for member in members if member.get("location") == location]


def _pattern(path: str) -> re.Pattern[str]:
    """The labels of the path as groups; a greedy one, `{Key+}`, takes the rest."""
    parts, end = [], 0
    for label in LABEL.finditer(path):
        group = f"(?P<{label[1]}>{'.+' if label[2] else '[^/]+'})"
        parts += [re.escape(path[end : label.start()]), group]
        end = label.end()
    return re.compile("".join([*parts, re.escape(path[end:]), "/?"]))
