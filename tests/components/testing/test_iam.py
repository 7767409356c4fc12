"""IAM is evaluated as AWS documents it."""

import json
from typing import Any

import pulumi_aws as aws
import pytest
from pulumi import Output

from opencode_components.testing import Deploy, Graph, evaluate, evaluate_documents
from tests.components.testing.secure_program import policy, trust

BUCKET = "arn:aws:s3:::amzn-s3-demo-bucket"
USER = {"aws:username": "carlossalazar"}


def allow(**elements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": {"Effect": "Allow", **elements}}


def when(operator: str, key: str, value: Any) -> dict[str, Any]:
    return allow(Action="*", Resource="*", Condition={operator: {key: value}})


HOME = allow(Action="s3:*", Resource=f"{BUCKET}/${{aws:username}}/*")
OLD_HOME = {**HOME, "Version": "2008-10-17"}


@pytest.mark.parametrize(
    ("document", "action", "resource", "context", "expected"),
    [
        (allow(Action="s3:GetObject", Resource=f"{BUCKET}/*"), "s3:GetObject", f"{BUCKET}/a/b", {}, True),
        (allow(Action="s3:GetObject", Resource=f"{BUCKET}/*"), "S3:getobject", f"{BUCKET}/a", {}, True),
        (allow(Action="s3:GetObject", Resource=f"{BUCKET}/*"), "s3:GetObject", BUCKET, {}, False),
        (allow(Action="s3:GetObject", Resource=f"{BUCKET}/*"), "s3:PutObject", f"{BUCKET}/a", {}, False),
        (allow(Action=["s3:Get*", "s3:List?"], Resource="*"), "s3:ListX", BUCKET, {}, True),
        (allow(Action=["s3:Get*", "s3:List?"], Resource="*"), "s3:ListXY", BUCKET, {}, False),
        (allow(NotAction="iam:*", Resource="*"), "s3:GetObject", BUCKET, {}, True),
        (allow(NotAction="iam:*", Resource="*"), "iam:CreateUser", "*", {}, False),
        (allow(Action="s3:*", NotResource=[BUCKET, f"{BUCKET}/*"]), "s3:GetObject", f"{BUCKET}/a", {}, False),
        (allow(Action="s3:*", NotResource=[BUCKET, f"{BUCKET}/*"]), "s3:GetObject", f"{BUCKET}2/a", {}, True),
        (HOME, "s3:GetObject", f"{BUCKET}/carlossalazar/a", USER, True),
        (HOME, "s3:GetObject", f"{BUCKET}/mateojackson/a", USER, False),
        (HOME, "s3:GetObject", f"{BUCKET}//a", {}, False),
        (OLD_HOME, "s3:GetObject", f"{BUCKET}/carlossalazar/a", USER, False),
        (
            allow(Action="s3:*", Resource=f"{BUCKET}/${{aws:PrincipalTag/team, 'none'}}/*"),
            "s3:GetObject",
            f"{BUCKET}/none/a",
            {},
            True,
        ),
        (allow(Action="s3:*", Resource=f"{BUCKET}/${{*}}"), "s3:GetObject", f"{BUCKET}/*", {}, True),
        (allow(Action="s3:*", Resource=f"{BUCKET}/${{*}}"), "s3:GetObject", f"{BUCKET}/a", {}, False),
    ],
)
def test_documents_are_matched_by_action_resource_and_variables(
    document: dict[str, Any], action: str, resource: str, context: dict[str, Any], expected: bool
) -> None:
    decision = evaluate_documents([document], action, resource, context)

    assert bool(decision) is expected, str(decision)


@pytest.mark.parametrize(
    ("operator", "key", "wanted", "given", "expected"),
    [
        ("StringEquals", "aws:username", "john", "john", True),
        ("StringEquals", "aws:username", "john", "John", False),
        ("StringEquals", "AWS:UserName", "john", "john", True),
        ("StringEquals", "aws:username", "jo*", "john", False),
        ("StringEquals", "aws:username", ["ann", "john"], "john", True),
        ("StringEquals", "aws:username", "john", None, False),
        ("StringEquals", "aws:username", "${*}${$}", "*$", True),
        ("StringLike", "aws:username", "a${?}*", "a?b", True),
        ("StringLike", "aws:username", "a${?}*", "abb", False),
        ("StringEqualsIgnoreCase", "aws:username", "john", "JOHN", True),
        ("StringNotEqualsIgnoreCase", "aws:username", "john", "JOHN", False),
        ("StringNotEquals", "aws:username", "john", "ann", True),
        ("StringNotEquals", "aws:username", ["ann", "john"], "john", False),
        ("StringNotEquals", "aws:username", "john", None, True),
        ("StringLike", "s3:prefix", "home/*", "home/a", True),
        ("StringLike", "s3:prefix", "home/?", "home/ab", False),
        ("StringNotLike", "s3:prefix", "home/*", "etc", True),
        ("StringEqualsIfExists", "aws:username", "john", None, True),
        ("StringEqualsIfExists", "aws:username", "john", "ann", False),
        ("NumericLessThanEquals", "s3:max-keys", "10", "10", True),
        ("NumericLessThanEquals", "s3:max-keys", 10, 11, False),
        ("NumericGreaterThan", "s3:max-keys", "10", "11", True),
        ("NumericNotEquals", "s3:max-keys", "10", "10.0", False),
        ("DateGreaterThan", "aws:CurrentTime", "2026-01-01T00:00:00Z", "2026-11-21T00:00:00Z", True),
        ("DateLessThan", "aws:EpochTime", "1000", "2000", False),
        ("Bool", "aws:SecureTransport", "true", True, True),
        ("Bool", "aws:SecureTransport", True, "false", False),
        ("Bool", "aws:SecureTransport", "false", None, False),
        ("BoolIfExists", "aws:SecureTransport", "false", None, True),
        ("IpAddress", "aws:SourceIp", "203.0.113.0/24", "203.0.113.9", True),
        ("IpAddress", "aws:SourceIp", ["203.0.113.0/24", "2001:db8::/32"], "2001:db8::1", True),
        ("NotIpAddress", "aws:SourceIp", "203.0.113.0/24", "198.51.100.1", True),
        ("ArnLike", "aws:SourceArn", "arn:aws:sns:*:123456789012:a*", "arn:aws:sns:eu-west-1:123456789012:abc", True),
        ("ArnEquals", "aws:SourceArn", "arn:aws:sns:*", "arn:aws:sns:eu-west-1:123456789012:abc", False),
        ("ArnNotLike", "aws:SourceArn", "arn:aws:sqs:*:*:*", "arn:aws:sns:eu-west-1:123456789012:abc", True),
        ("Null", "aws:TokenIssueTime", "true", None, True),
        ("Null", "aws:TokenIssueTime", "false", "2026-11-21T00:00:00Z", True),
        ("Null", "aws:TokenIssueTime", True, "2026-11-21T00:00:00Z", False),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["env", "team"], ["env"], True),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["env", "team"], ["env", "owner"], False),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["env"], None, True),
        ("ForAllValues:StringNotLike", "aws:TagKeys", ["secret*"], ["env", "secret1"], False),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ["env"], ["env", "owner"], True),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ["env"], ["owner"], False),
        ("ForAnyValue:StringLike", "aws:TagKeys", ["e*"], None, False),
        ("ForAnyValue:StringNotEquals", "aws:TagKeys", ["env"], ["env", "owner"], True),
    ],
)
def test_conditions_hold_as_documented(operator: str, key: str, wanted: Any, given: Any, expected: bool) -> None:
    context = {} if given is None else {key: given}

    assert bool(evaluate_documents([when(operator, key, wanted)], "s3:GetObject", BUCKET, context)) is expected


def test_every_operator_and_every_key_has_to_hold() -> None:
    condition = {"StringEquals": {"a:b": "1", "a:c": "2"}, "Bool": {"a:d": "true"}}
    document = allow(Action="*", Resource="*", Condition=condition)

    assert evaluate_documents([document], "a:a", "*", {"a:b": "1", "a:c": "2", "a:d": "true"})
    assert not evaluate_documents([document], "a:a", "*", {"a:b": "1", "a:c": "2"})
    assert not evaluate_documents([document], "a:a", "*", {"a:b": "1", "a:c": "3", "a:d": "true"})


def test_an_explicit_deny_wins_and_is_named() -> None:
    deny = policy("Deny", Sid="NoDelete", Action="s3:Delete*", Resource="*")
    decision = evaluate_documents([allow(Action="s3:*", Resource="*"), deny], "s3:DeleteObject", f"{BUCKET}/a")

    assert not decision
    assert decision.statement is not None
    assert decision.statement.body["Sid"] == "NoDelete"
    assert str(decision) == "denied by NoDelete of document 1"


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Allow", "Action": "s3:*", "Resources": "*"},
        {"Effect": "allow", "Action": "s3:*", "Resource": "*"},
        {"Effect": "Allow", "Resource": "*"},
    ],
)
def test_a_statement_that_iam_would_refuse_is_refused(statement: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a statement that IAM refuses"):
        evaluate_documents([{"Statement": [statement]}], "s3:GetObject", BUCKET)


@pytest.mark.parametrize("operator", ["StringEqual", "ForSomeValues:StringEquals", "BinaryEquals"])
def test_an_unknown_operator_is_refused(operator: str) -> None:
    with pytest.raises(ValueError, match=f"unknown condition operator '{operator}'"):
        evaluate_documents([when(operator, "a:b", "c")], "s3:GetObject", BUCKET, {"a:b": "c"})


def test_several_values_need_a_quantifier() -> None:
    with pytest.raises(ValueError, match="use ForAnyValue"):
        evaluate_documents([when("StringEquals", "a:b", "c")], "s3:GetObject", BUCKET, {"a:b": ["c", "d"]})


def account() -> None:
    """A task role with an inline and an attached policy, one with a boundary, and resources with policies."""
    bucket = aws.s3.Bucket("data", bucket="data")
    aws.s3.Bucket("shared", bucket="shared")
    role = aws.iam.Role(
        "task",
        name="task",
        assume_role_policy=trust(Service="ecs-tasks.amazonaws.com"),
        inline_policies=[{"name": "tell", "policy": policy(Action="sns:Publish", Resource="*")}],
    )
    read = Output.concat(bucket.arn, "/*").apply(lambda arn: policy(Sid="Read", Action="s3:GetObject", Resource=arn))
    aws.iam.RolePolicy("task", role=role.name, policy=read)
    write = aws.iam.Policy("write", policy=policy(Sid="Write", Action=["s3:PutObject", "kms:Decrypt"], Resource="*"))
    aws.iam.RolePolicyAttachment("write", role=role.name, policy_arn=write.arn)
    bounded = aws.iam.Role(
        "bounded",
        name="bounded",
        assume_role_policy=trust(Service="lambda.amazonaws.com"),
        permissions_boundary=write.arn,
    )
    aws.iam.RolePolicy("bounded", role=bounded.id, policy=policy(Action="s3:*", Resource="*"))
    statements = [
        {
            "Sid": "Mine",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::123456789012:role/task"},
            "Action": "s3:ListBucket",
            "Resource": "arn:aws:s3:::shared",
        },
        {
            "Sid": "NoHttp",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": ["arn:aws:s3:::shared", "arn:aws:s3:::shared/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]
    aws.s3.BucketPolicy(
        "shared", bucket="shared", policy=json.dumps({"Version": "2012-10-17", "Statement": statements})
    )
    open_key = policy(Principal={"AWS": "arn:aws:iam::123456789012:root"}, Action="kms:*", Resource="*")
    aws.kms.Key("open", policy=open_key)
    aws.kms.Key("closed", policy=policy(Principal={"Service": "logs.amazonaws.com"}, Action="kms:*", Resource="*"))
    aws.iam.Role(
        "odd",
        name="odd",
        assume_role_policy=trust(Service="a"),
        managed_policy_arns=["arn:aws:iam::aws:policy/ReadOnlyAccess"],
    )


@pytest.fixture(scope="module")
def graph(deploy: Deploy) -> Graph:
    return deploy(account)


@pytest.mark.parametrize(
    ("role", "action", "resource", "context", "expected", "because"),
    [
        ("task", "s3:GetObject", "arn:aws:s3:::data/a", {}, True, "Read of aws:iam/rolePolicy"),
        ("task", "s3:PutObject", "arn:aws:s3:::data/a", {}, True, "Write of aws:iam/policy"),
        ("task", "sns:Publish", "arn:aws:sns:::a", {}, True, "inline tell"),
        ("task", "s3:DeleteObject", "arn:aws:s3:::data/a", {}, False, "no statement allows s3:DeleteObject"),
        ("task", "s3:ListBucket", "arn:aws:s3:::shared", {}, True, "Mine of aws:s3/bucketPolicy"),
        ("task", "s3:ListBucket", "arn:aws:s3:::shared", {"aws:SecureTransport": "false"}, False, "NoHttp"),
        ("task", "s3:PutObject", "arn:aws:s3:::shared/a", {"aws:SecureTransport": False}, False, "NoHttp"),
        ("bounded", "s3:PutObject", "arn:aws:s3:::data/a", {}, True, "allowed by"),
        ("bounded", "s3:GetObject", "arn:aws:s3:::data/a", {}, False, "permissions boundary"),
        ("task", "kms:Decrypt", "open", {}, True, "Write"),
        ("task", "kms:Encrypt", "open", {}, False, "does not allow it"),
        ("task", "kms:Decrypt", "closed", {}, False, "the policy of aws:kms/key:Key 'closed'"),
        ("logs.amazonaws.com", "kms:Decrypt", "closed", {}, True, "allowed by"),
        ("ecs-tasks.amazonaws.com", "sts:AssumeRole", "arn:aws:iam::123456789012:role/task", {}, True, "allowed by"),
        ("lambda.amazonaws.com", "sts:AssumeRole", "arn:aws:iam::123456789012:role/task", {}, False, "does not allow"),
        ("*", "s3:GetObject", "arn:aws:s3:::shared/a", {}, False, "no statement"),
    ],
)
def test_roles_are_judged_by_all_that_the_graph_declares(
    graph: Graph, role: str, action: str, resource: str, context: dict[str, Any], expected: bool, because: str
) -> None:
    principal = role if role == "*" or "." in role else graph.one("aws:iam/role:Role", role)
    target = resource if ":" in resource else graph.one("aws:kms/key:Key", resource).outputs["arn"]
    decision = evaluate(graph, principal, action, target, context)

    assert bool(decision) is expected, str(decision)
    assert because in str(decision)


def test_a_policy_that_the_graph_does_not_hold_is_an_error(graph: Graph) -> None:
    with pytest.raises(LookupError, match="which the graph does not declare"):
        evaluate(graph, graph.one(name="odd"), "s3:GetObject", BUCKET)
