"""AWS WAF's sets of addresses."""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import AutoName, Fault, Handler, Properties
from opencode_local.provider.handlers.waf_parts import GONE, place, retag, tagging, tags_of, web_acls
from opencode_local.provider.members import reported, request, unsupported, value, values

FIXED = (value("ipAddressVersion", "IPAddressVersion"),)
CHANGEABLE = values("addresses", "description")
A_LOCK_TOKEN = "00000000-0000-0000-0000-000000000000"
"""The embedded AWS gives IP sets lock tokens that are shorter than AWS's own, so requests are checked with this one."""


class IpSet(Handler):
    token = "aws:wafv2/ipSet:IpSet"
    replace_on = frozenset({"name", "namePrefix", "scope", "ipAddressVersion"})
    auto_name = AutoName("name", 128)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported([*FIXED, *CHANGEABLE], inputs, "name", "namePrefix", "scope")

    def create(self, aws: Aws, inputs: Properties) -> str:
        operation = "CreateIPSet"
        _refuse_addresses(operation, inputs)
        client, scope = aws.client("wafv2"), inputs["scope"]
        if inputs["name"] in {there["Name"] for there in client.list_ip_sets(Scope=scope)["IPSets"]}:
            raise AwsError("WAFDuplicateItemException", f"An IP set named {inputs['name']} exists already", operation)
        wanted = request([*FIXED, *CHANGEABLE], {"addresses": [], **inputs})
        made = client.create_ip_set(Name=inputs["name"], Scope=scope, **wanted, **tagging(inputs))
        return str(made["Summary"]["Id"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        where = place(id_, inputs)
        answer = found(aws.client("wafv2").get_ip_set, GONE, **where)
        if answer is None:
            return None
        there = answer["IPSet"]
        return {
            **reported([*FIXED, *CHANGEABLE], there, inputs),
            "name": there["Name"],
            "scope": where["Scope"],
            "tagsAll": tags_of(aws, there["ARN"]),
            "arn": there["ARN"],
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        operation = "UpdateIPSet"
        _refuse_addresses(operation, new)
        client, where = aws.client("wafv2"), place(id_, new)
        there = client.get_ip_set(**where)
        wanted = request(CHANGEABLE, {"addresses": [], **new})
        aws.validate("wafv2", operation, **where, LockToken=A_LOCK_TOKEN, **wanted)
        _unchecked(aws).update_ip_set(**where, LockToken=there["LockToken"], **wanted)
        retag(aws, there["IPSet"]["ARN"], old, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        client, where = aws.client("wafv2"), place(id_, properties)
        there = found(client.get_ip_set, GONE, **where)
        if there is None:
            return
        users = [acl["Name"] for acl in web_acls(aws, where["Scope"]) if there["IPSet"]["ARN"] in str(acl["Rules"])]
        if users:
            message = f"The IP set is still in use by {', '.join(users)}"
            raise AwsError("WAFAssociatedItemException", message, "DeleteIPSet")
        _unchecked(aws).delete_ip_set(**where, LockToken=there["LockToken"])


def _unchecked(aws: Aws) -> Any:
    return aws.account.client("wafv2", aws.region)


def _refuse_addresses(operation: str, inputs: Mapping[str, Any]) -> None:
    """Raises AwsError for a range that is none, of the other version, or the whole internet."""
    version = int(inputs["ipAddressVersion"][-1])
    for address in inputs.get("addresses") or ():
        try:
            network = ipaddress.ip_network(address)
        except ValueError:
            network = None
        if network is None or network.version != version or network.prefixlen == 0 or "/" not in address:
            message = (
                f"Error reason: The parameter contains formatting that is not valid., field: IP_ADDRESS: {address}"
            )
            raise AwsError("WAFInvalidParameterException", message, operation)


HANDLERS = (IpSet(),)
