"""aws.ec2.FlowLog, of VPCs and subnets, into log groups or buckets."""

from collections.abc import Sequence

from opencode_local.provider.aws import Aws
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import Fault, Handler, Properties
from opencode_local.provider.handlers import ec2
from opencode_local.provider.members import Members, reported, request, unsupported, value, values
from opencode_local.provider.tags import mapping

SUBJECTS = {"vpcId": "VPC", "subnetId": "Subnet"}
FLOW_LOG: Members = (
    *values("trafficType", "logDestination", "logDestinationType", "logFormat", "maxAggregationInterval"),
    value("iamRoleArn", "DeliverLogsPermissionArn"),
)
CLOUDWATCH = "cloud-watch-logs"


class FlowLog(Handler):
    token = "aws:ec2/flowLog:FlowLog"
    replace_on = frozenset({*SUBJECTS, *(entry.property for entry in FLOW_LOG)})
    filled_by_aws = frozenset({"logFormat", "logDestinationType", "maxAggregationInterval"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        faults = unsupported(FLOW_LOG, inputs, *SUBJECTS)
        if not faults and sum(bool(inputs.get(name)) for name in SUBJECTS) != 1:
            faults.append(Fault("vpcId", f"exactly one of {', '.join(SUBJECTS)} must be given"))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        self._refuse_dangling(aws, inputs)
        subject = next(name for name in SUBJECTS if inputs.get(name))
        answer = aws.client("ec2").create_flow_logs(
            **request(FLOW_LOG, inputs),
            ResourceType=SUBJECTS[subject],
            ResourceIds=[inputs[subject]],
            TagSpecifications=ec2.tag_specifications("vpc-flow-log", inputs),
        )
        for failed in answer.get("Unsuccessful", ()):
            raise AwsError(failed["Error"]["Code"], failed["Error"]["Message"], "CreateFlowLogs")
        return str(answer["FlowLogIds"][0])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        log = ec2.existing(aws.client("ec2").describe_flow_logs, "FlowLogs", FlowLogIds=[id_])
        if log is None:
            return None
        subject = "vpcId" if log["ResourceId"].startswith("vpc-") else "subnetId"
        return {
            **reported(FLOW_LOG, log, inputs),
            subject: log["ResourceId"],
            "arn": aws.arn("ec2", f"vpc-flow-log/{id_}"),
            "tagsAll": mapping(log.get("Tags")),
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        ec2.retag(aws, id_, old, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        ec2.unless_gone(aws.client("ec2").delete_flow_logs, FlowLogIds=[id_])

    def _refuse_dangling(self, aws: Aws, inputs: Properties) -> None:
        """The role is looked up in IAM, whose own error is raised; a log group without name is refused here."""
        if inputs.get("iamRoleArn"):
            aws.client("iam").get_role(RoleName=inputs["iamRoleArn"].rsplit("/", 1)[-1])
        if inputs.get("logDestinationType", CLOUDWATCH) == CLOUDWATCH:
            name = inputs.get("logDestination", "").removesuffix(":*").rpartition(":log-group:")[2]
            groups = aws.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"] if name else ()
            if name not in {group["logGroupName"] for group in groups}:
                message = f"LogDestination: {inputs.get('logDestination')} does not exist"
                raise AwsError("InvalidParameter", message, "CreateFlowLogs")


HANDLERS = (FlowLog(),)
