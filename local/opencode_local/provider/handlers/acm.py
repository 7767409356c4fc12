"""Certificates, and the moment in which their names are proved.

The embedded AWS issues a certificate a minute after it was asked for. Here it is issued when the record that proves
each of its names is in a public zone, and not before.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import Fault, Handler, Properties
from opencode_local.provider.handlers.route53 import bare_zone_id, zone_records
from opencode_local.provider.members import block, reported, request, unsupported, value, values
from opencode_local.provider.tags import changes, mapping, pairs

REQUEST = (
    *values("domainName", "subjectAlternativeNames", "validationMethod", "keyAlgorithm"),
    block(
        "options",
        value("certificateTransparencyLoggingPreference"),
        value("export"),
    ),
)
ISSUED_KIND = "issued certificate"
"""The store remembers what was proved once: ACM does not withdraw a certificate whose record is gone."""
MAX_FIRST_NAME_LENGTH = 64


class Certificate(Handler):
    token = "aws:acm/certificate:Certificate"
    replace_on = frozenset({"domainName", "subjectAlternativeNames", "validationMethod", "keyAlgorithm"})
    filled_by_aws = frozenset({"keyAlgorithm", "options", "subjectAlternativeNames", "validationMethod"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        faults = unsupported(REQUEST, inputs)
        if inputs.get("validationMethod") != "DNS":
            faults.append(Fault("validationMethod", "only DNS validation is supported by the local AWS"))
        if not inputs.get("domainName"):
            faults.append(Fault("domainName", "required for a certificate that ACM issues"))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        if len(inputs["domainName"]) > MAX_FIRST_NAME_LENGTH:
            message = f"The first domain name can be no longer than {MAX_FIRST_NAME_LENGTH} characters."
            raise AwsError("InvalidDomainValidationOptionsException", message, "RequestCertificate")
        wanted = request(REQUEST, inputs)
        if not wanted.get("SubjectAlternativeNames"):
            wanted.pop("SubjectAlternativeNames", None)
        tags = pairs(inputs.get("tagsAll"))
        answer = aws.client("acm").request_certificate(**wanted, **({"Tags": tags} if tags else {}))
        return str(answer["CertificateArn"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        there = described_certificate(aws, id_)
        if there is None:
            return None
        tags = aws.client("acm").list_tags_for_certificate(CertificateArn=id_)["Tags"]
        return {
            **reported(REQUEST, {**there, "SubjectAlternativeNames": _other_names(there, inputs)}, inputs),
            # The embedded AWS makes every key an RSA one.
            "keyAlgorithm": inputs.get("keyAlgorithm", "RSA_2048"),
            "validationMethod": "DNS",
            "tagsAll": mapping(tags),
            "arn": id_,
            "status": certificate_status(aws, there),
            "type": there["Type"],
            "domainValidationOptions": validation_options(there),
            "notAfter": there["NotAfter"].isoformat(),
            "notBefore": there["NotBefore"].isoformat(),
            "renewalEligibility": there["RenewalEligibility"],
            "validationEmails": [],
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        client = aws.client("acm")
        if new.get("options") != old.get("options") and new.get("options"):
            raise AwsError(
                "InvalidArgsException", "options: not supported by the local AWS", "UpdateCertificateOptions"
            )
        added, removed = changes(old.get("tagsAll"), new.get("tagsAll"))
        if added:
            client.add_tags_to_certificate(CertificateArn=id_, Tags=pairs(added))
        if removed:
            client.remove_tags_from_certificate(CertificateArn=id_, Tags=[{"Key": key} for key in removed])

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        users = _listeners_using(aws, id_)
        if users and described_certificate(aws, id_):
            message = f"Certificate {id_} in account {aws.account_id} is in use by {', '.join(users)}."
            raise AwsError("ResourceInUseException", message, "DeleteCertificate")
        found(aws.client("acm").delete_certificate, "ResourceNotFoundException", CertificateArn=id_)
        aws.store.delete(ISSUED_KIND, id_)


class CertificateValidation(Handler):
    """Not a thing of its own in AWS: it says that a certificate is issued."""

    token = "aws:acm/certificateValidation:CertificateValidation"
    replace_on = frozenset({"certificateArn", "validationRecordFqdns"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        arn = inputs["certificateArn"]
        there = described_certificate(aws, arn)
        if there is None:
            raise AwsError("ResourceNotFoundException", f"Could not find certificate {arn}.", "DescribeCertificate")
        _refuse_unnamed(there, inputs.get("validationRecordFqdns"))
        missing = missing_records(aws, there)
        if missing:
            message = f"{arn} stays PENDING_VALIDATION: no public zone has {'; '.join(missing)}"
            raise AwsError("PENDING_VALIDATION", message, "DescribeCertificate")
        aws.store.put(ISSUED_KIND, arn, {})
        return str(arn)

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        there = described_certificate(aws, id_)
        if there is None or certificate_status(aws, there) != "ISSUED":
            return None
        return {"certificateArn": id_}

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        """The certificate stays issued."""


def described_certificate(aws: Aws, arn: str) -> dict[str, Any] | None:
    describe = aws.client("acm").describe_certificate
    answer = found(describe, "ResourceNotFoundException", CertificateArn=arn)
    return None if answer is None else dict(answer["Certificate"])


def certificate_status(aws: Aws, certificate: Mapping[str, Any]) -> str:
    """`ISSUED`, `PENDING_VALIDATION`, ... of a described certificate."""
    arn, status = certificate["CertificateArn"], str(certificate["Status"])
    if certificate["Type"] != "AMAZON_ISSUED" or status not in {"ISSUED", "PENDING_VALIDATION"}:
        return status
    is_proved = aws.store.get(ISSUED_KIND, arn) is not None or not missing_records(aws, certificate)
    return "ISSUED" if is_proved else "PENDING_VALIDATION"


def validation_options(certificate: Mapping[str, Any]) -> list[Properties]:
    """The record that proves each name, the first name first, then by name: the embedded AWS forgets their order.

    A wildcard has the same as the name below it.
    """
    by_name = {option["DomainName"]: option for option in certificate.get("DomainValidationOptions", ())}
    names = dict.fromkeys([certificate["DomainName"], *sorted(certificate["SubjectAlternativeNames"])])
    return [
        {
            "domainName": name,
            "resourceRecordName": by_name[name]["ResourceRecord"]["Name"],
            "resourceRecordType": by_name[name]["ResourceRecord"]["Type"],
            "resourceRecordValue": by_name[name]["ResourceRecord"]["Value"],
        }
        for name in names
        if name in by_name
    ]


def missing_records(aws: Aws, certificate: Mapping[str, Any]) -> list[str]:
    """The records that no public zone has, as `NAME CNAME VALUE`."""
    wanted = {
        f"{option['resourceRecordName']} {option['resourceRecordType']} {option['resourceRecordValue']}"
        for option in validation_options(certificate)
    }
    return sorted(wanted - _public_records(aws))


def _public_records(aws: Aws) -> set[str]:
    records: set[str] = set()
    for zone in aws.client("route53").list_hosted_zones()["HostedZones"]:
        if not zone["Config"]["PrivateZone"]:
            for record in zone_records(aws, bare_zone_id(zone["Id"])):
                records |= {
                    f"{record['Name']} {record['Type']} {_dotted(entry['Value'])}"
                    for entry in record.get("ResourceRecords", ())
                }
    return records


def _dotted(name: str) -> str:
    return name if name.endswith(".") else f"{name}."


def _other_names(certificate: Mapping[str, Any], inputs: Properties) -> list[str]:
    """ACM lists the domain name among the others; they are declared without it as a rule."""
    declared = inputs.get("subjectAlternativeNames") or []
    first = certificate["DomainName"]
    return [name for name in sorted(certificate["SubjectAlternativeNames"]) if name != first or name in declared]


def _refuse_unnamed(certificate: Mapping[str, Any], fqdns: Sequence[str] | None) -> None:
    """Source: terraform-provider-aws, internal/service/acm/certificate_validation.go (read 2026-11-21)."""
    if fqdns is None:
        return
    expected = {option["resourceRecordName"].rstrip(".") for option in validation_options(certificate)}
    missing = sorted(expected - {name.rstrip(".") for name in fqdns})
    if missing:
        message = f"missing {', '.join(missing)} DNS validation record in validationRecordFqdns"
        raise AwsError("InvalidArgsException", message, "DescribeCertificate")


def _listeners_using(aws: Aws, arn: str) -> list[str]:
    client = aws.client("elbv2")
    return [
        listener["ListenerArn"]
        for balancer in client.describe_load_balancers()["LoadBalancers"]
        for listener in client.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        if arn in {certificate["CertificateArn"] for certificate in listener.get("Certificates", ())}
    ]


HANDLERS = (Certificate(), CertificateValidation())
