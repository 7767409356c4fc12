"""What Bedrock would say of a Converse request: botocore's validator, and the stricter rules of the stand-in."""

import json
from typing import Any

import msgspec
from botocore.validate import ParamValidator

from opencode_local.bedrock.refusals import Refused
from opencode_local.bedrock.rules.converse import RULES
from opencode_local.bedrock.rules.converse_blocks import reasoning
from opencode_local.bedrock.service_model import check_request, operation
from opencode_router.wire import converse

OPERATIONS = ("Converse", "ConverseStream")
UNSIGNED_RULES = [rule for rule in RULES if rule is not reasoning]
"""Signatures in the samples are nobody's."""


def as_json(request: converse.Request) -> Any:
    """The request as Bedrock would read it."""
    return json.loads(msgspec.json.encode(request))


def objections(body: Any, model_id: str) -> list[str]:
    """Everything that is wrong with the request."""
    return [
        *(objection for operation_name in OPERATIONS for objection in against_the_service_model(operation_name, body)),
        *refused(body, model_id),
        *(objection for rule in UNSIGNED_RULES for objection in rule(body, model_id)),
    ]


def against_the_service_model(operation_name: str, body: Any) -> list[str]:
    report = ParamValidator().validate({"modelId": "any", **body}, operation(operation_name).input_shape)
    return [report.generate_report()] if report.has_errors() else []


def refused(body: Any, model_id: str) -> list[str]:
    try:
        for operation_name in OPERATIONS:
            check_request(operation_name, body, model_id)
    except Refused as refusal:
        return [str(refusal)]
    return []
