"""What a destroy left in an account."""

from tests.engine.running import Cloud


def left_behind(cloud: Cloud) -> dict[str, list[str]]:
    """What is still in the account, by kind, apart from what every account has and the hosted zone's own records."""
    ec2 = cloud.client("ec2")
    found = {
        "vpcs": [vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"]],
        "endpoints": [
            endpoint["VpcEndpointId"]
            for endpoint in ec2.describe_vpc_endpoints()["VpcEndpoints"]
            if endpoint["State"].lower() != "deleted"
        ],
        "addresses": [address["AllocationId"] for address in ec2.describe_addresses()["Addresses"]],
        "groups": [
            group["GroupName"]
            for group in ec2.describe_security_groups()["SecurityGroups"]
            if group["GroupName"] != "default"
        ],
        "tables": cloud.client("dynamodb").list_tables()["TableNames"],
        "buckets": [bucket["Name"] for bucket in cloud.client("s3").list_buckets()["Buckets"]],
        "pools": [pool["Id"] for pool in cloud.client("cognito-idp").list_user_pools(MaxResults=10)["UserPools"]],
        "log groups": [group["logGroupName"] for group in cloud.client("logs").describe_log_groups()["logGroups"]],
        "roles": [
            role["RoleName"]
            for role in cloud.client("iam").list_roles()["Roles"]
            if not role["Path"].startswith("/aws-service-role/")
        ],
        "load balancers": [
            balancer["LoadBalancerName"]
            for balancer in cloud.client("elbv2").describe_load_balancers()["LoadBalancers"]
        ],
        "target groups": [
            group["TargetGroupName"] for group in cloud.client("elbv2").describe_target_groups()["TargetGroups"]
        ],
        "clusters": active_clusters(cloud),
        "repositories": [
            repository["repositoryName"] for repository in cloud.client("ecr").describe_repositories()["repositories"]
        ],
        "alarms": [alarm["AlarmName"] for alarm in cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]],
        "apis": [api["Name"] for api in cloud.client("apigatewayv2").get_apis()["Items"]],
        "functions": [function["FunctionName"] for function in cloud.client("lambda").list_functions()["Functions"]],
        "topics": [topic["TopicArn"] for topic in cloud.client("sns").list_topics()["Topics"]],
        "secrets": [secret["Name"] for secret in cloud.client("secretsmanager").list_secrets()["SecretList"]],
        "certificates": [
            certificate["CertificateArn"]
            for certificate in cloud.client("acm").list_certificates()["CertificateSummaryList"]
        ],
        "firewalls": [acl["Name"] for acl in cloud.client("wafv2").list_web_acls(Scope="REGIONAL")["WebACLs"]],
        "records": [
            record["Name"]
            for record in cloud.client("route53").list_resource_record_sets(HostedZoneId=cloud.zone_id)[
                "ResourceRecordSets"
            ]
            if record["Type"] not in {"NS", "SOA"}
        ],
    }
    return {kind: names for kind, names in found.items() if names}


def active_clusters(cloud: Cloud) -> list[str]:
    """A deleted cluster can be looked up for a while, as inactive."""
    ecs = cloud.client("ecs")
    described = ecs.describe_clusters(clusters=ecs.list_clusters()["clusterArns"])["clusters"]
    return [cluster["clusterName"] for cluster in described if cluster["status"] == "ACTIVE"]
