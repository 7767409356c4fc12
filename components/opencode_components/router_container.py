"""The router's container as ECS is told of it: pure functions."""

from collections.abc import Mapping, Sequence
from typing import Any

from opencode_components.refusals import refusal
from opencode_components.sizes import CPU_UNITS_PER_VCPU

CONTAINER = "router"
"""Name of the container, and what its log streams begin with."""
PORT = 8080
USER = "1000:1000"
OWN_REGION = "region"
"""The router's word for a model's id in its own region, beside the prefixes of inference profiles."""
LAST_WORDS_S = 10
"""Between the end of the drain and SIGKILL: the last usage records, and errors that end the last streams."""
MAX_STOP_S = 120
"""Source: Amazon ECS API reference, "ContainerDefinition", stopTimeout on Fargate (read 2026-11-21)."""
ANSWER_S, FIRST_EVENT_S = 900, 300
"""How long the router waits for an answer and for a stream's first event, if the load balancer bears it."""
MARGIN_S = 5
"""By which the router gives up before the load balancer would: then the caller gets an error that says what it was."""
LOG_BUFFER = "25m"


def checked_drain(drain_s: int) -> int:
    longest = MAX_STOP_S - LAST_WORDS_S
    if not 1 <= drain_s <= longest:
        reason = f"does not leave {LAST_WORDS_S} of the {MAX_STOP_S} s that ECS allows for last words"
        raise refusal("drain_s", drain_s, reason=reason, fix=f"use 1 to {longest} seconds")
    return drain_s


def stop_timeout_s(drain_s: int) -> int:
    """From SIGTERM to SIGKILL, and from leaving the load balancer to the end of its open connections."""
    return drain_s + LAST_WORDS_S


def router_variables(
    *,
    region: str,
    known: Mapping[str, Any],
    inference_profiles: Sequence[str],
    idle_timeout_s: int,
    drain_s: int,
) -> dict[str, str]:
    """The router's environment variables.

    `known` holds `issuer`, `jwks_url`, `audiences`, `audience_claim`, `token_uses`, the names of the three tables and,
    if they were given, `client_config` and `releases_bucket_name`.
    Without inference profiles the router is told to use the ids of its own region: left to itself it would try others.
    """
    patience_s = max(1, idle_timeout_s - MARGIN_S)
    variables = {
        "AWS_REGION": region,
        "PORT": str(PORT),
        "OIDC_ISSUER": known["issuer"],
        "OIDC_JWKS_URL": known["jwks_url"],
        "OIDC_AUDIENCES": ",".join(known["audiences"]),
        "OIDC_AUDIENCE_CLAIM": known["audience_claim"],
        "OIDC_TOKEN_USES": ",".join(known["token_uses"]),
        "KEYS_TABLE": known["keys_table_name"],
        "USAGE_TABLE": known["usage_table_name"],
        "COUNTERS_TABLE": known["counters_table_name"],
        "CLIENT_CONFIG": known.get("client_config", ""),
        "RELEASES_BUCKET": known.get("releases_bucket_name", ""),
        "BEDROCK_PROFILES": ",".join(inference_profiles or [OWN_REGION]),
        "ANSWER_TIMEOUT_S": str(min(ANSWER_S, patience_s)),
        "FIRST_EVENT_TIMEOUT_S": str(min(FIRST_EVENT_S, patience_s)),
        "DRAIN_S": str(drain_s),
    }
    return {name: value for name, value in variables.items() if value}


def processes(cpu: int) -> str:
    """One for each whole vCPU of the task; on Fargate the router itself cannot see how many it has."""
    return str(max(1, cpu // CPU_UNITS_PER_VCPU))


SET_BY_COMPONENT = frozenset(
    {
        *("AWS_REGION", "PORT", "PROCESSES", "DRAIN_S", "ANSWER_TIMEOUT_S", "FIRST_EVENT_TIMEOUT_S"),
        *("OIDC_ISSUER", "OIDC_JWKS_URL", "OIDC_AUDIENCES", "OIDC_AUDIENCE_CLAIM", "OIDC_TOKEN_USES"),
        *("KEYS_TABLE", "USAGE_TABLE", "COUNTERS_TABLE", "CLIENT_CONFIG", "BEDROCK_PROFILES", "RELEASES_BUCKET"),
    }
)


def checked_settings(settings: Mapping[str, str]) -> dict[str, str]:
    """Raises ValueError on a variable that follows from another arg."""
    for variable in sorted(settings.keys() & SET_BY_COMPONENT):
        fix = "leave it away, and give the arg that it is made from"
        raise refusal("router_environment", variable, reason="is set by the component", fix=fix)
    return dict(settings)


def digest(key: str, image_uri: str) -> None:
    """Raises ValueError when the image is named without a digest: a tag may mean another one tomorrow."""
    if "@sha256:" not in image_uri:
        fix = "name it like ...amazonaws.com/router@sha256:..."
        raise refusal(key, image_uri, reason="has no digest", fix=fix)


def container_definition(
    *, image_uri: str, variables: Mapping[str, str], region: str, log_group_name: str, drain_s: int
) -> dict[str, Any]:
    """One container: no root, no capabilities, nothing to write to; the router needs no file of its own.

    Source: Amazon ECS API reference, "ContainerDefinition" (read 2026-11-21).
    """
    return {
        "name": CONTAINER,
        "image": image_uri,
        "essential": True,
        "user": USER,
        "readonlyRootFilesystem": True,
        "linuxParameters": {"initProcessEnabled": True, "capabilities": {"drop": ["ALL"]}},
        "portMappings": [{"containerPort": PORT, "protocol": "tcp"}],
        "environment": [{"name": name, "value": variables[name]} for name in sorted(variables)],
        "healthCheck": {
            "command": ["CMD", "python", "-m", "opencode_router.healthcheck"],
            "interval": 10,
            "timeout": 3,
            "retries": 3,
            "startPeriod": 15,
        },
        "stopTimeout": stop_timeout_s(drain_s),
        "logConfiguration": log_configuration(region, log_group_name),
    }


def log_configuration(region: str, log_group_name: str) -> dict[str, Any]:
    """It never makes the router wait: without CloudWatch it loses lines, not callers, whose usage is in the table.

    Source: Amazon ECS developer guide, "Send Amazon ECS logs to CloudWatch" (read 2026-11-21).
    """
    return {
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": log_group_name,
            "awslogs-region": region,
            "awslogs-stream-prefix": CONTAINER,
            "mode": "non-blocking",
            "max-buffer-size": LOG_BUFFER,
        },
    }
