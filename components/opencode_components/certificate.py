"""A certificate for the names that the gateway is reached by."""

import re
from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict, cast

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from opencode_components.refusals import refusal

NAME = re.compile(r"(\*\.)?((?!-)[a-z0-9-]{1,63}(?<!-)\.)+(?!-)[a-z0-9-]{2,63}(?<!-)")
MAX_FIRST_NAME_LENGTH = 64
"""Characters of the name that becomes the certificate's common name. Source: ACM RequestCertificate, 2026-11-21."""
RECORD_TTL_S = 300


class CertificateArgs(TypedDict):
    """What a Certificate is made from."""

    names: list[str]
    """Names in the certificate, in lower case; `*.` stands for exactly one label. Plain, as each needs a record."""
    hosts: list[str]
    """Hosts that will be served with it: each must be covered, and no name may cover none of them. Plain."""
    zone_id: Input[str]
    """Id of the public Route 53 zone that the names are in."""
    region: NotRequired[str]
    """AWS region of the certificate. Default the provider's."""


class Certificate(pulumi.ComponentResource):
    """An ACM certificate, validated through DNS and renewed by AWS while its records stay.

    ACM asks for the same record whenever one account asks for the same name. Two environments that ask for one
    name share the record therefore, and the first to be destroyed takes it away: give each its own names.
    Raises ValueError on names that are malformed, miss a host or cover none.
    """

    certificate_arn: Output[str]
    """ARN of the certificate, once it is validated."""

    def __init__(self, name: str, args: CertificateArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("opencode_components:index:Certificate", name, {**args}, opts)
        of_self = ResourceOptions(parent=self)
        names = checked_names(args["names"], args["hosts"])
        region = args.get("region")

        certificate = aws.acm.Certificate(
            name,
            region=region,
            domain_name=names[0],
            subject_alternative_names=names[1:],
            validation_method="DNS",
            opts=of_self,
        )
        proofs = [
            validation_record(f"{name}-{domain}", args["zone_id"], certificate, domain, of_self)
            for domain in validated_domains(names)
        ]
        validation = aws.acm.CertificateValidation(
            name,
            region=region,
            certificate_arn=certificate.arn,
            validation_record_fqdns=[proof.fqdn for proof in proofs],
            opts=of_self,
        )

        self.certificate_arn = validation.certificate_arn
        self.register_outputs({"certificate_arn": self.certificate_arn})


def covers(name: str, host: str) -> bool:
    """Whether a certificate for `name` is good for `host`. A wildcard stands for exactly one label (RFC 6125)."""
    if name.startswith("*."):
        label, _, rest = host.partition(".")
        return bool(label) and rest == name.removeprefix("*.")
    return name == host


def checked_names(names: Sequence[str], hosts: Sequence[str]) -> list[str]:
    """`names`, when they cover exactly `hosts`. Raises ValueError naming the first that is wrong."""
    if not names:
        raise refusal("names", list(names), reason="is empty", fix=f"name what to certify, such as {list(hosts)}")
    for name in names:
        check_name(name, hosts)
    if len(set(names)) != len(names):
        raise refusal("names", list(names), reason="has a name twice", fix="name each once")
    if len(names[0]) > MAX_FIRST_NAME_LENGTH:
        reason = f"has {len(names[0])} characters, and the first name may have {MAX_FIRST_NAME_LENGTH}"
        raise refusal("names", names[0], reason=reason, fix="put a shorter name first")
    for host in hosts:
        if not any(covers(name, host) for name in names):
            fix = f"add {host} or *.{host.partition('.')[2]} to names"
            raise refusal("hosts", host, reason=f"is covered by none of {', '.join(names)}", fix=fix)
    return list(names)


def check_name(name: str, hosts: Sequence[str]) -> None:
    if not NAME.fullmatch(name):
        fix = "use a name such as ai.example.com or *.example.com, in lower case"
        raise refusal("names", name, reason="is no domain name", fix=fix)
    if not any(covers(name, host) for host in hosts):
        reason = f"covers none of the hosts {', '.join(hosts)}; a wildcard stands for exactly one label"
        raise refusal("names", name, reason=reason, fix="remove it, or add the host that it is for")


def validated_domains(names: Sequence[str]) -> list[str]:
    """The domains to prove, once each: a wildcard is proved by the same record as the domain below it."""
    return list(dict.fromkeys(name.removeprefix("*.") for name in names))


def validation_record(
    name: str, zone_id: Input[str], certificate: aws.acm.Certificate, domain: str, of_self: ResourceOptions
) -> aws.route53.Record:
    """The record by which ACM sees that `domain` is ours."""
    option = certificate.domain_validation_options.apply(lambda options: option_of(domain, options))
    return aws.route53.Record(
        name,
        zone_id=zone_id,
        name=option.apply(lambda found: found["name"]),
        type=option.apply(lambda found: found["type"]),
        records=[option.apply(lambda found: found["value"])],
        ttl=RECORD_TTL_S,
        # Another certificate of the account for the same domain is proved by the very same record.
        allow_overwrite=True,
        opts=of_self,
    )


def option_of(domain: str, options: Sequence[aws.acm.outputs.CertificateDomainValidationOption]) -> Mapping[str, str]:
    """Name, type and value of the record that proves `domain`."""
    found = next(option for option in options if str(option.domain_name).removeprefix("*.") == domain)
    record = {
        "name": found.resource_record_name,
        "type": found.resource_record_type,
        "value": found.resource_record_value,
    }
    # The SDK's types allow None; the provider waits until ACM has given all three.
    return cast(Mapping[str, str], record)
