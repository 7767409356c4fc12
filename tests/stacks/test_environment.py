"""A config file is read whole or refused whole, with every fault said at once."""

import json
from typing import Any

import pytest

from opencode_stacks.declared import config_of
from opencode_stacks.environment import ROOT, Environment
from opencode_stacks.faults import ConfigError, Fault
from opencode_stacks.sections import Cognito, ExistingNetwork, Network, Oidc

ENVIRONMENTS = sorted(file.stem.removeprefix("Pulumi.") for file in ROOT.glob("Pulumi.*.yaml"))
GOOD: dict[str, Any] = config_of("dev")
OIDC = {
    "issuer": "https://login.example.com/",
    "cli_client_id": "cli",
    "browser_client_id": "browser",
    "browser_client_secret_arn": "arn:aws:secretsmanager:us-east-1:111122223333:secret:idp-AbCdEf",
    "audiences": ["gateway"],
}
KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
EXISTING = {"vpc_id": "vpc-0a1b2c3d", "public_subnet_ids": ["subnet-0a1b2c3d", "subnet-0a1b2c3e"]}


def read(changes: dict[str, Any], name: str = "dev") -> Environment:
    """GOOD with sections replaced, or removed where None is given; `section.key` changes one key."""
    config = json.loads(json.dumps(GOOD))
    for path, value in changes.items():
        section, _, key = path.partition(".")
        full = section if ":" in section else f"opencode:{section}"
        if value is None:
            config.pop(full, None) if not key else config[full].pop(key)
        elif key:
            config.setdefault(full, {})[key] = value
        else:
            config[full] = value
    return Environment.read(name, texts(config))


def texts(config: dict[str, Any]) -> dict[str, str]:
    """As the engine hands config to a program."""
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}


def faults(changes: dict[str, Any], name: str = "dev") -> tuple[Fault, ...]:
    with pytest.raises(ConfigError) as refusal:
        read(changes, name)
    return refusal.value.faults


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_config_file_of_the_repository_can_be_read(environment: str) -> None:
    assert Environment.read(environment, texts(config_of(environment))).name == environment


def test_a_file_chooses_between_a_new_and_an_existing_network_and_between_cognito_and_another_provider() -> None:
    new = read({})
    other = read({"network": None, "existing_network": EXISTING, "cognito": None, "oidc": OIDC})

    assert isinstance(new.network, Network)
    assert isinstance(new.identity, Cognito)
    assert isinstance(other.network, ExistingNetwork)
    assert isinstance(other.identity, Oidc)
    assert other.identity.issuer == "https://login.example.com/", "kept to the letter"


@pytest.mark.parametrize(
    ("changes", "key", "reason", "fix"),
    [
        ({"domain.hots": "x"}, "opencode:domain.hots", "not a key that is known", "did you mean host?"),
        ({"netwrok": {}}, "opencode:netwrok", "not a section that is known", "did you mean network?"),
        ({"domain.host": "no host"}, "opencode:domain.host", "form", "ai.example.com"),
        ({"domain.zone_id": "example.com"}, "opencode:domain.zone_id", "form", "Z0123456789EXAMPLE"),
        ({"domain": None}, "opencode:domain", "is missing", "zone_id"),
        ({"domain": "ai.example.com"}, "opencode:domain", "is not a mapping", "host"),
        ({"lifecycle": {}}, "opencode:lifecycle.deletion_protection", "is missing", "refuse to be deleted"),
        ({"domain.certificate_names": ["*.other.com"]}, "opencode:domain.certificate_names", "do not cover", "add"),
        (
            {"domain.certificate_names": ["*.example.org"]},
            "opencode:domain.certificate_names",
            "exactly one label",
            "add",
        ),
        (
            {
                "domain.certificate_names": ["ai-dev.example.com"],
                "domain.certificate_arn": "arn:aws:acm:us-east-1:111122223333:certificate/1",
            },
            "opencode:domain.certificate_names",
            "has its names already",
            "remove",
        ),
        (
            {"domain.certificate_names": ["ai-dev.example.com"]},
            "opencode:domain.certificate_names",
            "do not cover downloads-dev.example.com and share-dev.example.com",
            "add downloads-dev.example.com and share-dev.example.com",
        ),
        ({"downloads.host": "ai-dev.example.com"}, "opencode:downloads.host", "gateway's own", "downloads.example.com"),
        (
            {"downloads.host": "get.example.org"},
            "opencode:downloads.host",
            "cannot be in the zone",
            "below example.com",
        ),
        ({"downloads": {}}, "opencode:downloads.host", "is missing", "downloads.example.com"),
        ({"downloads.host": "Downloads.example.com"}, "opencode:downloads.host", "form", "downloads.example.com"),
        ({"downloads.help_url": "javascript:alert(1)"}, "opencode:downloads.help_url", "form", "https://"),
        ({"downloads.release_keys": ["AAAA"]}, "opencode:downloads.release_keys.0", "form", "11qYAYKx"),
        ({"downloads.release_keys": [KEY, KEY]}, "opencode:downloads.release_keys", "named twice", "each key once"),
        ({"downloads.public_concurrency": 0}, "opencode:downloads.public_concurrency", "greater than", "at once"),
        ({"downloads.retention_days": 0}, "opencode:downloads.retention_days", "greater than", "brought back"),
        ({"sharing.host": "ai-dev.example.com"}, "opencode:sharing.host", "gateway's own", "share.example.com"),
        ({"sharing.host": "downloads-dev.example.com"}, "opencode:sharing.host", "opencode:downloads", "share."),
        ({"sharing.host": "share.example.org"}, "opencode:sharing.host", "cannot be in the zone", "below example.com"),
        ({"sharing": {}}, "opencode:sharing.host", "is missing", "share.example.com"),
        ({"sharing.admin_groups": ["a,b"]}, "opencode:sharing.admin_groups.0", "form", "admins"),
        ({"sharing.redaction": "on"}, "opencode:sharing.redaction", "'mask'", "secrets"),
        ({"sharing.default_expiry_hours": 0}, "opencode:sharing.default_expiry_hours", "greater than", "90 days"),
        ({"sharing.default_expiry_hours": 2161}, "opencode:sharing.default_expiry_hours", "less than", "90 days"),
        ({"sharing.reserved_concurrency": 0}, "opencode:sharing.reserved_concurrency", "greater than", "at once"),
        ({"domain.public_cidrs": ["203.0.113.0/24"]}, "opencode:domain.public_cidrs", "ask the gateway", "0.0.0.0/0"),
        ({"network": None}, "opencode:network", "the network is missing", "existing_network"),
        ({"existing_network": EXISTING}, "opencode:existing_network", "together with", "remove"),
        ({"network.egress": "vpn"}, "opencode:network.egress", "nat_per_zone", "How tasks reach"),
        ({"network.zones": 2}, "opencode:network.zones", "valid array", '["a", "b"]'),
        ({"network.zones": ["a"]}, "opencode:network.zones", "at least 2", '["a", "b"]'),
        ({"network.cidr": "10.0.0.1/16"}, "opencode:network.cidr", "host bits", "10.20.0.0/16"),
        ({"network.cidr": "8.8.0.0/16"}, "opencode:network.cidr", "private range", "10.0.0.0/8"),
        ({"network.cidr": "10.0.0.0/8"}, "opencode:network.cidr", "form", "10.20.0.0/16"),
        (
            {"network.egress": "none", "cognito": None, "oidc": OIDC},
            "opencode:network.interface_endpoints",
            "would not reach",
            "bedrock-runtime",
        ),
        ({"oidc": OIDC}, "opencode:oidc", "there is one identity provider", "remove"),
        ({"cognito": None}, "opencode:cognito", "identity provider is missing", "opencode:oidc"),
        (
            {"cognito": None, "oidc": {**OIDC, "issuer": None}},
            "opencode:oidc.issuer",
            "valid string",
            "login.example.com",
        ),
        (
            {"cognito": None, "oidc": {key: value for key, value in OIDC.items() if key != "issuer"}},
            "opencode:oidc.issuer",
            "is missing",
            "login.example.com",
        ),
        (
            {"cognito": None, "oidc": {**OIDC, "issuer": "http://login.example.com"}},
            "opencode:oidc.issuer",
            "form",
            "https://login.example.com/",
        ),
        ({"cognito.threat_protection": "ENFORCED"}, "opencode:cognito.threat_protection", "ESSENTIALS", "PLUS"),
        ({"cognito.cli_callback_ports": [80]}, "opencode:cognito.cli_callback_ports.0", "1024", "Loopback ports"),
        ({"router.cpu": "256"}, "opencode:router.cpu", "256", "CPU units"),
        ({"router.memory_mib": 600}, "opencode:router.memory_mib", "Fargate has no task", "512"),
        ({"router.min_tasks": 5, "router.max_tasks": 2}, "opencode:router.max_tasks", "less than min_tasks", "5"),
        ({"router.image_uri": "router:latest"}, "opencode:router.image_uri", "form", "@sha256:"),
        ({"router.settings": {"log level": "x"}}, "opencode:router.settings", "form", "LOG_LEVEL"),
        ({"bedrock.models": ["*claude"]}, "opencode:bedrock.models.0", "form", "anthropic.claude"),
        ({"observability.log_retention_days": 31}, "opencode:observability.log_retention_days", "30", "kept"),
        ({"firewall": {"blocked_cidrs": ["1.2.3.4/8"]}}, "opencode:firewall.blocked_cidrs", "host bits", "range"),
        ({"domain.public_cidrs": ["2001:db8::/32"]}, "opencode:domain.public_cidrs", "IPv6", "IPv4 ranges"),
        ({"aws:region": None}, "aws:region", "is missing", "us-east-1"),
        ({"aws:region": "frankfurt"}, "aws:region", "not the name of an AWS region", "us-east-1"),
    ],
)
def test_what_will_not_do_is_refused_with_key_reason_and_fix(
    changes: dict[str, Any], key: str, reason: str, fix: str
) -> None:
    found = [fault for fault in faults(changes) if fault.key.startswith(key)]

    assert found, f"no fault at {key}: {[str(fault) for fault in faults(changes)]}"
    assert reason in found[0].reason
    assert fix in found[0].fix


def test_all_faults_are_reported_at_once_whatever_their_kind() -> None:
    found = faults(
        {
            "aws:region": "nowhere",
            "domain.zone_id": "example.com",
            "network.egress": "none",
            "router.memory_mib": 600,
            "cognito.threat_protection": "AUDIT",
            "extra": {},
        },
        name="Production!",
    )

    assert {fault.key for fault in found} == {
        "the stack's name",
        "aws:region",
        "opencode:domain.zone_id",
        "opencode:network.interface_endpoints",
        "opencode:cognito",
        "opencode:router.memory_mib",
        "opencode:cognito.threat_protection",
        "opencode:extra",
    }


def test_the_message_is_one_a_person_can_act_on() -> None:
    with pytest.raises(ConfigError) as refusal:
        read({"domain.zone_id": "example.com", "router.memory_mib": 600})

    message = str(refusal.value)
    assert message.startswith("Pulumi.dev.yaml has 2 faults; nothing was changed.")
    assert 'opencode:domain.zone_id = "example.com"' in message
    assert "opencode:router.memory_mib = 600" in message
    assert message.count("fix: ") == 2
