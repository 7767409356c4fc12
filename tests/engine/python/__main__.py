"""Another team's program: our components beside a resource of its own."""

import pulumi
import pulumi_aws as aws

from opencode_components import (
    Api,
    ApiArgs,
    Certificate,
    CertificateArgs,
    Logs,
    LogsArgs,
    Network,
    NetworkArgs,
    Records,
    RecordsArgs,
)

REGION = "us-east-1"
HOST = "ai.team.example.com"

config = pulumi.Config()
zone_id, account_id = config.require("zoneId"), config.require("accountId")

network = Network(
    "team-net",
    NetworkArgs(region=REGION, zones=[f"{REGION}a", f"{REGION}b"], cidr="10.50.0.0/16", egress="public_ip"),
)
certificate = Certificate("team-cert", CertificateArgs(names=[HOST], hosts=[HOST], zone_id=zone_id))
records = Records("team-records", RecordsArgs(deletion_protection=False))
logs = Logs("team-logs", LogsArgs(retention_days=30, router_log_group="/team/router"))
api = Api(
    "team-api",
    ApiArgs(
        region=REGION,
        account_id=account_id,
        host=HOST,
        zone_id=zone_id,
        certificate_arn=certificate.certificate_arn,
        public_cidrs=["203.0.113.0/24"],
        vpc_id=network.vpc_id,
        public_subnet_ids=network.public_subnet_ids,
        task_subnet_ids=network.task_subnet_ids,
        assign_public_ip=network.assign_public_ip,
        endpoint_client_security_group_id=network.endpoint_client_security_group_id,
        image_uri=f"{account_id}.dkr.ecr.{REGION}.amazonaws.com/router@sha256:{'ab' * 32}",
        repository_arn=f"arn:aws:ecr:{REGION}:{account_id}:repository/router",
        issuer="https://login.example.com/",
        jwks_url="https://login.example.com/keys",
        audiences=["gateway"],
        audience_claim="aud",
        audience_format="single-string",
        token_uses=[],
        keys_table_name=records.keys_table_name,
        keys_table_arn=records.keys_table_arn,
        usage_table_name=records.usage_table_name,
        usage_table_arn=records.usage_table_arn,
        counters_table_name=records.counters_table_name,
        counters_table_arn=records.counters_table_arn,
        log_group_name=logs.router_log_group_name,
        log_group_arn=logs.router_log_group_arn,
        models=["anthropic.claude-sonnet-5*"],
        inference_profiles=["us"],
        cpu=256,
        memory_mib=512,
        deletion_protection=False,
    ),
)
topic = aws.sns.Topic("team-topic", display_name=network.vpc_id)

pulumi.export("url", api.url)
pulumi.export("vpcId", network.vpc_id)
pulumi.export("topicArn", topic.arn)
