"""How the user pool behaves, what its feature plan allows, and what its sign-in host may be called.

Source of limits and words: Amazon Cognito user pools API reference, "CreateUserPool" and "CreateUserPoolDomain", and
developer guide, "User pool feature plans" (read 2026-11-21).
"""

import re
from collections.abc import Sequence

from pulumi import Input
from pulumi_aws import cognito

from opencode_components.refusals import refusal
from opencode_components.verified import one_of

TIERS = ("LITE", "ESSENTIALS", "PLUS")
ROTATING_TIERS = ("ESSENTIALS", "PLUS")
"""Plans whose clients can replace a refresh token at each use."""
THREAT_PROTECTION = ("OFF", "AUDIT", "ENFORCED")
PASSWORD_CHARACTERS = 12
INVITATION_DAYS = 3
"""How long the password in an invitation is good for."""
DOMAIN_PREFIX = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
RESERVED_WORDS = ("aws", "amazon", "cognito")
GROUP_NAME = re.compile(r"\S{1,128}")
MAX_ATTRIBUTE_CHARACTERS = "2048"


def user_pool_args(
    *, region: Input[str], tier: str, threat_protection: str, is_protected: bool
) -> cognito.UserPoolArgs:
    """People are invited, sign in with their e-mail address and get back in through it."""
    return cognito.UserPoolArgs(
        region=region,
        user_pool_tier=tier,
        deletion_protection="ACTIVE" if is_protected else "INACTIVE",
        admin_create_user_config=cognito.UserPoolAdminCreateUserConfigArgs(allow_admin_create_user_only=True),
        username_attributes=["email"],
        auto_verified_attributes=["email"],
        schemas=[email_schema()],
        password_policy=password_policy(),
        account_recovery_setting=cognito.UserPoolAccountRecoverySettingArgs(
            recovery_mechanisms=[
                cognito.UserPoolAccountRecoverySettingRecoveryMechanismArgs(name="verified_email", priority=1)
            ]
        ),
        user_pool_add_ons=cognito.UserPoolUserPoolAddOnsArgs(advanced_security_mode=threat_protection)
        if tier == "PLUS"
        else None,
    )


def email_schema() -> cognito.UserPoolSchemaArgs:
    """Mutable, because a federated sign-in writes it again each time; the lengths are what AWS answers with."""
    return cognito.UserPoolSchemaArgs(
        name="email",
        attribute_data_type="String",
        required=True,
        mutable=True,
        string_attribute_constraints=cognito.UserPoolSchemaStringAttributeConstraintsArgs(
            min_length="0", max_length=MAX_ATTRIBUTE_CHARACTERS
        ),
    )


def password_policy() -> cognito.UserPoolPasswordPolicyArgs:
    return cognito.UserPoolPasswordPolicyArgs(
        minimum_length=PASSWORD_CHARACTERS,
        require_lowercase=True,
        require_uppercase=True,
        require_numbers=True,
        require_symbols=True,
        temporary_password_validity_days=INVITATION_DAYS,
    )


def check_plan(tier: str, threat_protection: str) -> None:
    """Raises ValueError for words that are unknown, and for protection that the plan does not include."""
    one_of("tier", tier, TIERS)
    one_of("threat_protection", threat_protection, THREAT_PROTECTION)
    if threat_protection != "OFF" and tier != "PLUS":
        raise refusal(
            "threat_protection",
            threat_protection,
            reason=f"is not part of the plan {tier}",
            fix="use tier PLUS, which costs more per person, or threat_protection OFF",
        )


def check_domain_prefix(key: str, value: str) -> None:
    if not DOMAIN_PREFIX.fullmatch(value):
        raise refusal(
            key,
            value,
            reason="is no label of a sign-in host",
            fix="use 1 to 63 of a-z, 0-9 and -, with no - at either end",
        )
    if reserved := next((word for word in RESERVED_WORDS if word in value), None):
        raise refusal(key, value, reason=f"holds {reserved!r}, which AWS keeps for itself", fix="use another word")


def check_groups(groups: Sequence[str]) -> None:
    for group in groups:
        if not GROUP_NAME.fullmatch(group) or groups.count(group) > 1:
            raise refusal(
                "groups", group, reason="is named twice, empty, too long or spaced", fix="use each name once, unspaced"
            )
