"""What ids, ARNs and other computed outputs of AWS resources look like, as data.

Templates are filled by `str.format` with: `name` (the physical name), `id`, `arn`, `region`, `account`, `key` (a UUID),
`hex` and `secret` (64 digits each; cut them with a precision: `{hex:.17}`) and `octet`. Sources: the IAM service
authorization reference for ARNs and the EC2 API for id prefixes (read 2026-11-21).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Shape:
    """How one type computes its outputs. `arn` starts at the service, without `arn:aws:`."""

    id: str = "{name}"
    arn: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    name_property: str = "name"


def ec2(prefix: str, resource: str, **outputs: str) -> Shape:
    return Shape(f"{prefix}-{{hex:.17}}", f"ec2:{{region}}:{{account}}:{resource}/{{id}}", outputs)


def load_balancing(path: str, **outputs: str) -> Shape:
    return Shape("{arn}", f"elasticloadbalancing:{{region}}:{{account}}:{path}", outputs)


ADDRESS = {"publicIp": "203.0.113.{octet}", "privateIp": "10.0.0.{octet}"}
APP_LB = "app/{name}/{hex:.16}"

SHAPES: Mapping[str, Shape] = {
    "aws:acm/certificate:Certificate": Shape("{arn}", "acm:{region}:{account}:certificate/{key}", {"status": "ISSUED"}),
    "aws:apigatewayv2/api:Api": Shape("{hex:.10}", "apigateway:{region}::/apis/{id}"),
    "aws:apigatewayv2/integration:Integration": Shape("{hex:.7}"),
    "aws:apigatewayv2/route:Route": Shape("{hex:.7}"),
    "aws:appautoscaling/policy:Policy": Shape("{name}", "autoscaling:{region}:{account}:scalingPolicy:{key}"),
    "aws:cloudwatch/dashboard:Dashboard": Shape(
        "{name}",
        "",
        {"dashboardArn": "arn:aws:cloudwatch::{account}:dashboard/{name}"},
        name_property="dashboardName",
    ),
    "aws:cloudwatch/logGroup:LogGroup": Shape("{name}", "logs:{region}:{account}:log-group:{name}"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Shape("{name}", "cloudwatch:{region}:{account}:alarm:{name}"),
    "aws:cognito/userPool:UserPool": Shape(
        "{region}_{hex:.9}",
        "cognito-idp:{region}:{account}:userpool/{id}",
        {"endpoint": "cognito-idp.{region}.amazonaws.com/{id}"},
    ),
    "aws:cognito/userPoolClient:UserPoolClient": Shape("{hex:.26}", "", {"clientSecret": "{secret:.52}"}),
    "aws:cognito/userPoolDomain:UserPoolDomain": Shape("{name}", "", name_property="domain"),
    "aws:dynamodb/table:Table": Shape("{name}", "dynamodb:{region}:{account}:table/{name}"),
    "aws:ec2/eip:Eip": ec2("eipalloc", "elastic-ip", allocationId="{id}", **ADDRESS),
    "aws:ec2/flowLog:FlowLog": ec2("fl", "vpc-flow-log"),
    "aws:ec2/internetGateway:InternetGateway": ec2("igw", "internet-gateway"),
    "aws:ec2/natGateway:NatGateway": ec2("nat", "natgateway", **ADDRESS),
    "aws:ec2/route:Route": Shape("r-{hex:.17}"),
    "aws:ec2/routeTable:RouteTable": ec2("rtb", "route-table"),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Shape("rtbassoc-{hex:.17}"),
    "aws:ec2/securityGroup:SecurityGroup": ec2("sg", "security-group"),
    "aws:ec2/securityGroupRule:SecurityGroupRule": Shape(
        "sgrule-{hex:.10}", "", {"securityGroupRuleId": "sgr-{hex:.17}"}
    ),
    "aws:ec2/subnet:Subnet": ec2("subnet", "subnet"),
    "aws:ec2/vpc:Vpc": ec2(
        "vpc", "vpc", mainRouteTableId="rtb-{hex:.17}", defaultSecurityGroupId="sg-{hex:.17}", ownerId="{account}"
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": ec2("vpce", "vpc-endpoint", prefixListId="pl-{hex:.8}"),
    "aws:ecr/repository:Repository": Shape(
        "{name}",
        "ecr:{region}:{account}:repository/{name}",
        {"repositoryUrl": "{account}.dkr.ecr.{region}.amazonaws.com/{name}", "registryId": "{account}"},
    ),
    "aws:ecs/cluster:Cluster": Shape("{arn}", "ecs:{region}:{account}:cluster/{name}"),
    "aws:ecs/service:Service": Shape("{arn}", "ecs:{region}:{account}:service/cluster/{name}"),
    "aws:ecs/taskDefinition:TaskDefinition": Shape(
        "{name}",
        "ecs:{region}:{account}:task-definition/{name}:1",
        {"arnWithoutRevision": "arn:aws:ecs:{region}:{account}:task-definition/{name}"},
        name_property="family",
    ),
    "aws:iam/policy:Policy": Shape("{arn}", "iam::{account}:policy/{name}", {"policyId": "ANPA{hex:.16}"}),
    "aws:iam/role:Role": Shape("{name}", "iam::{account}:role/{name}", {"uniqueId": "AROA{hex:.16}"}),
    "aws:kms/key:Key": Shape("{key}", "kms:{region}:{account}:key/{key}", {"keyId": "{key}"}),
    "aws:lb/listener:Listener": load_balancing(f"listener/{APP_LB}/{{hex:.16}}"),
    "aws:lb/listenerRule:ListenerRule": load_balancing(f"listener-rule/{APP_LB}/{{hex:.16}}/{{hex:.16}}"),
    "aws:lb/loadBalancer:LoadBalancer": load_balancing(
        f"loadbalancer/{APP_LB}",
        arnSuffix=APP_LB,
        dnsName="{name}-1234567890.{region}.elb.amazonaws.com",
        zoneId="Z35SXDOTRQ7X7K",
    ),
    "aws:lb/targetGroup:TargetGroup": load_balancing(
        "targetgroup/{name}/{hex:.16}", arnSuffix="targetgroup/{name}/{hex:.16}"
    ),
    "aws:route53/zone:Zone": Shape("Z{hex:.20}", "route53:::hostedzone/{id}", {"zoneId": "{id}"}),
    "aws:s3/bucket:Bucket": Shape(
        "{name}",
        "s3:::{name}",
        {
            "bucketDomainName": "{name}.s3.amazonaws.com",
            "bucketRegionalDomainName": "{name}.s3.{region}.amazonaws.com",
        },
        name_property="bucket",
    ),
    "aws:secretsmanager/secret:Secret": Shape("{arn}", "secretsmanager:{region}:{account}:secret:{name}-{hex:.6}"),
    "aws:secretsmanager/secretVersion:SecretVersion": Shape("{key}", "", {"versionId": "{key}"}),
    "aws:sns/topic:Topic": Shape("{arn}", "sns:{region}:{account}:{name}"),
    "aws:sns/topicSubscription:TopicSubscription": Shape("{arn}", "sns:{region}:{account}:topic:{key}"),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": ec2(
        "sgr", "security-group-rule", securityGroupRuleId="{id}"
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ec2(
        "sgr", "security-group-rule", securityGroupRuleId="{id}"
    ),
    "aws:wafv2/ipSet:IpSet": Shape("{key}", "wafv2:{region}:{account}:regional/ipset/{name}/{key}"),
    "aws:wafv2/webAcl:WebAcl": Shape("{key}", "wafv2:{region}:{account}:regional/webacl/{name}/{key}"),
}
