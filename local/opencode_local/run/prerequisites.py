"""What an account has before the program is run: made in the embedded AWS, under the ids that the config names."""

import json
from collections.abc import Mapping
from typing import Any

from moto.route53.models import HostedZoneIdentifier
from moto.secretsmanager.models import secretsmanager_backends
from moto.utilities.id_generator import moto_id_manager

from opencode_local.issuer.clients import WEB_CLIENT_SECRET
from opencode_local.provider.aws import Account

DOMAIN, OIDC = "opencode:domain", "opencode:oidc"


def make(account: Account, config: Mapping[str, Any]) -> None:
    """The hosted zone of the host, and the browser client's secret. `config` is that of one environment's file."""
    domain, oidc = config.get(DOMAIN) or {}, config.get(OIDC) or {}
    if domain.get("host") and domain.get("zone_id"):
        make_zone(account, domain["host"].partition(".")[2], domain["zone_id"])
    if oidc.get("browser_client_secret_arn"):
        make_secret(account, oidc["browser_client_secret_arn"], oidc["browser_client_id"])


def make_zone(account: Account, name: str, zone_id: str) -> None:
    """Source of the chosen id: moto documentation, "Custom resource IDs" (read 2026-11-21)."""
    zone = HostedZoneIdentifier(account.account_id, f"{name}.", None)
    moto_id_manager.set_custom_id(zone, zone_id)
    account.client("route53", "us-east-1").create_hosted_zone(Name=name, CallerReference=name)
    moto_id_manager.unset_custom_id(zone)


def make_secret(account: Account, arn: str, client_id: str) -> None:
    """What the company's provider has given out, here that of the local issuer. The ARN ends with a random part."""
    *_, region, _, _, named = arn.split(":")
    name = named.rpartition("-")[0]
    value = json.dumps({"client_id": client_id, "client_secret": WEB_CLIENT_SECRET})
    account.client("secretsmanager", region).create_secret(Name=name, SecretString=value)
    secret = secretsmanager_backends[account.account_id][region].secrets[name]
    secret.arn = arn  # the config's own account and random part, whatever they are
