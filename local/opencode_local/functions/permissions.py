"""Who may invoke a function: the statements of its declared resource policy.

Source: Lambda developer guide, "Working with resource-based IAM policies in Lambda"; Lambda API reference,
"AddPermission"; Lambda developer guide, "Control access to Lambda function URLs" (read 2026-11-21).
"""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from opencode_components.testing.graph import Graph
from opencode_local.functions.arns import is_named, unqualified

TOKEN = "aws:lambda/permission:Permission"  # noqa: S105  a resource type
INVOKE = "lambda:InvokeFunction"
INVOKE_URL = "lambda:InvokeFunctionUrl"


class Permissions:
    """All statements of a program."""

    def __init__(self, graph: Graph) -> None:
        self._declared = tuple(resource.inputs for resource in graph.all(TOKEN))

    def allow(self, function_arn: str, principal: str, source_arn: str, *, action: str = INVOKE) -> bool:
        """`principal` is a service's name such as `events.amazonaws.com`, an account's id, or an ARN."""
        return any(
            _is_for(statement, action, principal) and _is_from(statement, source_arn)
            for statement in self._of(function_arn)
            if not statement.get("invokedViaFunctionUrl")
        )

    def allow_url(self, function_arn: str, *, principal: str) -> bool:
        """Whether requests by a URL without authentication may invoke the function.

        The provider allows `lambda:InvokeFunctionUrl` itself when it makes such a URL; what is left to the program is
        `lambda:InvokeFunction`, which new URLs need since October 2025.
        """
        return any(_is_for(statement, INVOKE, principal) for statement in self._of(function_arn))

    def _of(self, function_arn: str) -> Iterable[Mapping[str, Any]]:
        plain = unqualified(function_arn)
        return (statement for statement in self._declared if is_named(str(statement["function"]), plain))


def _is_for(statement: Mapping[str, Any], action: str, principal: str) -> bool:
    is_action = fnmatchcase(action.lower(), str(statement["action"]).lower())
    return is_action and statement["principal"] in {"*", principal}


def _is_from(statement: Mapping[str, Any], source_arn: str) -> bool:
    """Both conditions hold, as far as they are declared. An S3 bucket's ARN names no account: none is compared."""
    pattern, account = statement.get("sourceArn"), statement.get("sourceAccount")
    own_account = (source_arn.split(":") + [""] * 5)[4]
    is_source = pattern is None or arn_like(str(pattern), source_arn)
    return is_source and (account is None or own_account in {"", account})


def arn_like(pattern: str, arn: str) -> bool:
    """Each of the six parts by itself. Source: IAM user guide, "ARN condition operators" (read 2026-11-21)."""
    ours, theirs = pattern.split(":", 5), arn.split(":", 5)
    return len(ours) == len(theirs) and all(fnmatchcase(b, _literal(a)) for a, b in zip(ours, theirs, strict=True))


def _literal(pattern: str) -> str:
    """`[` is no wildcard in IAM."""
    return pattern.replace("[", "[[]")
