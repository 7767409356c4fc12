"""Who may invoke a function, its URL, and its aliases.

Rules: service model of Lambda; terraform-provider-aws, internal/service/lambda/permission.go, function_url.go and
alias.go (read 2026-11-21).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import AutoName, Fault, Handler, Properties
from opencode_local.provider.handlers.lambda_functions import GONE, invoke_arn, require_function
from opencode_local.provider.members import block, reported, request, unsupported, value, values

PERMISSION = (
    value("function", "FunctionName"),
    value("principalOrgId", "PrincipalOrgID"),
    value("statementId"),
    *values("action", "principal", "qualifier", "sourceAccount", "sourceArn", "eventSourceToken"),
    *values("functionUrlAuthType", "invokedViaFunctionUrl"),
)
PERMISSION_KIND = "function permission"
"""The store keeps requests as they were made: the embedded AWS takes conditions of its own liking out of them."""
CORS = block(
    "cors", *values("allowCredentials", "allowHeaders", "allowMethods", "allowOrigins", "exposeHeaders", "maxAge")
)
URL = (value("authorizationType", "AuthType"), value("invokeMode"), CORS)
URL_KIND = "function url"
PUBLIC_STATEMENT = "FunctionURLAllowPublicAccess"
"""The provider itself lets everybody use a URL without authentication."""
ALIAS = (value("name"), *values("description", "functionVersion"))


class Permission(Handler):
    token = "aws:lambda/permission:Permission"
    replace_on = frozenset(entry.property for entry in PERMISSION) | {"statementIdPrefix"}
    filled_by_aws = frozenset({"statementId"})
    auto_name = AutoName("statementId", 100)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported(PERMISSION, inputs, "statementIdPrefix")

    def create(self, aws: Aws, inputs: Properties) -> str:
        wanted = request(PERMISSION, inputs)
        aws.validate("lambda", "AddPermission", **wanted)
        function_arn, statement = require_function(aws, "AddPermission", inputs["function"]), inputs["statementId"]
        if aws.store.get(PERMISSION_KIND, _key(function_arn, statement)) is not None:
            message = f"The statement id ({statement}) provided already exists. Please provide a new statement id."
            raise AwsError("ResourceConflictException", message, "AddPermission")
        _add_statement(aws, wanted)
        aws.store.put(PERMISSION_KIND, _key(function_arn, statement), wanted)
        return str(statement)

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        there = _permission(aws, id_, inputs)
        return None if there is None else reported(PERMISSION, there, inputs)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        function = properties["function"]
        found(aws.client("lambda").remove_permission, GONE, FunctionName=function, StatementId=id_)
        aws.store.delete(PERMISSION_KIND, _key(function, id_))


class FunctionUrl(Handler):
    token = "aws:lambda/functionUrl:FunctionUrl"
    replace_on = frozenset({"functionName", "qualifier"})
    filled_by_aws = frozenset({"invokeMode"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported(URL, inputs, "functionName")

    def create(self, aws: Aws, inputs: Properties) -> str:
        client, name = aws.client("lambda"), inputs["functionName"]
        wanted = {"InvokeMode": "BUFFERED", **request(URL, inputs)}
        arn = require_function(aws, "CreateFunctionUrlConfig", name)
        plain = arn.rpartition(":")[2]
        if aws.store.get(URL_KIND, plain) is not None:
            message = f"Failed to create function url config for [functionArn = {arn}]. Error message: already exists"
            raise AwsError("ResourceConflictException", message, "CreateFunctionUrlConfig")
        client.create_function_url_config(FunctionName=name, **wanted)
        aws.store.put(URL_KIND, plain, wanted)
        if inputs["authorizationType"] == "NONE":
            _let_everybody_in(aws, name)
        return str(name)

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        there = found(aws.client("lambda").get_function_url_config, GONE, FunctionName=id_) if _url(aws, id_) else None
        if there is None:
            return None
        url = str(there["FunctionUrl"]).rstrip("/")
        return {
            **reported(URL, _url(aws, id_) or {}, inputs),
            "functionName": id_,
            "functionArn": there["FunctionArn"],
            "functionUrl": f"{url}/",
            "urlId": url.removeprefix("https://").split(".")[0],
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        wanted = {"InvokeMode": "BUFFERED", **request(URL, new)}
        aws.client("lambda").update_function_url_config(FunctionName=id_, **wanted)
        aws.store.put(URL_KIND, _plain(id_), wanted)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        if _url(aws, id_) is not None:
            found(aws.client("lambda").delete_function_url_config, GONE, FunctionName=id_)
        aws.store.delete(URL_KIND, _plain(id_))


class Alias(Handler):
    token = "aws:lambda/alias:Alias"
    replace_on = frozenset({"functionName", "name"})
    auto_name = AutoName("name", 128)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported(ALIAS, inputs, "functionName")

    def create(self, aws: Aws, inputs: Properties) -> str:
        function = require_function(aws, "CreateAlias", inputs["functionName"])
        made = aws.client("lambda").create_alias(FunctionName=function, **request(ALIAS, inputs))
        return str(made["AliasArn"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        function, _, name = id_.rpartition(":")
        answer = found(aws.client("lambda").get_alias, GONE, FunctionName=function, Name=name)
        if answer is None:
            return None
        given = inputs.get("functionName") or function
        return {
            **reported(ALIAS, answer, inputs),
            "functionName": given,
            "arn": id_,
            "invokeArn": invoke_arn(aws, id_),
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        function = id_.rpartition(":")[0]
        wanted = {"Description": "", **request(ALIAS, new)}
        aws.client("lambda").update_alias(FunctionName=function, **wanted)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        function, _, name = id_.rpartition(":")
        found(aws.client("lambda").delete_alias, GONE, FunctionName=function, Name=name)


def _add_statement(aws: Aws, wanted: Mapping[str, Any]) -> None:
    """The embedded AWS knows no condition on how a function is invoked."""
    passed = {name: part for name, part in wanted.items() if name != "InvokedViaFunctionUrl"}
    aws.client("lambda").add_permission(**passed)


def _let_everybody_in(aws: Aws, name: str) -> None:
    if PUBLIC_STATEMENT not in set(_statement_ids(aws, name)):
        aws.client("lambda").add_permission(
            FunctionName=name,
            StatementId=PUBLIC_STATEMENT,
            Action="lambda:InvokeFunctionUrl",
            Principal="*",
            FunctionUrlAuthType="NONE",
        )


def _statement_ids(aws: Aws, function: str) -> Iterator[str]:
    answer = found(aws.client("lambda").get_policy, GONE, FunctionName=function)
    document = json.loads(answer["Policy"]) if answer else {"Statement": []}
    yield from (statement["Sid"] for statement in document["Statement"])


def _permission(aws: Aws, statement: str, inputs: Properties) -> dict[str, Any] | None:
    """None when the statement or its function is gone."""
    function = inputs.get("function")
    known = aws.store.list(PERMISSION_KIND)
    kept = next(
        (one for one in known.values() if one["StatementId"] == statement and function in {None, one["FunctionName"]}),
        None,
    )
    if kept is None or statement not in set(_statement_ids(aws, kept["FunctionName"])):
        return None
    return kept


def _key(function: str, statement: str) -> str:
    return f"{_plain(function)} {statement}"


def _plain(function: str) -> str:
    """The name alone."""
    return function.split(":")[6] if function.startswith("arn:") else function.split(":", maxsplit=1)[0]


def _url(aws: Aws, function: str) -> dict[str, Any] | None:
    return aws.store.get(URL_KIND, _plain(function))


HANDLERS = (Permission(), FunctionUrl(), Alias())
