"""A program that breaks no security rule, and the ways to break each."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi import Output, ResourceOptions

Changes = Mapping[str, Mapping[str, Any] | None]
"""Arguments that differ, by resource; None leaves the resource out."""

MODERN = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
TO_HTTPS = {"type": "redirect", "redirect": {"protocol": "HTTPS", "port": "443", "status_code": "HTTP_301"}}
NOT_FOUND = {"type": "fixed-response", "fixed_response": {"content_type": "text/plain", "status_code": "404"}}
CONTAINER = {
    "name": "web",
    "image": f"123456789012.dkr.ecr.us-east-1.amazonaws.com/web@sha256:{'0' * 64}",
    "user": "1000",
    "readonlyRootFilesystem": True,
    "logConfiguration": {"logDriver": "awslogs"},
    "environment": [{"name": "LOG_LEVEL", "value": "information"}],
}


def container(**changes: Any) -> str:
    return json.dumps([{**CONTAINER, **changes}])


def policy(effect: str = "Allow", **elements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": effect, **elements}]})


def trust(**principal: Any) -> str:
    return policy(Principal=principal, Action="sts:AssumeRole")


class Door(pulumi.ComponentResource):
    """The group of a load balancer; its public ranges are an argument called `argument`."""

    def __init__(self, name: str, args: Mapping[str, Any], opts: ResourceOptions | None = None) -> None:
        super().__init__("tests:index:Door", name, {args["argument"]: args["cidrs"]}, opts)
        of_self = ResourceOptions(parent=self)
        self.group = aws.ec2.SecurityGroup(name, opts=of_self)
        for cidr in args["cidrs"]:
            aws.vpc.SecurityGroupIngressRule(
                f"{name}-{cidr}",
                security_group_id=self.group.id,
                cidr_ipv4=cidr,
                ip_protocol="tcp",
                from_port=args["from_port"],
                to_port=args["to_port"],
                opts=of_self,
            )
        aws.sqs.Queue(f"{name}-queue", opts=of_self if args["is_parent"] else None)
        self.register_outputs({"note": args["note"]})


def secure_program(changes: Changes) -> Callable[[], None]:
    """The program, with `changes`."""

    def declare(kind: Callable[..., Any], name: str, **args: Any) -> Any:
        change = changes.get(name, {})
        if change is None:
            return None
        merged = {**args, **change}
        opts = ResourceOptions(protect=merged.pop("protect", None))
        return kind(name, **{key: value for key, value in merged.items() if value is not None}, opts=opts)

    def program() -> None:
        network(declare, changes)
        storage(declare)
        identity(declare)
        workload(declare)
        pulumi.export("url", "https://api.example.com")
        for name, value in (changes.get("exports") or {}).items():
            pulumi.export(name, value)

    return program


def network(declare: Callable[..., Any], changes: Changes) -> None:
    door_args = {"argument": "public_cidrs", "cidrs": ["0.0.0.0/0"], "from_port": 443, "to_port": 443}
    door = Door("door", {**door_args, "is_parent": True, "note": "none", **(changes.get("door") or {})})
    tasks = declare(aws.ec2.SecurityGroup, "tasks")
    declare(
        aws.vpc.SecurityGroupIngressRule,
        "tasks-in",
        security_group_id=tasks.id,
        referenced_security_group_id=door.group.id,
        ip_protocol="tcp",
        from_port=8080,
        to_port=8080,
    )
    balancer = declare(
        aws.lb.LoadBalancer,
        "web",
        security_groups=[door.group.id],
        drop_invalid_header_fields=True,
        access_logs={"bucket": "logs", "enabled": True},
        enable_deletion_protection=True,
        protect=True,
    )
    https = declare(
        aws.lb.Listener,
        "https",
        load_balancer_arn=balancer.arn,
        port=443,
        protocol="HTTPS",
        ssl_policy=MODERN,
        default_actions=[NOT_FOUND],
    )
    declare(
        aws.lb.Listener,
        "http",
        load_balancer_arn=balancer.arn,
        port=80,
        protocol="HTTP",
        default_actions=[TO_HTTPS],
    )
    for name, priority in (("first", 10), ("second", 20)):
        declare(
            aws.lb.ListenerRule,
            name,
            listener_arn=https.arn,
            priority=priority,
            conditions=[{"path_pattern": {"values": [f"/{name}"]}}],
            actions=[NOT_FOUND],
        )


def storage(declare: Callable[..., Any]) -> None:
    bucket = declare(aws.s3.Bucket, "logs", bucket="logs")
    everything = [bucket.arn, Output.concat(bucket.arn, "/*")]
    declare(
        aws.s3.BucketPublicAccessBlock,
        "logs-private",
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
    )
    declare(
        aws.s3.BucketPolicy,
        "logs-tls",
        bucket=bucket.id,
        policy=Output.all(everything).apply(
            lambda known: policy(
                "Deny",
                Principal="*",
                Action="s3:*",
                Resource=known[0],
                Condition={"Bool": {"aws:SecureTransport": "false"}},
            )
        ),
    )
    declare(
        aws.s3.BucketServerSideEncryptionConfiguration,
        "logs-encryption",
        bucket=bucket.id,
        rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
    )
    declare(aws.s3.BucketVersioning, "logs-versions", bucket=bucket.id, versioning_configuration={"status": "Enabled"})
    declare(
        aws.s3.BucketLifecycleConfiguration,
        "logs-expiry",
        bucket=bucket.id,
        rules=[{"id": "old", "status": "Enabled", "noncurrent_version_expiration": {"noncurrent_days": 7}}],
    )
    declare(
        aws.dynamodb.Table,
        "records",
        point_in_time_recovery={"enabled": True},
        deletion_protection_enabled=True,
        protect=True,
    )
    declare(aws.cloudwatch.LogGroup, "log", retention_in_days=30)
    declare(
        aws.ecr.Repository,
        "images",
        image_tag_mutability="IMMUTABLE",
        image_scanning_configuration={"scan_on_push": True},
        protect=True,
    )
    declare(aws.kms.Key, "key", enable_key_rotation=True)


def identity(declare: Callable[..., Any]) -> None:
    role = declare(aws.iam.Role, "task", assume_role_policy=trust(Service="ecs-tasks.amazonaws.com"))
    table = "arn:aws:dynamodb:us-east-1:123456789012:table/records"
    declare(aws.iam.RolePolicy, "task-may", role=role.name, policy=policy(Action="dynamodb:GetItem", Resource=table))
    declare(
        aws.iam.RolePolicyAttachment,
        "task-signs-in",
        role=role.name,
        policy_arn="arn:aws:iam::123456789012:policy/sign-in",
    )
    declare(
        aws.sns.TopicPolicy,
        "topic-policy",
        arn="arn:aws:sns:us-east-1:123456789012:a",
        policy=policy(Principal={"Service": "cloudwatch.amazonaws.com"}, Action="sns:Publish", Resource="*"),
    )
    declare(
        aws.cognito.UserPool,
        "people",
        admin_create_user_config={"allow_admin_create_user_only": True},
        deletion_protection="ACTIVE",
        protect=True,
    )
    for name, is_confidential, callback in (
        ("cli", False, "http://localhost:8080/callback"),
        ("browser", True, "https://api.example.com/callback"),
    ):
        declare(
            aws.cognito.UserPoolClient,
            name,
            user_pool_id="pool",
            generate_secret=is_confidential,
            callback_urls=[callback],
            allowed_oauth_flows=["code"],
            explicit_auth_flows=["ALLOW_REFRESH_TOKEN_AUTH"],
            token_validity_units={"access_token": "minutes"},
            enable_token_revocation=True,
            prevent_user_existence_errors="ENABLED",
        )


def workload(declare: Callable[..., Any]) -> None:
    declare(aws.ecs.TaskDefinition, "web-task", family="web", container_definitions=container())
    declare(
        aws.cloudwatch.MetricAlarm,
        "alarm",
        comparison_operator="GreaterThanThreshold",
        evaluation_periods=1,
        alarm_actions=["arn:aws:sns:us-east-1:123456789012:alarms"],
    )
    declare(aws.secretsmanager.SecretVersion, "password", secret_id="s", secret_string=Output.secret("correct horse"))
