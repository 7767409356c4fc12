"""Certificates, pending until the records that prove their names are there."""

from typing import Any

import pytest

from tests.local.provider.declaring import Made, Program, Refused
from tests.local.provider.round_trip import assert_as_declared, leaves_nothing, lives_and_changes

CERTIFICATE = "aws:acm/certificate:Certificate"
VALIDATION = "aws:acm/certificateValidation:CertificateValidation"
NAMES: dict[str, Any] = {
    "domainName": "api.example.com",
    "subjectAlternativeNames": ["*.example.com", "example.com"],
    "validationMethod": "DNS",
}


@pytest.fixture
def zone(program: Program) -> Made:
    return program.declare("aws:route53/zone:Zone", name="example.com")


@pytest.fixture
def certificate(program: Program) -> Made:
    return program.declare(CERTIFICATE, **NAMES)


def prove(program: Program, zone: Made, certificate: Made, **instead: Any) -> list[Made]:
    """The records that the certificate asks for, once each."""
    options = {option["resourceRecordName"]: option for option in certificate["domainValidationOptions"]}
    return [
        program.declare(
            "aws:route53/record:Record",
            **{"zoneId": zone.id, "name": name, "type": "CNAME", "ttl": 300}
            | {"records": [option["resourceRecordValue"]], **instead},
        )
        for name, option in options.items()
    ]


def status(program: Program, certificate: Made) -> str:
    return str(program.change(certificate, **NAMES)["status"])


def test_a_certificate_lists_its_first_name_first_and_leaves_nothing(program: Program) -> None:
    certificate = program.declare(CERTIFICATE, **NAMES, tags={"for": "api"})

    names = [option["domainName"] for option in certificate["domainValidationOptions"]]
    assert names == ["api.example.com", "*.example.com", "example.com"]
    assert program.plan(certificate, **{**NAMES, "domainName": "ai.example.com"})["domainName"]
    leaves_nothing(program, lives_and_changes(program, certificate, {"tags": None}, **NAMES))


def test_a_wildcard_is_proved_by_the_record_of_the_name_below_it(certificate: Made) -> None:
    records = {option["domainName"]: option["resourceRecordName"] for option in certificate["domainValidationOptions"]}

    assert records["*.example.com"] == records["example.com"] != records["api.example.com"]


def test_a_certificate_is_issued_once_every_record_is_there(program: Program, zone: Made, certificate: Made) -> None:
    assert status(program, certificate) == "PENDING_VALIDATION"
    with pytest.raises(Refused, match=r"stays PENDING_VALIDATION: no public zone has _.*api.example.com. CNAME _"):
        program.declare(VALIDATION, certificateArn=certificate.id)

    records = prove(program, zone, certificate)
    names = [record["fqdn"] for record in records]
    validation = program.declare(VALIDATION, certificateArn=certificate.id, validationRecordFqdns=names)

    assert validation["certificateArn"] == certificate.id
    assert status(program, certificate) == "ISSUED"
    assert_as_declared(program, validation)
    for record in records:
        program.remove(record)
    assert status(program, certificate) == "ISSUED"


def test_a_record_with_another_value_proves_nothing(program: Program, zone: Made, certificate: Made) -> None:
    prove(program, zone, certificate, records=["_other.acm-validations.aws."])

    with pytest.raises(Refused, match="stays PENDING_VALIDATION"):
        program.declare(VALIDATION, certificateArn=certificate.id)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"validationRecordFqdns": ["www.example.com"]}, "missing _.*api.example.com, _.*DNS validation record"),
        ({"certificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/none"}, "Could not find certificate"),
    ],
)
def test_a_validation_that_aws_would_refuse_is_refused(
    program: Program, certificate: Made, bad: dict[str, Any], why: str
) -> None:
    with pytest.raises(Refused, match=why):
        program.declare(VALIDATION, **{"certificateArn": certificate.id, **bad})


def test_a_certificate_that_a_listener_serves_is_not_deleted(program: Program, certificate: Made) -> None:
    subnets = program.client("ec2").describe_subnets()["Subnets"][:2]
    elbv2 = program.client("elbv2")
    balancer = elbv2.create_load_balancer(Name="dev-api", Subnets=[subnet["SubnetId"] for subnet in subnets])
    listener = elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancers"][0]["LoadBalancerArn"],
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": certificate.id}],
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )["Listeners"][0]

    with pytest.raises(Refused, match="ResourceInUseException"):
        program.remove(certificate)
    elbv2.delete_listener(ListenerArn=listener["ListenerArn"])
    leaves_nothing(program, certificate)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"validationMethod": "POST"}, "only DNS validation is supported"),
        ({"domainName": f"{'a' * 60}.example.com"}, "can be no longer than 64 characters"),
        ({"domainName": "api example"}, "regular expression pattern"),
        ({"keyAlgorithm": "RSA_512"}, "enum value set"),
        ({"certificateBody": "-----BEGIN"}, "certificateBody: not supported by the local AWS"),
        ({"domainName": None}, "domainName: required"),
    ],
)
def test_a_certificate_that_aws_would_refuse_is_refused(program: Program, bad: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        program.declare(CERTIFICATE, **{**NAMES, **bad})
