"""Identity providers and groups of a user pool."""

from collections.abc import Mapping, Sequence
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import AutoName, Fault, Handler, Properties
from opencode_local.provider.members import refuse, reported, request, unsupported, values

CHANGEABLE = values("attributeMapping", "idpIdentifiers", "providerDetails")
PROVIDER = (*values("userPoolId", "providerName", "providerType"), *CHANGEABLE)
GROUP = (*values("description", "precedence", "roleArn"),)
REQUIRED_DETAILS: Mapping[str, frozenset[str]] = {
    "OIDC": frozenset({"client_id", "attributes_request_method", "oidc_issuer", "authorize_scopes"}),
    "Google": frozenset({"client_id", "client_secret", "authorize_scopes"}),
    "LoginWithAmazon": frozenset({"client_id", "client_secret", "authorize_scopes"}),
    "Facebook": frozenset({"client_id", "client_secret", "authorize_scopes"}),
    "SignInWithApple": frozenset({"client_id", "team_id", "key_id", "private_key", "authorize_scopes"}),
}
"""Source: CreateIdentityProvider, ProviderDetails, in the service model (read 2026-11-21)."""


class IdentityProvider(Handler):
    token = "aws:cognito/identityProvider:IdentityProvider"
    replace_on = frozenset({"userPoolId", "providerName", "providerType"})
    filled_by_aws = frozenset({"attributeMapping"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported(PROVIDER, inputs)

    def create(self, aws: Aws, inputs: Properties) -> str:
        return create_provider(aws, request(PROVIDER, inputs))

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        provider = describe_provider(aws, id_)
        if provider is None:
            return None
        pool_id, _, _ = id_.partition(":")
        return reported(PROVIDER, {**provider, "UserPoolId": pool_id}, inputs)

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        pool_id, _, name = id_.partition(":")
        update_provider(aws, {"UserPoolId": pool_id, "ProviderName": name, **request(CHANGEABLE, new)})

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        delete_provider(aws, id_)


class UserGroup(Handler):
    token = "aws:cognito/userGroup:UserGroup"
    replace_on = frozenset({"userPoolId", "name"})
    auto_name = AutoName("name", 128)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported(GROUP, inputs, "userPoolId", "name")

    def create(self, aws: Aws, inputs: Properties) -> str:
        pool_id, name = inputs["userPoolId"], inputs["name"]
        aws.client("cognito-idp").create_group(UserPoolId=pool_id, GroupName=name, **request(GROUP, inputs))
        return f"{pool_id}/{name}"

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        pool_id, _, name = id_.partition("/")
        get = aws.client("cognito-idp").get_group
        answer = found(get, "ResourceNotFoundException", UserPoolId=pool_id, GroupName=name)
        if answer is None:
            return None
        return {**reported(GROUP, answer["Group"], inputs), "userPoolId": pool_id, "name": name}

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        pool_id, _, name = id_.partition("/")
        wanted = {"Description": "", **request(GROUP, new)}
        aws.client("cognito-idp").update_group(UserPoolId=pool_id, GroupName=name, **wanted)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        pool_id, _, name = id_.partition("/")
        found(aws.client("cognito-idp").delete_group, "ResourceNotFoundException", UserPoolId=pool_id, GroupName=name)


def create_provider(aws: Aws, wanted: Mapping[str, Any]) -> str:
    """The id `<pool id>:<provider name>`. Raises AwsError when it exists, or a detail is missing."""
    operation, id_ = "CreateIdentityProvider", f"{wanted['UserPoolId']}:{wanted['ProviderName']}"
    if describe_provider(aws, id_):
        message = f"A provider with the name {wanted['ProviderName']} already exists."
        raise AwsError("DuplicateProviderException", message, operation)
    refuse_details(operation, wanted["ProviderType"], wanted["ProviderDetails"])
    aws.client("cognito-idp").create_identity_provider(**wanted)
    return id_


def describe_provider(aws: Aws, id_: str) -> dict[str, Any] | None:
    pool_id, _, name = id_.partition(":")
    describe = aws.client("cognito-idp").describe_identity_provider
    answer = found(describe, "ResourceNotFoundException", UserPoolId=pool_id, ProviderName=name)
    return None if answer is None else dict(answer["IdentityProvider"])


def update_provider(aws: Aws, wanted: Mapping[str, Any]) -> None:
    """`wanted` is the request of UpdateIdentityProvider, with all details."""
    client = aws.client("cognito-idp")
    names = {"UserPoolId": wanted["UserPoolId"], "ProviderName": wanted["ProviderName"]}
    provider = client.describe_identity_provider(**names)["IdentityProvider"]
    refuse_details("UpdateIdentityProvider", provider["ProviderType"], wanted["ProviderDetails"])
    client.update_identity_provider(**wanted)


def delete_provider(aws: Aws, id_: str) -> None:
    pool_id, _, name = id_.partition(":")
    delete = aws.client("cognito-idp").delete_identity_provider
    found(delete, "ResourceNotFoundException", UserPoolId=pool_id, ProviderName=name)


def refuse_details(operation: str, provider_type: str, details: Mapping[str, str]) -> None:
    missing = sorted(REQUIRED_DETAILS.get(provider_type, frozenset()) - details.keys())
    if missing:
        raise refuse(operation, f"The parameters {', '.join(missing)} are required for {provider_type} providers.")
    issuer = details.get("oidc_issuer", "https://")
    if not issuer.startswith("https://"):
        raise refuse(operation, f"Issuer {issuer} is not a valid https URL.")


HANDLERS = (IdentityProvider(), UserGroup())
