"""The one kind of stack we declare: an identity provider whose secret only CloudFormation reads."""

import json
from typing import Any

import pytest

from tests.local.provider.declaring import Made, Program, Refused
from tests.local.provider.round_trip import assert_as_declared, leaves_nothing, lives_and_changes

STACK = "aws:cloudformation/stack:Stack"
SECRET = "aws:secretsmanager/secret:Secret"
VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
HUSH = "f3d-hush-91c"


class Federation:
    """A pool, and a secret with the client secret of a provider."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.pool_id = program.declare("aws:cognito/userPool:UserPool").id
        self.secret_arn = program.declare(SECRET)["arn"]
        self.version = self.write(HUSH)

    def write(self, client_secret: str) -> Made:
        text = json.dumps({"client_secret": client_secret})
        return self.program.declare(VERSION, secretId=self.secret_arn, secretString=text)

    def template(self, reference: str = "", **properties: Any) -> str:
        reference = reference or f"{self.secret_arn}:SecretString:client_secret"
        provider = {
            "UserPoolId": self.pool_id,
            "ProviderName": "Okta",
            "ProviderType": "OIDC",
            "ProviderDetails": {
                "oidc_issuer": "https://okta.example.com",
                "client_id": "gateway",
                "client_secret": f"{{{{resolve:secretsmanager:{reference}}}}}",
                "authorize_scopes": "openid email",
                "attributes_request_method": "GET",
            },
            **properties,
        }
        return template(Provider={"Type": "AWS::Cognito::UserPoolIdentityProvider", "Properties": provider})

    def providers(self) -> list[str]:
        cognito = self.program.client("cognito-idp")
        listed = cognito.list_identity_providers(UserPoolId=self.pool_id, MaxResults=10)
        return [provider["ProviderName"] for provider in listed["Providers"]]

    def client_secret(self, name: str = "Okta") -> str:
        cognito = self.program.client("cognito-idp")
        provider = cognito.describe_identity_provider(UserPoolId=self.pool_id, ProviderName=name)
        return str(provider["IdentityProvider"]["ProviderDetails"]["client_secret"])


def template(**resources: Any) -> str:
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})


@pytest.fixture
def federation(program: Program) -> Federation:
    return Federation(program)


def test_the_secret_reaches_the_provider_and_nothing_that_the_engine_sees(
    program: Program, federation: Federation
) -> None:
    stack = program.declare(STACK, templateBody=federation.template(), onFailure="DELETE", tags={"for": "sign-in"})

    assert federation.client_secret() == HUSH
    assert HUSH not in json.dumps([stack.inputs, stack.outputs])
    assert_as_declared(program, stack)
    leaves_nothing(program, stack)
    assert federation.providers() == []


def test_a_changed_secret_is_read_when_the_reference_changes_and_not_before(
    program: Program, federation: Federation
) -> None:
    stack = program.declare(STACK, templateBody=federation.template())
    version = federation.write("second")
    stack = lives_and_changes(program, stack, {"tags": None}, templateBody=federation.template(), tags={"a": "b"})
    assert federation.client_secret() == HUSH

    by_version = f"{federation.secret_arn}:SecretString:client_secret::{version['versionId']}"
    lives_and_changes(
        program, stack, {"templateBody": None}, templateBody=federation.template(by_version), tags={"a": "b"}
    )

    assert federation.client_secret() == "second"


def test_a_provider_under_another_name_takes_the_place_of_the_first(program: Program, federation: Federation) -> None:
    stack = program.declare(STACK, templateBody=federation.template())

    program.change(stack, templateBody=federation.template(ProviderName="Entra"))

    assert federation.providers() == ["Entra"]


def test_parameters_are_filled_in(program: Program, federation: Federation) -> None:
    body = json.loads(federation.template(ProviderName={"Ref": "Name"}))
    body["Parameters"] = {"Name": {"Type": "String", "Default": "Okta"}}

    program.declare(STACK, templateBody=json.dumps(body), parameters={"Name": "Entra"})

    assert federation.providers() == ["Entra"]


def test_a_stack_that_fails_leaves_nothing(program: Program, federation: Federation) -> None:
    body = json.loads(federation.template())
    body["Resources"]["Second"] = body["Resources"]["Provider"]

    with pytest.raises(Refused, match="DuplicateProviderException"):
        program.declare(STACK, templateBody=json.dumps(body))

    assert federation.providers() == []


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("{arn}:SecretString:password", "Could not find a value associated with JSONKey"),
        ("{arn}x:SecretString:client_secret", "can't find the specified secret"),
        ("{arn}:SecretString:client_secret:AWSPREVIOUS", "can't find the specified secret"),
        ("{arn}:SecretBinary", "Dynamic reference not supported"),
    ],
)
def test_a_reference_to_nothing_is_refused(program: Program, federation: Federation, reference: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        program.declare(STACK, templateBody=federation.template(reference.format(arn=federation.secret_arn)))


@pytest.mark.parametrize(
    ("inputs", "why"),
    [
        ({"templateBody": "Resources: {}"}, "only JSON is supported"),
        ({"templateBody": "{}"}, "At least one Resources member"),
        ({"templateBody": template(Bucket={"Type": "AWS::S3::Bucket"})}, "Unrecognized resource types"),
        (
            {"templateBody": template(Provider={"Type": "AWS::Cognito::UserPoolIdentityProvider", "Properties": {}})},
            "required .* not found",
        ),
        ({"templateBody": template(A={}), "parameters": {"Name": "Okta"}}, "do not exist in the template"),
        ({"templateBody": template(A={}), "iamRoleArn": "arn:aws:iam::1:role/r"}, "iamRoleArn: not supported"),
        ({"templateBody": template(A={}), "onFailure": "DO_NOTHING"}, "onFailure: not supported"),
        ({"templateBody": template(A={}), "name": "1st"}, "name: must begin with a letter"),
        ({}, "templateBody: required"),
    ],
)
def test_a_stack_that_cannot_be_made_is_refused(program: Program, inputs: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        program.declare(STACK, **inputs)


def test_an_unknown_property_of_a_provider_is_refused(program: Program, federation: Federation) -> None:
    with pytest.raises(Refused, match=r"unsupported properties \['Colour'\]"):
        program.declare(STACK, templateBody=federation.template(Colour="red"))


def test_two_stacks_have_two_names(program: Program, federation: Federation) -> None:
    program.declare(STACK, name="sign-in", templateBody=federation.template())

    with pytest.raises(Refused, match="AlreadyExistsException"):
        program.declare(STACK, name="sign-in", templateBody=federation.template(ProviderName="Entra"))
