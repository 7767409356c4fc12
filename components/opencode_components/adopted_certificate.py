"""A certificate that exists."""

import re
from typing import TypedDict

import pulumi
from pulumi import Output, ResourceOptions

from opencode_components.refusals import refusal

CERTIFICATE_ARN = re.compile(r"arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+")


class AdoptedCertificateArgs(TypedDict):
    """What an AdoptedCertificate is made from."""

    certificate_arn: str
    """ARN of an issued ACM certificate in the region of the load balancer. Plain, because its shape is checked."""


class AdoptedCertificate(pulumi.ComponentResource):
    """An ACM certificate that somebody else looks after. Raises ValueError when the ARN is none of a certificate."""

    certificate_arn: Output[str]
    """ARN of the certificate."""

    def __init__(self, name: str, args: AdoptedCertificateArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("opencode_components:index:AdoptedCertificate", name, {**args}, opts)

        self.certificate_arn = Output.from_input(checked_arn(args["certificate_arn"]))
        self.register_outputs({"certificate_arn": self.certificate_arn})


def checked_arn(certificate_arn: str) -> str:
    if not CERTIFICATE_ARN.fullmatch(certificate_arn):
        fix = "copy it from the ACM console, such as arn:aws:acm:us-east-1:111122223333:certificate/0b7c-11aa"
        raise refusal("certificate_arn", certificate_arn, reason="is no ARN of an ACM certificate", fix=fix)
    return certificate_arn
