"""What EC2's resource types have in common: tags, looking something up, being gone."""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from opencode_local.provider.aws import Aws
from opencode_local.provider.errors import AwsError, code_of
from opencode_local.provider.handler import Properties
from opencode_local.provider.tags import changes, pairs


def tag_specifications(resource_type: str, inputs: Mapping[str, Any]) -> list[dict[str, Any]]:
    """For a create call's TagSpecifications: `vpc`, `subnet`, ..."""
    tags = pairs(inputs.get("tagsAll"))
    return [{"ResourceType": resource_type, "Tags": tags}] if tags else []


def retag(aws: Aws, id_: str, old: Properties, new: Properties) -> None:
    to_set, to_remove = changes(old.get("tagsAll"), new.get("tagsAll"))
    client = aws.client("ec2")
    if to_remove:
        client.delete_tags(Resources=[id_], Tags=[{"Key": key} for key in to_remove])
    if to_set:
        client.create_tags(Resources=[id_], Tags=pairs(to_set))


def existing(call: Callable[..., Any], member: str, **params: Any) -> dict[str, Any] | None:
    """The first item of a describe call's answer, None when EC2 says that there is none of that id."""
    try:
        items = call(**params)[member]
    except (ClientError, AwsError) as error:
        if is_not_found(error):
            return None
        raise
    found: dict[str, Any] | None = items[0] if items else None
    return found


def is_not_found(error: ClientError | AwsError) -> bool:
    """EC2's codes for an unknown id: InvalidVpcID.NotFound, NatGatewayNotFound, ..."""
    return code_of(error).endswith("NotFound")


def unless_gone(call: Callable[..., Any], **params: Any) -> None:
    """A delete call whose object may be gone already."""
    try:
        call(**params)
    except (ClientError, AwsError) as error:
        if not is_not_found(error):
            raise


def matching(**filters: str) -> list[dict[str, Any]]:
    """Filters of a describe call: `vpc_id="vpc-1"` becomes the filter `vpc-id`."""
    return [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in filters.items()]
