"""What web ACLs and IP sets have in common: where they are, their tags, and who uses whom."""

from collections.abc import Mapping
from typing import Any

from opencode_local.provider.aws import Aws
from opencode_local.provider.handler import Properties
from opencode_local.provider.tags import changes, mapping, pairs

GONE = "WAFNonexistentItemException"


def place(id_: str, inputs: Mapping[str, Any]) -> dict[str, str]:
    """The request's parameters that say which one; an import names all three, as `<id>/<name>/<scope>`."""
    if inputs:
        return {"Id": id_, "Name": inputs["name"], "Scope": inputs["scope"]}
    id_, name, scope = id_.split("/")
    return {"Id": id_, "Name": name, "Scope": scope}


def tagging(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The member `Tags` of a request; AWS refuses an empty one."""
    tags = inputs.get("tagsAll")
    return {"Tags": pairs(tags)} if tags else {}


def tags_of(aws: Aws, arn: str) -> dict[str, str]:
    answer = aws.client("wafv2").list_tags_for_resource(ResourceARN=arn)
    return mapping(answer["TagInfoForResource"]["TagList"])


def retag(aws: Aws, arn: str, old: Properties, new: Properties) -> None:
    client = aws.client("wafv2")
    added, removed = changes(old.get("tagsAll"), new.get("tagsAll"))
    if removed:
        client.untag_resource(ResourceARN=arn, TagKeys=removed)
    if added:
        client.tag_resource(ResourceARN=arn, Tags=pairs(added))


def web_acls(aws: Aws, scope: str) -> list[dict[str, Any]]:
    client = aws.client("wafv2")
    listed = client.list_web_acls(Scope=scope)["WebACLs"]
    return [client.get_web_acl(Name=acl["Name"], Id=acl["Id"], Scope=scope)["WebACL"] for acl in listed]
