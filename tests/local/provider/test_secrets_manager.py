"""Secrets, their versions and their policies."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from opencode_local.issuer.clients import WEB_CLIENT_SECRET
from opencode_local.provider import invokes
from opencode_local.run import prerequisites
from tests.local.provider.declaring import Made, Program, Refused
from tests.local.provider.round_trip import leaves_nothing, lives_and_changes

SECRET = "aws:secretsmanager/secret:Secret"
VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
POLICY = "aws:secretsmanager/secretPolicy:SecretPolicy"


def policy(principal: Any) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


OURS = policy({"AWS": "arn:aws:iam::123456789012:root"})


@pytest.fixture
def secret(program: Program) -> Made:
    return program.declare(SECRET, recoveryWindowInDays=0)


def test_a_secret_changes_in_place_and_leaves_nothing(program: Program) -> None:
    key = program.declare("aws:kms/key:Key")
    secret = program.declare(SECRET, description="Client of browsers", recoveryWindowInDays=0, tags={"for": "sign-in"})

    new = {"description": "Of browsers", "kmsKeyId": key["arn"], "recoveryWindowInDays": 0}
    secret = lives_and_changes(program, secret, {"description": None, "kmsKeyId": None, "tags": None}, **new)

    leaves_nothing(program, secret)
    assert program.client("secretsmanager").list_secrets(IncludePlannedDeletion=True)["SecretList"] == []


def test_a_secret_that_can_be_brought_back_keeps_its_name(program: Program) -> None:
    secret = program.declare(SECRET, name="browsers", recoveryWindowInDays=7)

    leaves_nothing(program, secret)

    with pytest.raises(Refused, match="scheduled for deletion"):
        program.declare(SECRET, name="browsers")


def test_a_secret_that_is_changed_by_hand_shows(program: Program) -> None:
    secret = program.declare(SECRET, description="Client of browsers")
    program.client("secretsmanager").update_secret(SecretId=secret.id, Description="Mine")

    assert program.drift(secret) == {"description": "Mine"}


def test_a_new_value_is_a_new_version(program: Program, secret: Made) -> None:
    first = program.declare(VERSION, secretId=secret.id, secretString="one")
    assert program.drift(first) == {}
    assert program.plan(first, secretId=secret.id, secretString="two") == {"secretString": True}

    second = program.declare(VERSION, secretId=secret.id, secretString="two")
    program.remove(first)

    read = program.client("secretsmanager").get_secret_value
    assert read(SecretId=secret.id)["SecretString"] == "two"
    assert second["versionStages"] == ["AWSCURRENT"]
    assert program.drift(second) == {}


def test_stages_of_a_version_change_in_place(program: Program, secret: Made) -> None:
    given = {"secretId": secret.id, "secretString": "one"}
    version = program.declare(VERSION, **given, versionStages=["AWSCURRENT", "blue"])

    lives_and_changes(program, version, {"versionStages": None}, **given, versionStages=["AWSCURRENT", "green"])


def test_a_policy_changes_in_place_and_leaves_nothing(program: Program, secret: Made) -> None:
    made = program.declare(POLICY, secretArn=secret.id, policy=OURS, blockPublicPolicy=True)

    new = policy({"AWS": "arn:aws:iam::123456789012:role/reader"})
    made = lives_and_changes(program, made, {"policy": None}, secretArn=secret.id, policy=new, blockPublicPolicy=True)

    leaves_nothing(program, made)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"recoveryWindowInDays": 3}, "expected 0 or 7 to 30, got 3"),
        ({"name": "taken"}, "already exists"),
        ({"kmsKeyId": "alias/nobody"}, "KMS key alias/nobody does not exist"),
        ({"policy": "{}"}, "syntax error"),
        ({"replicas": [{"region": "eu-west-1"}]}, "replicas: not supported by the local AWS"),
    ],
)
def test_a_secret_that_aws_would_refuse_is_refused(program: Program, bad: dict[str, Any], why: str) -> None:
    program.declare(SECRET, name="taken")

    with pytest.raises(Refused, match=why):
        program.declare(SECRET, **bad)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"secretString": None}, "exactly one of"),
        ({"secretId": "nobody"}, "can't find the specified secret"),
        ({"secretString": "x" * 65537}, "less than or equal to 65536"),
        ({"secretStringWo": "one"}, "secretStringWo: not supported"),
    ],
)
def test_a_version_that_aws_would_refuse_is_refused(
    program: Program, secret: Made, bad: dict[str, Any], why: str
) -> None:
    with pytest.raises(Refused, match=why):
        program.declare(VERSION, **{"secretId": secret.id, "secretString": "one", **bad})


def test_a_policy_for_everybody_is_refused_when_that_is_blocked(program: Program, secret: Made) -> None:
    with pytest.raises(Refused, match="PublicPolicyException"):
        program.declare(POLICY, secretArn=secret.id, policy=policy("*"), blockPublicPolicy=True)
    with pytest.raises(Refused, match="can't find the specified secret"):
        program.declare(POLICY, secretArn=f"{secret.id}2", policy=OURS)


def test_a_program_reads_the_version_of_a_secret_that_it_names(program: Program, secret: Made) -> None:
    first = program.declare(VERSION, secretId=secret.id, secretString="one")
    program.declare(VERSION, secretId=secret.id, secretString="two")

    def read(**args: str) -> Any:
        given = {"secretId": secret.id, **args}
        return invokes.answer(program.aws, "aws:secretsmanager/getSecretVersion:getSecretVersion", given)

    assert read()["secretString"] == "two"
    assert read(versionStage="AWSPREVIOUS")["secretString"] == "one"
    assert read(versionId=first["versionId"])["secretString"] == "one"
    assert (read()["arn"], read()["versionStages"]) == (secret["arn"], ["AWSCURRENT"])
    with pytest.raises(ClientError, match="can't find the specified secret"):
        read(secretId="nobody")


def test_the_secret_that_a_config_names_is_there_before_the_program_runs(program: Program) -> None:
    arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:team/idp-AbCdEf"
    prerequisites.make(
        program.aws.account, {"opencode:oidc": {"browser_client_secret_arn": arn, "browser_client_id": "browser"}}
    )

    found = invokes.answer(program.aws, "aws:secretsmanager/getSecretVersion:getSecretVersion", {"secretId": arn})

    assert json.loads(found["secretString"]) == {"client_id": "browser", "client_secret": WEB_CLIENT_SECRET}
    assert found["arn"] == arn
