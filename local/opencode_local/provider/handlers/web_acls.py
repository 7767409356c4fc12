"""AWS WAF's web ACLs for load balancers, what they protect, and where they log.

Rules: service model of WAFV2 and its API reference (read 2026-11-21).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import AutoName, Fault, Handler, Properties
from opencode_local.provider.handlers.waf_parts import GONE, place, retag, tagging, tags_of
from opencode_local.provider.handlers.web_acl_statements import (
    DEFAULT_ACTION,
    RULE,
    VISIBILITY,
    capacity,
    refuse_rules,
)
from opencode_local.provider.members import block, blocks, reported, request, unsupported, value, values

SETTINGS = (
    *values("description", "tokenDomains"),
    block("defaultAction", *DEFAULT_ACTION),
    blocks("rules", *RULE),
    VISIBILITY,
)
BODIES = "customResponseBodies"
BODY = values("content", "contentType")


class WebAcl(Handler):
    token = "aws:wafv2/webAcl:WebAcl"
    replace_on = frozenset({"name", "namePrefix", "scope"})
    auto_name = AutoName("name", 128)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        bodies = blocks(BODIES, value("key"), *BODY)
        faults = unsupported([*SETTINGS, bodies], inputs, "name", "namePrefix", "scope")
        if inputs["scope"] != "REGIONAL":
            faults.append(Fault("scope", f"not supported by the local AWS: {inputs['scope']!r}, only REGIONAL"))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        wanted = _requested(inputs)
        refuse_rules(aws, "CreateWebACL", wanted)
        made = aws.client("wafv2").create_web_acl(
            Name=inputs["name"], Scope=inputs["scope"], **wanted, **tagging(inputs)
        )
        return str(made["Summary"]["Id"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        where = place(id_, inputs)
        answer = found(aws.client("wafv2").get_web_acl, GONE, **where)
        if answer is None:
            return None
        acl = answer["WebACL"]
        bodies = acl.get("CustomResponseBodies") or {}
        return {
            **reported(SETTINGS, acl, inputs),
            BODIES: [{"key": key, **reported(BODY, body, {})} for key, body in bodies.items()],
            "name": acl["Name"],
            "scope": where["Scope"],
            "tagsAll": tags_of(aws, acl["ARN"]),
            "arn": acl["ARN"],
            "capacity": capacity(acl["Rules"]),
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        operation = "UpdateWebACL"
        for name in ("rules", BODIES, "description", "tokenDomains"):
            if old.get(name) and not new.get(name):
                message = f"{name}: to leave none where there were some is not supported by the local AWS"
                raise AwsError("WAFInvalidParameterException", message, operation)
        wanted = _requested(new)
        refuse_rules(aws, operation, wanted)
        client, where = aws.client("wafv2"), place(id_, new)
        there = client.get_web_acl(**where)
        client.update_web_acl(**where, LockToken=there["LockToken"], **wanted)
        retag(aws, there["WebACL"]["ARN"], old, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        client, where = aws.client("wafv2"), place(id_, properties)
        there = found(client.get_web_acl, GONE, **where)
        if there is None:
            return
        users = [arn for arn in _load_balancers(aws) if protecting(aws, arn) == there["WebACL"]["ARN"]]
        if users:
            message = f"The web ACL is still associated with {', '.join(users)}"
            raise AwsError("WAFAssociatedItemException", message, "DeleteWebACL")
        client.delete_web_acl(**where, LockToken=there["LockToken"])


def protecting(aws: Aws, resource_arn: str) -> str | None:
    """ARN of the web ACL that a resource is associated with."""
    acl = aws.client("wafv2").get_web_acl_for_resource(ResourceArn=resource_arn).get("WebACL")
    return str(acl["ARN"]) if acl else None


def _requested(inputs: Mapping[str, Any]) -> dict[str, Any]:
    wanted = request(SETTINGS, {"rules": [], **inputs})
    if inputs.get(BODIES):
        wanted["CustomResponseBodies"] = {body["key"]: request(BODY, body) for body in inputs[BODIES]}
    return wanted


def _load_balancers(aws: Aws) -> list[str]:
    pages = aws.client("elbv2").get_paginator("describe_load_balancers").paginate()
    return [balancer["LoadBalancerArn"] for page in pages for balancer in page["LoadBalancers"]]


HANDLERS = (WebAcl(),)
