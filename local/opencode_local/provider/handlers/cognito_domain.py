"""The sign-in host of a user pool."""

from collections.abc import Sequence
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.handler import Fault, Handler, Properties
from opencode_local.provider.handlers.cognito_plans import require_plan
from opencode_local.provider.members import refuse, unsupported, values

RESERVED_WORDS = ("aws", "amazon", "cognito")
DOMAIN_TAKEN = "Domain already associated with another user pool."
CERTIFICATE_REGION = "us-east-1"
"""A host of one's own is served by CloudFront, which takes certificates from there only."""
CLOUDFRONT_ZONE_ID = "Z2FDTNDATAQYW2"
VERSION_KIND = "cognito managed login version"
"""The store keeps what the embedded AWS forgets: 1 the hosted pages, 2 managed login."""


class UserPoolDomain(Handler):
    token = "aws:cognito/userPoolDomain:UserPoolDomain"
    replace_on = frozenset({"domain", "userPoolId"})
    filled_by_aws = frozenset({"managedLoginVersion"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported(values("domain", "userPoolId", "certificateArn", "managedLoginVersion"), inputs)

    def create(self, aws: Aws, inputs: Properties) -> str:
        _refuse_domain(aws, inputs)
        client, domain = aws.client("cognito-idp"), inputs["domain"]
        custom = _custom_domain(aws, inputs)
        version = _login_version(aws, "CreateUserPoolDomain", inputs)
        client.create_user_pool_domain(
            UserPoolId=inputs["userPoolId"], Domain=domain, ManagedLoginVersion=version, **custom
        )
        aws.store.put(VERSION_KIND, domain, {"version": version})
        return str(domain)

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        domain = _domain(aws, id_)
        if not domain:
            return None
        distribution = domain["CloudFrontDistribution"]
        return {
            "domain": domain["Domain"],
            "userPoolId": domain["UserPoolId"],
            "certificateArn": inputs.get("certificateArn"),
            "managedLoginVersion": (aws.store.get(VERSION_KIND, id_) or {"version": 1})["version"],
            "awsAccountId": aws.account_id,
            "cloudfrontDistribution": distribution,
            "cloudfrontDistributionArn": distribution,
            "cloudfrontDistributionZoneId": CLOUDFRONT_ZONE_ID,
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        version = _login_version(aws, "UpdateUserPoolDomain", new)
        custom = _custom_domain(aws, new)
        aws.validate(
            "cognito-idp",
            "UpdateUserPoolDomain",
            Domain=id_,
            UserPoolId=new["userPoolId"],
            ManagedLoginVersion=version,
            **custom,
        )
        if custom:
            aws.client("cognito-idp").update_user_pool_domain(Domain=id_, UserPoolId=new["userPoolId"], **custom)
        aws.store.put(VERSION_KIND, id_, {"version": version})

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        delete = aws.client("cognito-idp").delete_user_pool_domain
        found(delete, "ResourceNotFoundException", Domain=id_, UserPoolId=properties["userPoolId"])
        aws.store.delete(VERSION_KIND, id_)


def _domain(aws: Aws, name: str) -> dict[str, Any]:
    """Empty when nobody has it."""
    description: dict[str, Any] = aws.client("cognito-idp").describe_user_pool_domain(Domain=name)["DomainDescription"]
    return description


def _refuse_domain(aws: Aws, inputs: Properties) -> None:
    operation, name = "CreateUserPoolDomain", inputs["domain"]
    pool = aws.client("cognito-idp").describe_user_pool(UserPoolId=inputs["userPoolId"])["UserPool"]
    reserved = next((word for word in RESERVED_WORDS if word in name), None)
    if reserved and not inputs.get("certificateArn"):
        raise refuse(operation, f"Domain cannot contain reserved word: {reserved}")
    if _domain(aws, name):
        raise refuse(operation, DOMAIN_TAKEN)
    if pool.get("Domain"):
        raise refuse(operation, "User pool already has a domain configured.")


def _custom_domain(aws: Aws, inputs: Properties) -> dict[str, Any]:
    arn = inputs.get("certificateArn")
    if not arn:
        return {}
    certificates = aws.at(CERTIFICATE_REGION).client("acm")
    if not found(certificates.describe_certificate, "ResourceNotFoundException", CertificateArn=arn):
        raise refuse("CreateUserPoolDomain", f"The certificate {arn} does not exist in {CERTIFICATE_REGION}.")
    return {"CustomDomainConfig": {"CertificateArn": arn}}


def _login_version(aws: Aws, operation: str, inputs: Properties) -> int:
    version = int(inputs.get("managedLoginVersion") or 1)
    pool = aws.client("cognito-idp").describe_user_pool(UserPoolId=inputs["userPoolId"])["UserPool"]
    if version > 1:
        require_plan(operation, pool.get("UserPoolTier", "ESSENTIALS"), "ESSENTIALS", "Managed login")
    return version


HANDLERS = (UserPoolDomain(),)
