"""User pools."""

from collections.abc import Mapping, Sequence
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.finishing import finishing
from opencode_local.provider.handler import AutoName, Fault, Handler, Properties
from opencode_local.provider.handlers.cognito_plans import refuse_beyond_plan
from opencode_local.provider.members import block, blocks, refuse, reported, request, unsupported, value, values

MESSAGES = (
    value("defaultEmailOption"),
    *values("emailMessage", "emailMessageByLink", "emailSubject", "emailSubjectByLink", "smsMessage"),
)
PASSWORD_POLICY = values(
    "minimumLength",
    "passwordHistorySize",
    "requireLowercase",
    "requireNumbers",
    "requireSymbols",
    "requireUppercase",
    "temporaryPasswordValidityDays",
)
SETTINGS = (
    block("accountRecoverySetting", blocks("recoveryMechanisms", *values("name", "priority"))),
    block(
        "adminCreateUserConfig",
        value("allowAdminCreateUserOnly"),
        block("inviteMessageTemplate", *values("emailMessage", "emailSubject"), value("smsMessage", "SMSMessage")),
    ),
    value("autoVerifiedAttributes"),
    value("deletionProtection"),
    block("deviceConfiguration", *values("challengeRequiredOnNewDevice", "deviceOnlyRememberedOnUserPrompt")),
    block(
        "emailConfiguration",
        value("emailSendingAccount"),
        value("fromEmailAddress", "From"),
        *values("configurationSet", "replyToEmailAddress", "sourceArn"),
    ),
    *values("emailVerificationMessage", "emailVerificationSubject"),
    block("passwordPolicy", *PASSWORD_POLICY, member="Policies.PasswordPolicy"),
    block("signInPolicy", value("allowedFirstAuthFactors"), member="Policies.SignInPolicy"),
    *values("smsAuthenticationMessage", "smsVerificationMessage"),
    block("userAttributeUpdateSettings", value("attributesRequireVerificationBeforeUpdate")),
    block(
        "userPoolAddOns",
        value("advancedSecurityMode"),
        block("advancedSecurityAdditionalFlows", value("customAuthMode")),
    ),
    value("userPoolTier"),
    block("verificationMessageTemplate", *MESSAGES),
)
"""What UpdateUserPool takes as well."""
FIXED = (
    value("name", "PoolName"),
    *values("aliasAttributes", "usernameAttributes"),
    block("usernameConfiguration", value("caseSensitive")),
)
ATTRIBUTE = (
    *values("attributeDataType", "developerOnlyAttribute", "mutable", "name", "required"),
    block("numberAttributeConstraints", *values("maxValue", "minValue")),
    block("stringAttributeConstraints", *values("maxLength", "minLength")),
)
SCHEMA = blocks("schemas", *ATTRIBUTE, member="Schema")
MFA = (value("mfaConfiguration"), block("softwareTokenMfaConfiguration", value("enabled")))
DEFAULT_TIER = "ESSENTIALS"
FIXED_KIND = "user pool sign-in settings"
"""The store keeps what cannot be changed: the embedded AWS loses it in UpdateUserPool."""


class UserPool(Handler):
    token = "aws:cognito/userPool:UserPool"
    replace_on = frozenset({"name", "aliasAttributes", "usernameAttributes", "usernameConfiguration.caseSensitive"})
    filled_by_aws = frozenset(
        {
            "adminCreateUserConfig",
            "emailConfiguration",
            "emailVerificationMessage",
            "emailVerificationSubject",
            "passwordPolicy",
            "signInPolicy",
            "smsVerificationMessage",
            "userPoolTier",
            "verificationMessageTemplate",
        }
    )
    auto_name = AutoName("name", 128)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        faults = unsupported([*SETTINGS, *FIXED, SCHEMA, *MFA], inputs)
        if inputs.get("aliasAttributes") and inputs.get("usernameAttributes"):
            faults.append(Fault("aliasAttributes", 'conflicts with "usernameAttributes"'))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        refuse_beyond_plan("CreateUserPool", inputs)
        wanted = request([*SETTINGS, *FIXED, SCHEMA], {"userPoolTier": DEFAULT_TIER, **inputs})
        answer = aws.client("cognito-idp").create_user_pool(**wanted, UserPoolTags=inputs.get("tagsAll") or {})
        id_ = str(answer["UserPool"]["Id"])
        aws.store.put(FIXED_KIND, id_, request(FIXED, inputs))
        if inputs.get("mfaConfiguration", "OFF") != "OFF":
            with finishing(id_, inputs):
                _set_mfa(aws, id_, inputs)
        return id_

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        client = aws.client("cognito-idp")
        answer = found(client.describe_user_pool, "ResourceNotFoundException", UserPoolId=id_)
        if answer is None:
            return None
        fixed = aws.store.get(FIXED_KIND, id_) or {}
        pool = {**answer["UserPool"], **fixed, "PoolName": answer["UserPool"]["Name"]}
        return {
            **reported([*SETTINGS, *FIXED], pool, inputs),
            **reported(MFA, client.get_user_pool_mfa_config(UserPoolId=id_), inputs),
            **_declared_schema(pool, inputs),
            "tagsAll": pool.get("UserPoolTags") or {},
            "arn": pool["Arn"],
            "creationDate": pool["CreationDate"].isoformat(),
            "customDomain": pool.get("CustomDomain"),
            "domain": pool.get("Domain"),
            "endpoint": f"cognito-idp.{aws.region}.amazonaws.com/{id_}",
            "estimatedNumberOfUsers": pool["EstimatedNumberOfUsers"],
            "lastModifiedDate": pool["LastModifiedDate"].isoformat(),
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        refuse_beyond_plan("UpdateUserPool", new)
        client = aws.client("cognito-idp")
        kept = client.describe_user_pool(UserPoolId=id_)["UserPool"]
        tier = {"userPoolTier": kept.get("UserPoolTier", DEFAULT_TIER)}
        tags = new.get("tagsAll") or {}
        client.update_user_pool(UserPoolId=id_, **request(SETTINGS, {**tier, **new}), UserPoolTags=tags)
        _set_mfa(aws, id_, new)
        added = _added_attributes(old.get("schemas") or [], new.get("schemas") or [])
        if added:
            client.add_custom_attributes(UserPoolId=id_, CustomAttributes=[request(ATTRIBUTE, part) for part in added])

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        client = aws.client("cognito-idp")
        answer = found(client.describe_user_pool, "ResourceNotFoundException", UserPoolId=id_)
        if answer is None:
            return
        pool = answer["UserPool"]
        if pool.get("DeletionProtection") == "ACTIVE":
            message = (
                "The user pool cannot be deleted because deletion protection is activated. "
                "Deletion protection must be inactivated first."
            )
            raise refuse("DeleteUserPool", message)
        if pool.get("Domain"):
            message = "User pool cannot be deleted. It has a domain configured that should be deleted first."
            raise refuse("DeleteUserPool", message)
        client.delete_user_pool(UserPoolId=id_)
        aws.store.delete(FIXED_KIND, id_)


def _set_mfa(aws: Aws, id_: str, inputs: Mapping[str, Any]) -> None:
    wanted = request(MFA, {"mfaConfiguration": "OFF", **inputs})
    aws.client("cognito-idp").set_user_pool_mfa_config(UserPoolId=id_, **wanted)


def _declared_schema(pool: Mapping[str, Any], inputs: Properties) -> Properties:
    """Only declared attributes are read back, in their order: AWS adds all standard ones."""
    declared = inputs.get("schemas") or []
    there = {
        attribute["Name"].removeprefix("dev:").removeprefix("custom:"): attribute
        for attribute in pool["SchemaAttributes"]
    }
    kept = [{**there[part["name"]], "Name": part["name"]} for part in declared if part["name"] in there]
    like = [part for part in declared if part["name"] in there]
    return reported([SCHEMA], {"Schema": kept}, {"schemas": like}) if declared else {}


def _added_attributes(old: list[Properties], new: list[Properties]) -> list[Properties]:
    """Attributes cannot be changed or removed: see AddCustomAttributes. Raises AwsError."""
    if any(part not in new for part in old):
        raise refuse("AddCustomAttributes", "cannot modify or remove schema items")
    return [part for part in new if part not in old]


HANDLERS = (UserPool(),)
