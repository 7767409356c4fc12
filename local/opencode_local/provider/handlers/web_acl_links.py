"""What a web ACL protects, and where it logs."""

from collections.abc import Sequence
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import Fault, Handler, Properties
from opencode_local.provider.handlers.buckets import region_of
from opencode_local.provider.handlers.waf_parts import GONE
from opencode_local.provider.handlers.web_acls import protecting
from opencode_local.provider.members import Member, block, blocks, reported, request, unsupported, value, values

DESTINATION_PREFIX = "aws-waf-logs-"
FIELD = (block("singleHeader", value("name")), *values("method", "queryString", "uriPath"))
LOGGING: Sequence[Member] = (
    *values("logDestinationConfigs", "resourceArn"),
    blocks("redactedFields", *FIELD),
    block(
        "loggingFilter",
        value("defaultBehavior"),
        blocks(
            "filters",
            *values("behavior", "requirement"),
            blocks(
                "conditions", block("actionCondition", value("action")), block("labelNameCondition", value("labelName"))
            ),
        ),
    ),
)


class WebAclAssociation(Handler):
    """Its id is `<web ACL ARN>,<resource ARN>`."""

    token = "aws:wafv2/webAclAssociation:WebAclAssociation"
    replace_on = frozenset({"webAclArn", "resourceArn"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        operation = "AssociateWebACL"
        client, resource = aws.client("wafv2"), inputs["resourceArn"]
        describe = aws.client("elbv2").describe_load_balancers
        if found(describe, "LoadBalancerNotFound", LoadBalancerArns=[resource]) is None:
            message = f"AWS WAF couldn't retrieve the resource that you requested: {resource}"
            raise AwsError("WAFUnavailableEntityException", message, operation)
        if protecting(aws, resource):
            client.disassociate_web_acl(ResourceArn=resource)
        client.associate_web_acl(WebACLArn=inputs["webAclArn"], ResourceArn=resource)
        return f"{inputs['webAclArn']},{resource}"

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        acl, _, resource = id_.partition(",")
        return {"webAclArn": acl, "resourceArn": resource} if protecting(aws, resource) == acl else None

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        acl, _, resource = id_.partition(",")
        if protecting(aws, resource) == acl:
            aws.client("wafv2").disassociate_web_acl(ResourceArn=resource)


class WebAclLoggingConfiguration(Handler):
    """Its id is the web ACL's ARN."""

    token = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
    replace_on = frozenset({"resourceArn"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported(LOGGING, inputs)

    def create(self, aws: Aws, inputs: Properties) -> str:
        operation = "PutLoggingConfiguration"
        if inputs["resourceArn"] not in _web_acl_arns(aws):
            raise AwsError(GONE, f"AWS WAF couldn't find the web ACL {inputs['resourceArn']}", operation)
        for destination in inputs["logDestinationConfigs"]:
            if not _takes_logs(aws, destination):
                message = f"Error reason: The ARN isn't valid., field: LOG_DESTINATION, parameter: {destination}"
                raise AwsError("WAFInvalidParameterException", message, operation)
        aws.client("wafv2").put_logging_configuration(LoggingConfiguration=request(LOGGING, inputs))
        return str(inputs["resourceArn"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        answer = found(aws.client("wafv2").get_logging_configuration, GONE, ResourceArn=id_)
        return None if answer is None else reported(LOGGING, answer["LoggingConfiguration"], inputs)

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        found(aws.client("wafv2").delete_logging_configuration, GONE, ResourceArn=id_)


def _web_acl_arns(aws: Aws) -> set[str]:
    return {acl["ARN"] for acl in aws.client("wafv2").list_web_acls(Scope="REGIONAL")["WebACLs"]}


def _takes_logs(aws: Aws, destination: str) -> bool:
    """Whether it is a log group or bucket that is there, and of the name that AWS WAF asks for."""
    service, name = destination.split(":")[2], destination.removesuffix(":*").rpartition(":")[2]
    if not name.startswith(DESTINATION_PREFIX):
        return False
    if service == "s3":
        return region_of(aws, name) is not None
    groups: list[dict[str, Any]] = aws.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return service == "logs" and name in {group["logGroupName"] for group in groups}


HANDLERS = (WebAclAssociation(), WebAclLoggingConfiguration())
