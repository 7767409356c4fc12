"""Every rule objects to what it is about, and to nothing else."""

from typing import Any

import pulumi
import pytest
from pulumi import Output

from opencode_components.testing import Deploy, Graph, assert_secure, findings
from opencode_components.testing.security import RULES
from tests.components.testing.secure_program import (
    NOT_FOUND,
    TO_HTTPS,
    Changes,
    container,
    policy,
    secure_program,
    trust,
)

EVERYONE = {"security_group_id": "sg-1", "referenced_security_group_id": None, "cidr_ipv4": "0.0.0.0/0"}

BREACHES: list[tuple[str, Changes]] = [
    ("public-ingress", {"tasks-in": EVERYONE}),
    ("public-ingress", {"door": {"from_port": 8443, "to_port": 8443}}),
    ("public-ingress", {"door": {"from_port": 80, "to_port": 443}}),
    ("undeclared-public-ingress", {"door": {"argument": "cidrs"}}),
    ("remote-login", {"tasks-in": {**EVERYONE, "from_port": 22, "to_port": 22}}),
    ("remote-login", {"tasks-in": {**EVERYONE, "from_port": 3000, "to_port": 4000}}),
    ("every-port", {"tasks-in": {**EVERYONE, "cidr_ipv4": "10.0.0.0/8", "ip_protocol": "-1"}}),
    ("tls-policy", {"https": {"ssl_policy": "ELBSecurityPolicy-2016-08"}}),
    ("tls-policy", {"https": {"ssl_policy": "ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06"}}),
    ("tls-policy", {"https": {"ssl_policy": None}}),
    ("plain-http", {"http": {"default_actions": [NOT_FOUND]}}),
    ("plain-http", {"http": {"default_actions": [{**TO_HTTPS, "redirect": {"status_code": "HTTP_301"}}]}}),
    ("listener-priorities", {"second": {"priority": 10}}),
    ("invalid-headers", {"web": {"drop_invalid_header_fields": None}}),
    ("access-log", {"web": {"access_logs": None}}),
    ("bucket-public-access", {"logs-private": None}),
    ("bucket-public-access", {"logs-private": {"block_public_policy": False}}),
    ("bucket-public-access", {"logs-private": {"bucket": "another"}}),
    ("bucket-tls", {"logs-tls": None}),
    ("bucket-tls", {"logs-tls": {"bucket": "another"}}),
    ("bucket-encryption", {"logs-encryption": None}),
    ("bucket-old-versions", {"logs-expiry": None}),
    ("bucket-old-versions", {"logs-expiry": {"rules": [{"id": "new", "status": "Enabled"}]}}),
    ("table-recovery", {"records": {"point_in_time_recovery": None}}),
    ("table-encryption", {"records": {"server_side_encryption": {"enabled": False}}}),
    ("log-retention", {"log": {"retention_in_days": None}}),
    ("image-tags", {"images": {"image_tag_mutability": "MUTABLE"}}),
    ("image-scan", {"images": {"image_scanning_configuration": {"scan_on_push": False}}}),
    ("key-rotation", {"key": {"enable_key_rotation": False}}),
    ("iam-action", {"task-may": {"policy": policy(Action="dynamodb:*", Resource="arn:aws:dynamodb:::table/a")}}),
    ("iam-action", {"task-may": {"policy": policy(NotAction="iam:*", Resource="arn:aws:iam:::role/a")}}),
    ("iam-resource", {"task-may": {"policy": policy(Action="dynamodb:GetItem", Resource="*")}}),
    ("iam-resource", {"task-may": {"policy": policy(Action="s3:GetObject", NotResource="arn:aws:s3:::a/*")}}),
    ("iam-managed-policy", {"task-signs-in": {"policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"}}),
    ("iam-managed-policy", {"task": {"managed_policy_arns": ["arn:aws:iam::aws:policy/AmazonS3FullAccess"]}}),
    ("iam-trust", {"task": {"assume_role_policy": trust(AWS="*")}}),
    ("iam-trust", {"task": {"assume_role_policy": trust(AWS="arn:aws:iam::999999999999:root")}}),
    ("public-policy", {"topic-policy": {"policy": policy(Principal="*", Action="sns:Publish", Resource="*")}}),
    ("client-loopback", {"browser": {"callback_urls": ["https://localhost/callback"]}}),
    ("client-https", {"browser": {"callback_urls": ["http://api.example.com/callback"]}}),
    ("client-flows", {"cli": {"allowed_oauth_flows": ["code", "implicit"]}}),
    ("client-flows", {"cli": {"explicit_auth_flows": ["ALLOW_USER_PASSWORD_AUTH"]}}),
    ("pool-sign-up", {"people": {"admin_create_user_config": None}}),
    ("client-revocation", {"cli": {"enable_token_revocation": False}}),
    ("client-user-existence", {"cli": {"prevent_user_existence_errors": "LEGACY"}}),
    ("container-root-filesystem", {"web-task": {"container_definitions": container(readonlyRootFilesystem=False)}}),
    ("container-user", {"web-task": {"container_definitions": container(user="0:0")}}),
    ("container-privileged", {"web-task": {"container_definitions": container(privileged=True)}}),
    ("container-image", {"web-task": {"container_definitions": container(image="nginx:latest")}}),
    ("container-log", {"web-task": {"container_definitions": container(logConfiguration={})}}),
    ("alarm-action", {"alarm": {"alarm_actions": None}}),
    ("alarm-action", {"alarm": {"actions_enabled": False}}),
    ("secret-plain", {"exports": {"database_password": "battery staple"}}),
    (
        "secret-plain",
        {
            "web-task": {
                "container_definitions": container(environment=[{"name": "DB_PASSWORD", "value": "hunter2hunter2"}])
            }
        },
    ),
    ("secret-credential", {"exports": {"note": "-----BEGIN RSA PRIVATE KEY-----\nMIIB"}}),
    ("secret-credential", {"exports": {"note": "AKIAIOSFODNN7EXAMPLE"}}),
    ("unparented-child", {"door": {"is_parent": False}}),
    ("deletion-protection", {"records": {"deletion_protection_enabled": None}}),
    ("deletion-protection", {"web": {"protect": None}}),
    ("deletion-protection", {"images": {"force_delete": True}}),
]
BESIDES = {"remote-login": {"public-ingress"}}
"""What a breach breaks besides: an open SSH port is also a public one."""


@pytest.fixture(scope="module")
def secure(deploy: Deploy) -> Graph:
    return deploy(secure_program({}))


def test_a_secure_program_has_no_findings(secure: Graph) -> None:
    assert_secure(secure)


@pytest.mark.parametrize(("rule_id", "changes"), BREACHES)
def test_a_breach_is_found_by_its_rule_and_no_other(deploy: Deploy, rule_id: str, changes: Changes) -> None:
    found = {finding.rule.id for finding in findings(deploy(secure_program(changes)))}

    assert rule_id in found
    assert found <= {rule_id} | BESIDES.get(rule_id, set())


def test_a_preview_cannot_be_judged(preview: Deploy) -> None:
    with pytest.raises(ValueError, match="judge the graph that deploy returns"):
        assert_secure(preview(secure_program({})))


def test_a_secret_that_comes_out_elsewhere_in_plain_text_is_found(deploy: Deploy) -> None:
    def program() -> None:
        secure_program({})()
        pulumi.export("motto", Output.unsecret(Output.secret("correct horse").apply(lambda text: f"{text} battery")))

    assert [finding.rule.id for finding in findings(deploy(program))] == ["secret-leak"]


def test_every_rule_has_a_breach_in_this_table() -> None:
    assert {rule.id for rule in RULES} == {rule_id for rule_id, _ in BREACHES} | {"secret-leak"}


def test_rules_say_why_and_what_to_do() -> None:
    assert all(rule.reason and rule.fix for rule in RULES)
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_findings_are_listed_with_reason_and_fix(deploy: Deploy) -> None:
    graph = deploy(secure_program({"log": {"retention_in_days": None}, "key": {"enable_key_rotation": False}}))

    with pytest.raises(
        AssertionError, match=r"(?s)2 findings:.*\[log-retention\].* 'log'.*why:.*fix:.*\[key-rotation\]"
    ):
        assert_secure(graph)


@pytest.mark.parametrize("key", ["log-retention", "log-retention@log", "log-retention@l*"])
def test_a_finding_can_be_waived_with_a_reason(deploy: Deploy, key: str) -> None:
    graph = deploy(secure_program({"log": {"retention_in_days": None}}))

    assert_secure(graph, waive={key: "auditors demand that this log is kept for ever"})


def test_a_waiver_of_another_resource_does_not_count(deploy: Deploy) -> None:
    graph = deploy(secure_program({"log": {"retention_in_days": None}, "key": {"enable_key_rotation": False}}))

    with pytest.raises(AssertionError, match=r"1 findings:\n\[key-rotation\]"):
        assert_secure(graph, waive={"log-retention": "auditors demand that this log is kept for ever"})


@pytest.mark.parametrize(
    ("waive", "message"),
    [
        ({"log-retention": "  "}, "has no reason"),
        ({"log-retention": "because"}, "has no reason"),
        ({"log-retentions": "auditors demand that this log is kept"}, "is of no rule"),
        ({"log-retention": "auditors demand that this log is kept"}, "waive nothing"),
        ({"log-retention@other": "auditors demand that this log is kept"}, "waive nothing"),
    ],
)
def test_a_waiver_that_is_no_use_is_an_error(secure: Graph, waive: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        assert_secure(secure, waive=waive)
