"""The gateway: foundations first, front door last."""

import pulumi

from opencode_components import Api, ApiArgs, Logs, LogsArgs, Observability, ObservabilityArgs, Records
from opencode_stacks.downloads import distribution_of, download_functions, releases_bucket, releases_of
from opencode_stacks.environment import Environment
from opencode_stacks.outputs import Deployed, client_config, export
from opencode_stacks.parts import (
    Account,
    certificate_of,
    firewall_of,
    identity_of,
    image_of,
    network_of,
    records_args,
    records_key,
)
from opencode_stacks.sharing import share_of, sharing_functions

env = Environment.load()
account = Account.current()
is_protected = env.lifecycle.deletion_protection

network = network_of(env)
certificate = certificate_of(env)
identity = identity_of(env, account)
releases = releases_of(env, account)
sign_in = client_config(env, identity, releases)
image = image_of(env)
records = Records(f"{env.name}-records", records_args(env))
logs = Logs(
    f"{env.name}-logs",
    LogsArgs(
        router_log_group=f"/opencode/{env.name}/router",
        retention_days=env.observability.log_retention_days,
        keep_on_destroy=env.observability.keep_logs_on_destroy,
    ),
)
api = Api(
    f"{env.name}-api",
    ApiArgs(
        region=env.region,
        account_id=account.id,
        host=env.domain.host,
        zone_id=env.domain.zone_id,
        certificate_arn=certificate.certificate_arn,
        public_cidrs=list(env.domain.public_cidrs),
        vpc_id=network.vpc_id,
        public_subnet_ids=network.public_subnet_ids,
        task_subnet_ids=network.task_subnet_ids,
        assign_public_ip=network.assign_public_ip,
        endpoint_client_security_group_id=network.endpoint_client_security_group_id,
        image_uri=image.image_uri,
        repository_arn=image.repository_arn,
        issuer=identity.issuer,
        jwks_url=identity.jwks_url,
        audiences=identity.audiences,
        audience_claim=identity.audience_claim,
        audience_format=identity.audience_format,
        token_uses=identity.token_uses,
        client_config=pulumi.Output.json_dumps(sign_in),
        keys_table_name=records.keys_table_name,
        keys_table_arn=records.keys_table_arn,
        usage_table_name=records.usage_table_name,
        usage_table_arn=records.usage_table_arn,
        counters_table_name=records.counters_table_name,
        counters_table_arn=records.counters_table_arn,
        log_group_name=logs.router_log_group_name,
        log_group_arn=logs.router_log_group_arn,
        models=list(env.bedrock.models),
        inference_profiles=list(env.bedrock.inference_profiles),
        architecture=env.router.architecture,
        cpu=env.router.cpu,
        memory_mib=env.router.memory_mib,
        min_tasks=env.router.min_tasks,
        max_tasks=env.router.max_tasks,
        spot_percent=env.router.spot_percent,
        requests_per_task_per_minute=env.router.requests_per_task_per_minute,
        idle_timeout_s=env.router.idle_timeout_s,
        drain_s=env.router.drain_s,
        access_log_retention_days=env.observability.access_log_retention_days,
        router_environment=env.router.settings,
        deletion_protection=is_protected,
        **records_key(env),
        **releases_bucket(releases),
    ),
)
firewall = firewall_of(env, api)
distribution = distribution_of(env, api, identity, releases)
share = share_of(env, api, identity)
observability = Observability(
    f"{env.name}-alarms",
    ObservabilityArgs(
        region=env.region,
        account_id=account.id,
        environment=env.name,
        load_balancer_arn_suffix=api.load_balancer_arn_suffix,
        target_group_arn_suffix=api.target_group_arn_suffix,
        cluster_name=api.cluster_name,
        service_name=api.service_name,
        router_log_group_name=logs.router_log_group_name,
        min_tasks=env.router.min_tasks,
        alarm_emails=list(env.observability.alarm_emails),
        functions={**download_functions(distribution), **sharing_functions(share)},
    ),
)

export(
    Deployed(
        network=network,
        identity=identity,
        image=image,
        records=records,
        logs=logs,
        api=api,
        alarms=observability,
        releases=releases,
        distribution=distribution,
        share=share,
        client_config=sign_in,
    )
)
