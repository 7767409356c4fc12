"""A certificate as it would be requested and proved."""

from collections.abc import Callable, Sequence

import pulumi
import pytest

from opencode_components.adopted_certificate import AdoptedCertificate, AdoptedCertificateArgs
from opencode_components.certificate import Certificate, CertificateArgs, covers
from opencode_components.testing.plugin import Deploy
from opencode_components.testing.security import assert_secure

CERTIFICATE = "aws:acm/certificate:Certificate"
VALIDATION = "aws:acm/certificateValidation:CertificateValidation"
RECORD = "aws:route53/record:Record"
ZONE_ID = "Z0123456789EXAMPLE"


def a_certificate(names: Sequence[str], hosts: Sequence[str]) -> Callable[[], None]:
    def program() -> None:
        args = CertificateArgs(names=list(names), hosts=list(hosts), zone_id=ZONE_ID, region="eu-west-1")
        pulumi.export("arn", Certificate("front", args).certificate_arn)

    return program


def test_a_certificate_is_for_exactly_the_names_asked_for(deploy: Deploy) -> None:
    names = ["ai.example.com", "*.ai.example.com", "chat.example.com"]
    graph = deploy(a_certificate(names, ["ai.example.com", "x.ai.example.com", "chat.example.com"]))

    inputs = graph.one(CERTIFICATE).inputs
    assert [inputs["domainName"], *inputs["subjectAlternativeNames"]] == names
    assert inputs["validationMethod"] == "DNS"
    assert inputs["region"] == graph.one(VALIDATION).inputs["region"] == "eu-west-1"


def test_each_domain_is_proved_once_with_the_record_that_acm_asks_for(deploy: Deploy) -> None:
    names = ["*.ai.example.com", "chat.example.com", "ai.example.com"]
    graph = deploy(a_certificate(names, ["x.ai.example.com", "chat.example.com", "ai.example.com"]))

    options = graph.one(CERTIFICATE).outputs["domainValidationOptions"]
    asked = {option["resourceRecordName"]: option["resourceRecordValue"] for option in options}
    records = graph.all(RECORD)
    assert {record.name for record in records} == {"front-ai.example.com", "front-chat.example.com"}
    assert {record.inputs["name"]: record.inputs["records"][0] for record in records} == asked
    assert {record.inputs["type"] for record in records} == {"CNAME"}
    assert {record.inputs["zoneId"] for record in records} == {ZONE_ID}


def test_the_arn_is_handed_out_only_when_the_certificate_is_validated(deploy: Deploy) -> None:
    graph = deploy(a_certificate(["ai.example.com"], ["ai.example.com"]))

    validation = graph.one(VALIDATION)
    assert graph.outputs["arn"] == validation.outputs["certificateArn"] == graph.one(CERTIFICATE).id
    assert validation.inputs["validationRecordFqdns"] == [record.outputs["fqdn"] for record in graph.all(RECORD)]


def test_a_second_environment_may_ask_for_the_same_name(deploy: Deploy) -> None:
    graph = deploy(a_certificate(["*.example.com"], ["ai.example.com"]))

    assert graph.one(RECORD).inputs["allowOverwrite"] is True, "ACM gives both the same record"


@pytest.mark.parametrize(
    ("name", "host", "is_covered"),
    [
        ("ai.example.com", "ai.example.com", True),
        ("example.com", "ai.example.com", False),
        ("*.example.com", "ai.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "x.ai.example.com", False),
        ("*.ai.example.com", "x.ai.example.com", True),
        ("*.example.com", ".example.com", False),
        ("*.example.com", "aiexample.com", False),
    ],
)
def test_a_wildcard_stands_for_exactly_one_label(name: str, host: str, is_covered: bool) -> None:
    assert covers(name, host) is is_covered


@pytest.mark.parametrize(
    ("names", "hosts", "message"),
    [
        (
            ["*.example.com"],
            ["ai.example.com", "x.ai.example.com"],
            r"hosts: 'x.ai.example.com' is covered by none of \*.example.com; "
            r"add x.ai.example.com or \*.ai.example.com to names",
        ),
        (
            ["ai.example.com", "*.example.org"],
            ["ai.example.com"],
            r"names: '\*.example.org' covers none of the hosts ai.example.com; "
            "a wildcard stands for exactly one label; remove it",
        ),
        ([], ["ai.example.com"], r"names: \[\] is empty; name what to certify"),
        (["ai.example.com"] * 2, ["ai.example.com"], "names: .* has a name twice; name each once"),
        (["https://ai.example.com"], ["ai.example.com"], "names: 'https://ai.example.com' is no domain name"),
        (["AI.example.com"], ["ai.example.com"], "names: 'AI.example.com' is no domain name; .* in lower case"),
        (["*.*.example.com"], ["a.b.example.com"], "is no domain name"),
        (["-a.example.com"], ["-a.example.com"], "is no domain name"),
        (
            [f"{'a' * 60}.example.com"],
            [f"{'a' * 60}.example.com"],
            "names: 'a+.example.com' has 72 characters, and the first name may have 64; put a shorter name first",
        ),
    ],
)
def test_names_that_do_not_fit_the_hosts_are_refused(
    deploy: Deploy, names: list[str], hosts: list[str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        deploy(a_certificate(names, hosts))


def test_a_certificate_that_exists_is_handed_on_and_nothing_is_declared(deploy: Deploy) -> None:
    arn = "arn:aws:acm:us-east-1:111122223333:certificate/0b7c4f1e-1111-2222-3333-444455556666"

    def program() -> None:
        args = AdoptedCertificateArgs(certificate_arn=arn)
        pulumi.export("arn", AdoptedCertificate("front", args).certificate_arn)

    graph = deploy(program)

    assert graph.outputs["arn"] == arn
    assert [resource.type for resource in graph] == ["opencode_components:index:AdoptedCertificate"]


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "0b7c4f1e",
        "arn:aws:iam::111122223333:server-certificate/front",
        "arn:aws:acm:us-east-1:1111:certificate/0b7c4f1e",
        "arn:aws:acm:us-east-1:111122223333:certificate/",
    ],
)
def test_an_arn_that_is_none_of_a_certificate_is_refused(deploy: Deploy, arn: str) -> None:
    with pytest.raises(ValueError, match=f"certificate_arn: '{arn}' is no ARN of an ACM certificate; copy it from"):
        deploy(lambda: AdoptedCertificate("front", AdoptedCertificateArgs(certificate_arn=arn)) and None)


def test_a_certificate_breaks_no_security_rule(deploy: Deploy) -> None:
    assert_secure(deploy(a_certificate(["*.example.com"], ["ai.example.com"])))
