"""Functions, who may invoke them, their URLs and aliases."""

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest

from tests.local.provider.declaring import Made, Program, Refused
from tests.local.provider.round_trip import assert_as_declared, leaves_nothing, lives_and_changes

FUNCTION = "aws:lambda/function:Function"
PERMISSION = "aws:lambda/permission:Permission"
URL = "aws:lambda/functionUrl:FunctionUrl"
ALIAS = "aws:lambda/alias:Alias"
LAYER = "aws:lambda/layerVersion:LayerVersion"
CODE = "def handler(event, context): return event"
SIGNED = "4dabf18193072939515e22adb298388d"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"


def code(text: str = CODE) -> pulumi.AssetArchive:
    return pulumi.AssetArchive({"app.py": pulumi.StringAsset(text)})


def trusting(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def a_role(program: Program, service: str = "lambda.amazonaws.com") -> str:
    return str(program.declare("aws:iam/role:Role", assumeRolePolicy=trusting(service))["arn"])


def function_inputs(program: Program) -> dict[str, Any]:
    return {"role": a_role(program), "handler": "app.handler", "runtime": "python3.12", "code": code()}


@pytest.fixture
def given(program: Program) -> dict[str, Any]:
    return function_inputs(program)


@pytest.fixture
def function(program: Program, given: dict[str, Any]) -> Made:
    return program.declare(FUNCTION, **given)


@pytest.fixture(scope="module")
def shared_inputs(shared_program: Program) -> dict[str, Any]:
    return function_inputs(shared_program)


def test_a_function_is_there_as_declared_and_leaves_nothing(program: Program, given: dict[str, Any]) -> None:
    function = program.declare(
        FUNCTION,
        **given,
        architectures=["arm64"],
        environment={"variables": {"TABLE": "keys"}},
        ephemeralStorage={"size": 1024},
        loggingConfig={"logFormat": "JSON", "logGroup": "/gateway/function"},
        memorySize=256,
        reservedConcurrentExecutions=2,
        timeout=10,
        tags={"for": "keys"},
    )

    there = program.client("lambda").get_function(FunctionName=function["name"])
    assert there["Configuration"]["FunctionArn"] == function["arn"]
    assert there["Configuration"]["CodeSha256"] == function["codeSha256"]
    assert function["invokeArn"].endswith(f"functions/{function['arn']}/invocations")
    assert function["tagsAll"] == {"owner": "platform", "for": "keys"}
    assert_as_declared(program, function)
    leaves_nothing(program, function)
    assert not program.aws.store.kinds()


def test_a_function_changes_in_place(program: Program, given: dict[str, Any], function: Made) -> None:
    new = {
        **given,
        "environment": {"variables": {"TABLE": "usage"}},
        "loggingConfig": {"logFormat": "Text", "logGroup": "/gateway/function"},
        "reservedConcurrentExecutions": 0,
        "timeout": 30,
    }

    changed = {"environment", "loggingConfig", "reservedConcurrentExecutions", "timeout"}
    after = lives_and_changes(program, function, dict.fromkeys(changed), **new)

    assert after["codeSha256"] == function["codeSha256"]
    assert program.plan(after, **{**new, "name": "another"}) == {"name": True}


def test_other_code_is_another_hash_and_a_new_version(program: Program, given: dict[str, Any]) -> None:
    function = program.declare(FUNCTION, **given, publish=True)

    after = program.change(function, **{**given, "code": code(CODE + " or {}")}, publish=True)

    assert (function["version"], after["version"]) == ("1", "2")
    assert after["codeSha256"] != function["codeSha256"]


def test_equal_code_has_one_hash_however_it_is_packed(program: Program, given: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(CODE)
    signed = {SIGNED: ARCHIVE, "path": str(tmp_path)}

    hashes = {
        program.declare(FUNCTION, **{**given, "code": packed}, name=f"packed-{number}")["codeSha256"]
        for number, packed in enumerate([code(), pulumi.FileArchive(str(tmp_path)), signed])
    }

    assert len(hashes) == 1


def test_a_permission_is_a_statement_of_the_functions_policy(program: Program, function: Made) -> None:
    permission = program.declare(
        PERMISSION,
        action="lambda:InvokeFunction",
        function=function["name"],
        principal="events.amazonaws.com",
        sourceArn="arn:aws:events:us-east-1:123456789012:rule/nightly",
    )

    policy = program.client("lambda").get_policy(FunctionName=function["name"])["Policy"]
    assert [statement["Sid"] for statement in json.loads(policy)["Statement"]] == [permission.id]
    assert_as_declared(program, permission)
    given = {name: value for name, value in permission.inputs.items() if name != "__defaults"}
    assert program.plan(permission, **{**given, "principal": "sns.amazonaws.com"}) == {"principal": True}
    leaves_nothing(program, permission)


def test_a_url_is_public_as_the_provider_makes_it(program: Program, function: Made) -> None:
    given = {"functionName": function["name"], "authorizationType": "NONE"}
    url = program.declare(URL, **given)

    url = lives_and_changes(program, url, {"cors": None}, **given, cors={"allowOrigins": ["*"], "maxAge": 60})

    assert url["functionUrl"] == f"https://{url['urlId']}.lambda-url.us-east-1.on.aws/"
    policy = json.loads(program.client("lambda").get_policy(FunctionName=function["name"])["Policy"])
    assert [statement["Action"] for statement in policy["Statement"]] == ["lambda:InvokeFunctionUrl"]
    leaves_nothing(program, url)


def test_an_alias_names_a_version(program: Program, given: dict[str, Any]) -> None:
    function = program.declare(FUNCTION, **given, publish=True)
    given = {"functionName": function["name"], "name": "live", "functionVersion": "1"}
    alias = program.declare(ALIAS, **given)

    alias = lives_and_changes(program, alias, {"description": None}, **given, description="What people use")

    assert alias["arn"] == f"{function['arn']}:live"
    leaves_nothing(program, alias)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"role": "arn:aws:iam::123456789012:role/nobody"}, "cannot be assumed by Lambda"),
        ({"runtime": "python2.6"}, "Member must satisfy enum value set"),
        ({"handler": "app handler"}, "Member must satisfy regular expression pattern"),
        ({"handler": None}, "handler and runtime must be set"),
        ({"timeout": 901}, "expected timeout to be in the range"),
        ({"memorySize": 64}, "expected memorySize to be in the range"),
        ({"code": None}, "one of `code,s3Bucket` must be specified"),
        ({"code": pulumi.FileArchive("/nowhere")}, "Could not read the code"),
        ({"code": pulumi.AssetArchive({"../app.py": pulumi.StringAsset("")})}, "outside of its archive"),
        ({"code": "app.py"}, "expected an asset or archive"),
        ({"ephemeralStorage": {"size": 100}}, "ephemeralStorage.size"),
        ({"packageType": "Image", "imageUri": "host/image"}, "not supported by the local AWS"),
        ({"deadLetterConfig": {"targetArn": "arn:aws:sqs:us-east-1:1:q"}}, "deadLetterConfig: not supported"),
        ({"snapStart": {"applyOn": "PublishedVersions"}}, "snapStart: not supported by the local AWS"),
    ],
)
def test_a_function_that_aws_would_refuse_is_refused(
    shared_program: Program, shared_inputs: dict[str, Any], bad: dict[str, Any], why: str
) -> None:
    inputs = {name: value for name, value in {**shared_inputs, **bad}.items() if value is not None}

    with pytest.raises(Refused, match=f"(?i){why}"):
        shared_program.declare(FUNCTION, **inputs)
    assert shared_program.client("lambda").list_functions()["Functions"] == []


def test_a_role_for_tasks_is_no_role_for_a_function(program: Program, given: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="cannot be assumed by Lambda"):
        program.declare(FUNCTION, **{**given, "role": a_role(program, "ecs-tasks.amazonaws.com")})


def test_nothing_is_declared_of_a_function_that_does_not_exist(program: Program) -> None:
    for token, inputs in (
        (PERMISSION, {"function": "nobody", "action": "lambda:InvokeFunction", "principal": "s3.amazonaws.com"}),
        (URL, {"functionName": "nobody", "authorizationType": "NONE"}),
        (ALIAS, {"functionName": "nobody", "functionVersion": "1"}),
    ):
        with pytest.raises(Refused, match="Function not found: arn:aws:lambda"):
            program.declare(token, **inputs)


def test_a_layer_is_a_version_that_functions_name(program: Program, given: dict[str, Any]) -> None:
    layer = program.declare(LAYER, layerName="shared", code=code(), compatibleRuntimes=["python3.12"])
    function = program.declare(FUNCTION, **given, layers=[layer["arn"]])

    assert layer["arn"].endswith(":layer:shared:1")
    assert_as_declared(program, layer)
    assert_as_declared(program, function)
    leaves_nothing(program, layer)
