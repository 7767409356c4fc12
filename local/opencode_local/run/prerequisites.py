"""What an account has before the program is run: made in the embedded AWS, under the ids that the config names."""

from collections.abc import Mapping
from typing import Any

from moto.route53.models import HostedZoneIdentifier
from moto.utilities.id_generator import moto_id_manager

from opencode_local.provider.aws import Account

DOMAIN = "opencode:domain"


def make(account: Account, config: Mapping[str, Any]) -> None:
    """The hosted zone that the host is in. `config` is that of one environment's file."""
    domain = config.get(DOMAIN) or {}
    if domain.get("host") and domain.get("zone_id"):
        make_zone(account, domain["host"].partition(".")[2], domain["zone_id"])


def make_zone(account: Account, name: str, zone_id: str) -> None:
    """Source of the chosen id: moto documentation, "Custom resource IDs" (read 2026-11-21)."""
    zone = HostedZoneIdentifier(account.account_id, f"{name}.", None)
    moto_id_manager.set_custom_id(zone, zone_id)
    account.client("route53", "us-east-1").create_hosted_zone(Name=name, CallerReference=name)
    moto_id_manager.unset_custom_id(zone)
