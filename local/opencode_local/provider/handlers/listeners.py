"""Listeners of application load balancers.

Rules: service model of Elastic Load Balancing v2, and Application Load Balancer user guide, "Listeners for your
Application Load Balancers" and "HTTP header modification" (read 2026-11-21).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import Fault, Handler, Properties
from opencode_local.provider.handlers.acm import certificate_status, described_certificate
from opencode_local.provider.handlers.elb_attributes import (
    Attribute,
    declarable,
    faults,
    properties,
    request,
    retag,
    tagging,
    tags_of,
)
from opencode_local.provider.handlers.listener_actions import (
    JWT_KIND,
    actions_member,
    keep_jwt,
    read_actions,
    refuse_actions,
    requested,
    without_jwt,
)
from opencode_local.provider.members import unsupported, values

RESPONSE = "routing.http.response"
ALLOW = f"{RESPONSE}.access_control_allow"
ATTRIBUTES = (
    Attribute("routingHttpResponseAccessControlAllowCredentialsHeaderValue", f"{ALLOW}_credentials.header_value", ""),
    Attribute("routingHttpResponseAccessControlAllowHeadersHeaderValue", f"{ALLOW}_headers.header_value", ""),
    Attribute("routingHttpResponseAccessControlAllowMethodsHeaderValue", f"{ALLOW}_methods.header_value", ""),
    Attribute("routingHttpResponseAccessControlAllowOriginHeaderValue", f"{ALLOW}_origin.header_value", ""),
    Attribute(
        "routingHttpResponseAccessControlExposeHeadersHeaderValue",
        f"{RESPONSE}.access_control_expose_headers.header_value",
        "",
    ),
    Attribute(
        "routingHttpResponseAccessControlMaxAgeHeaderValue", f"{RESPONSE}.access_control_max_age.header_value", ""
    ),
    Attribute(
        "routingHttpResponseContentSecurityPolicyHeaderValue", f"{RESPONSE}.content_security_policy.header_value", ""
    ),
    Attribute("routingHttpResponseServerEnabled", f"{RESPONSE}.server.enabled", default=True),
    Attribute(
        "routingHttpResponseStrictTransportSecurityHeaderValue",
        f"{RESPONSE}.strict_transport_security.header_value",
        "",
    ),
    Attribute(
        "routingHttpResponseXContentTypeOptionsHeaderValue",
        f"{RESPONSE}.x_content_type_options.header_value",
        "",
        ("nosniff",),
    ),
    Attribute(
        "routingHttpResponseXFrameOptionsHeaderValue",
        f"{RESPONSE}.x_frame_options.header_value",
        "",
        ("DENY", "SAMEORIGIN", "ALLOW-FROM"),
    ),
)
TABLE = (
    actions_member("defaultActions"),
    *values("loadBalancerArn", "certificateArn", "port", "protocol", "sslPolicy"),
    *declarable(ATTRIBUTES),
)


class Listener(Handler):
    token = "aws:lb/listener:Listener"
    replace_on = frozenset({"loadBalancerArn"})
    filled_by_aws = frozenset({"protocol", "sslPolicy"}) | {attribute.property for attribute in ATTRIBUTES}

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return [*unsupported(TABLE, inputs), *faults(ATTRIBUTES, inputs)]

    def create(self, aws: Aws, inputs: Properties) -> str:
        actions = _refuse(aws, "CreateListener", inputs)
        made = aws.client("elbv2").create_listener(
            LoadBalancerArn=inputs["loadBalancerArn"],
            DefaultActions=without_jwt(actions),
            **_connection(inputs),
            **tagging(inputs),
        )
        arn = str(made["Listeners"][0]["ListenerArn"])
        keep_jwt(aws, arn, actions)
        aws.client("elbv2").modify_listener_attributes(ListenerArn=arn, Attributes=request(ATTRIBUTES, inputs))
        return arn

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        listener = described_listener(aws, id_)
        if listener is None:
            return None
        attributes = aws.client("elbv2").describe_listener_attributes(ListenerArn=id_)["Attributes"]
        is_encrypted = listener["Protocol"] == "HTTPS"
        certificates = listener.get("Certificates", [])
        return {
            **properties(ATTRIBUTES, attributes),
            "loadBalancerArn": listener["LoadBalancerArn"],
            "port": listener["Port"],
            "protocol": listener["Protocol"],
            "sslPolicy": listener["SslPolicy"] if is_encrypted else None,
            "certificateArn": certificates[0]["CertificateArn"] if is_encrypted and certificates else None,
            "defaultActions": read_actions(aws, id_, listener["DefaultActions"], inputs.get("defaultActions") or []),
            "tagsAll": tags_of(aws, id_),
            "arn": id_,
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        client = aws.client("elbv2")
        actions = _refuse(aws, "ModifyListener", new, id_)
        client.modify_listener(ListenerArn=id_, DefaultActions=without_jwt(actions), **_connection(new))
        keep_jwt(aws, id_, actions)
        client.modify_listener_attributes(ListenerArn=id_, Attributes=request(ATTRIBUTES, new))
        retag(aws, id_, old, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        found(aws.client("elbv2").delete_listener, "ListenerNotFound", ListenerArn=id_)
        aws.store.delete(JWT_KIND, id_)


def described_listener(aws: Aws, arn: str) -> dict[str, Any] | None:
    answer = found(aws.client("elbv2").describe_listeners, "ListenerNotFound", ListenerArns=[arn])
    # Without any load balancer the embedded AWS answers with an empty list.
    return dict(answer["Listeners"][0]) if answer and answer["Listeners"] else None


def _connection(inputs: Mapping[str, Any]) -> dict[str, Any]:
    wanted = {"Port": inputs.get("port"), "Protocol": inputs.get("protocol"), "SslPolicy": inputs.get("sslPolicy")}
    if inputs.get("certificateArn"):
        wanted["Certificates"] = [{"CertificateArn": inputs["certificateArn"]}]
    return {member: setting for member, setting in wanted.items() if setting is not None}


def _refuse(aws: Aws, operation: str, inputs: Properties, arn: str = "") -> list[dict[str, Any]]:
    """The actions to request; raises AwsError for what AWS, unlike the embedded one, would not take."""
    actions = requested(inputs["defaultActions"])
    target = {"ListenerArn": arn} if arn else {"LoadBalancerArn": inputs["loadBalancerArn"]}
    aws.validate("elbv2", operation, DefaultActions=actions, **target)
    protocol = inputs.get("protocol", "HTTP")
    refuse_actions(operation, protocol, actions)
    _refuse_port(aws, operation, inputs, arn)
    if protocol == "HTTPS":
        _refuse_encryption(aws, operation, inputs)
    elif inputs.get("certificateArn") or inputs.get("sslPolicy"):
        message = f"A certificate or SSL policy cannot be specified for {protocol} listeners"
        raise AwsError("ValidationError", message, operation)
    return actions


def _refuse_port(aws: Aws, operation: str, inputs: Mapping[str, Any], arn: str) -> None:
    describe = aws.client("elbv2").describe_listeners
    for listener in describe(LoadBalancerArn=inputs["loadBalancerArn"])["Listeners"]:
        if listener["Port"] == inputs.get("port") and listener["ListenerArn"] != arn:
            message = "A listener already exists on this port for this load balancer"
            raise AwsError("DuplicateListener", message, operation)


def _refuse_encryption(aws: Aws, operation: str, inputs: Mapping[str, Any]) -> None:
    arn, policy = inputs.get("certificateArn"), inputs.get("sslPolicy")
    if not arn:
        raise AwsError("ValidationError", "A certificate must be specified for HTTPS listeners", operation)
    there = described_certificate(aws, arn)
    if there is None:
        raise AwsError("CertificateNotFound", f"Certificate '{arn}' not found", operation)
    if certificate_status(aws, there) != "ISSUED":
        message = (
            f"The certificate '{arn}' must have a fully-qualified domain name, a supported signature, and a supported "
            "key size: it is not issued"
        )
        raise AwsError("UnsupportedCertificate", message, operation)
    if policy and not aws.client("elbv2").describe_ssl_policies(Names=[policy])["SslPolicies"]:
        raise AwsError("SSLPolicyNotFound", f"SSL policy '{policy}' not found", operation)


HANDLERS = (Listener(),)
