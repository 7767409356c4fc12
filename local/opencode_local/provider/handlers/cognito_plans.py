"""Which features of a user pool need which plan.

Source: Cognito developer guide, "User pool feature plans", and CreateUserPool's errors in the service model
(read 2026-11-21).
"""

from collections.abc import Callable, Mapping
from typing import Any

from opencode_local.provider.errors import AwsError

PLANS = ("LITE", "ESSENTIALS", "PLUS")
NO_THREAT_PROTECTION = (None, "OFF")
PASSWORD_ONLY: tuple[list[str] | None, ...] = (None, [], ["PASSWORD"])

FEATURES: tuple[tuple[str, str, Callable[[Mapping[str, Any]], bool]], ...] = (
    (
        "PLUS",
        "Threat protection",
        lambda pool: _part(pool, "userPoolAddOns", "advancedSecurityMode") not in NO_THREAT_PROTECTION,
    ),
    (
        "ESSENTIALS",
        "Choice-based sign-in",
        lambda pool: _part(pool, "signInPolicy", "allowedFirstAuthFactors") not in PASSWORD_ONLY,
    ),
    ("ESSENTIALS", "Password history", lambda pool: bool(_part(pool, "passwordPolicy", "passwordHistorySize"))),
)
"""The lowest plan that has the feature, its name, and whether a pool's inputs use it."""


def refuse_beyond_plan(operation: str, pool: Mapping[str, Any]) -> None:
    """Raises AwsError FeatureUnavailableInTierException for the first feature that the pool's plan lacks."""
    plan = pool.get("userPoolTier") or "ESSENTIALS"
    for needed, feature, is_used in FEATURES:
        if is_used(pool):
            require_plan(operation, plan, needed, feature)


def require_plan(operation: str, plan: str, needed: str, feature: str) -> None:
    if plan in PLANS and PLANS.index(plan) < PLANS.index(needed):
        message = f"{feature} is not available in the {plan} feature plan: it needs {needed}."
        raise AwsError("FeatureUnavailableInTierException", message, operation)


def _part(pool: Mapping[str, Any], structure: str, name: str) -> Any:
    return (pool.get(structure) or {}).get(name)
