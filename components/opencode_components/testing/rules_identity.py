"""Security rules of IAM and Cognito."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from opencode_components.testing import iam_policies
from opencode_components.testing.graph import Graph, Resource
from opencode_components.testing.iam_conditions import texts
from opencode_components.testing.iam_statements import Statement, statements
from opencode_components.testing.security_rule import Breach, Rule

INLINE = ("aws:iam/rolePolicy:RolePolicy", "aws:iam/userPolicy:UserPolicy", "aws:iam/groupPolicy:GroupPolicy")
ATTACHMENTS = "aws:iam/*PolicyAttachment:*"
BROAD_MANAGED = re.compile(r"arn:aws[a-z-]*:iam::aws:policy/.*(Administrator|PowerUser|FullAccess).*")
WITHOUT_RESOURCE = (
    "bedrock:CallWithBearerToken",
    "bedrock-mantle:CallWithBearerToken",
    "cloudwatch:PutMetricData",
    "ec2:Describe*",
    "ecr:GetAuthorizationToken",
    "kms:ListAliases",
    "s3:ListAllMyBuckets",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
    "sts:GetCallerIdentity",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)
"""Actions that know no resource, so that `*` is the only one to write.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference (read 2026-11-21).
"""
POOL = "aws:cognito/userPool:UserPool"
CLIENT = "aws:cognito/userPoolClient:UserPoolClient"
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
PASSWORD_FLOWS = ("USER_PASSWORD_AUTH", "ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH")


def identity_statements(graph: Graph) -> Iterator[tuple[Resource, Statement]]:
    """Allow statements of every policy that an identity has."""
    holders = [resource for kind in (*INLINE, iam_policies.CUSTOMER_POLICY) for resource in graph.all(kind)]
    documents = [(holder, holder.inputs["policy"]) for holder in holders]
    documents += [(r, p["policy"]) for r in graph.all(iam_policies.ROLE) for p in r.inputs.get("inlinePolicies", ())]
    for holder, document in documents:
        yield from ((holder, s) for s in statements(repr(holder), document) if s.effect == "Allow")


def no_wildcard_action(graph: Graph) -> Iterator[Breach]:
    for holder, statement in identity_statements(graph):
        broad = [
            action for action in texts(statement.body.get("Action", "*")) if re.fullmatch(r"(\w[\w-]*:)?\*", action)
        ]
        if broad:
            yield holder, f"allows {', '.join(broad)}"


def no_wildcard_resource(graph: Graph) -> Iterator[Breach]:
    for holder, statement in identity_statements(graph):
        everything = "*" in texts(statement.body.get("Resource", "*"))
        actions = [a for a in texts(statement.body.get("Action", "*")) if a not in WITHOUT_RESOURCE]
        if everything and actions:
            yield holder, f"allows {', '.join(actions)} on every resource"


def no_broad_managed_policy(graph: Graph) -> Iterator[Breach]:
    for attachment in graph.all(ATTACHMENTS):
        if BROAD_MANAGED.fullmatch(str(attachment.inputs.get("policyArn"))):
            yield attachment, f"attaches {attachment.inputs['policyArn']}"
    for role in graph.all(iam_policies.ROLE):
        for arn in role.inputs.get("managedPolicyArns", ()):
            if BROAD_MANAGED.fullmatch(arn):
                yield role, f"attaches {arn}"


def narrow_trust(graph: Graph) -> Iterator[Breach]:
    """Who may take a role: services, named roles, or others under a condition."""
    for role in graph.all(iam_policies.ROLE):
        for statement in statements(repr(role), role.inputs["assumeRolePolicy"]):
            principal = statement.body.get("Principal", "*")
            names = ["*"] if principal == "*" else texts(principal.get("AWS", []))
            broad = [name for name in names if name == "*" or name.endswith(":root") or name.isdigit()]
            if broad and statement.effect == "Allow" and (broad == ["*"] or not statement.body.get("Condition")):
                yield role, f"can be taken by {', '.join(broad)}"


def no_public_policy(graph: Graph) -> Iterator[Breach]:
    """Policies of resources that allow everyone, without a condition."""
    for kind, (document, target) in iam_policies.POLICY_HOLDERS.items():
        for holder in graph.all(kind) if kind != iam_policies.ROLE else ():
            for statement in statements(repr(holder), holder.inputs[document]) if document in holder.inputs else ():
                is_public = statement.body.get("Principal") in ("*", {"AWS": "*"}) and statement.effect == "Allow"
                if is_public and not statement.body.get("Condition"):
                    yield holder, f"lets everyone use the {target or 'resource'}"


def urls(client: Resource) -> Iterator[str]:
    for key in ("callbackUrls", "logoutUrls"):
        yield from client.inputs.get(key, ())


def no_loopback_for_confidential_client(graph: Graph) -> Iterator[Breach]:
    for client in graph.all(CLIENT):
        hosts = [url for url in urls(client) if urlsplit(url).hostname in LOOPBACK]
        if client.inputs.get("generateSecret") and hosts:
            yield client, f"sends people back to {', '.join(hosts)}"


def https_callbacks(graph: Graph) -> Iterator[Breach]:
    for client in graph.all(CLIENT):
        plain = [url for url in urls(client) if url.startswith("http:") and urlsplit(url).hostname not in LOOPBACK]
        if plain:
            yield client, f"sends people back to {', '.join(plain)}"


def code_flow_only(graph: Graph) -> Iterator[Breach]:
    for client in graph.all(CLIENT):
        flows = client.inputs.get("allowedOauthFlows", [])
        if flows != ["code"]:
            yield client, f"allows the flows {', '.join(flows) or 'that Cognito chooses'}"
        direct = [f for f in client.inputs.get("explicitAuthFlows", ()) if f.removeprefix("ALLOW_") in PASSWORD_FLOWS]
        if direct:
            yield client, f"takes passwords by {', '.join(direct)}"


def no_sign_up(graph: Graph) -> Iterator[Breach]:
    for pool in graph.all(POOL):
        if not pool.inputs.get("adminCreateUserConfig", {}).get("allowAdminCreateUserOnly"):
            yield pool, "lets anybody create an account"


def revocable_tokens(graph: Graph) -> Iterator[Breach]:
    for client in graph.all(CLIENT):
        if not client.inputs.get("enableTokenRevocation"):
            yield client, "does not say that tokens can be revoked"


def silent_about_users(graph: Graph) -> Iterator[Breach]:
    for client in graph.all(CLIENT):
        if client.inputs.get("preventUserExistenceErrors") != "ENABLED":
            yield client, "tells who has an account"


RULES = (
    Rule("iam-action", "it also allows what AWS adds later", "list the actions that are used", no_wildcard_action),
    Rule(
        "iam-resource",
        "one stolen credential reaches every resource of the account",
        "name ARNs; only actions that know no resource take *",
        no_wildcard_resource,
    ),
    Rule(
        "iam-managed-policy",
        "policies of AWS for administrators allow far more than any one task needs",
        "write a policy with the actions that are used",
        no_broad_managed_policy,
    ),
    Rule(
        "iam-trust",
        "whoever is trusted has all that the role may do",
        "trust one service or role, with aws:SourceAccount or sts:ExternalId where others are involved",
        narrow_trust,
    ),
    Rule("public-policy", "anybody may use the resource", "name principals, or add a condition", no_public_policy),
    Rule(
        "client-loopback",
        "any process on the person's machine can wait there for a code of the confidential client",
        "give the confidential client public https addresses only",
        no_loopback_for_confidential_client,
    ),
    Rule("client-https", "codes would travel unencrypted", "use https addresses", https_callbacks),
    Rule(
        "client-flows",
        "implicit and password flows give tokens without PKCE, and passwords to the client",
        "set allowed_oauth_flows to code alone, and no password flows",
        code_flow_only,
    ),
    Rule(
        "pool-sign-up",
        "strangers could let themselves in",
        "set admin_create_user_config with allow_admin_create_user_only",
        no_sign_up,
    ),
    Rule(
        "client-revocation",
        "a lost refresh token stays good until it expires",
        "set enable_token_revocation",
        revocable_tokens,
    ),
    Rule(
        "client-user-existence",
        "accounts can be found by trying names",
        "set prevent_user_existence_errors to ENABLED",
        silent_about_users,
    ),
)
