"""A Share on a listener as a program would declare it, and what its functions may do."""

from collections.abc import Callable
from typing import Any

import pulumi

from opencode_components.share import Share, ShareArgs
from opencode_components.testing.graph import Graph, Resource
from opencode_components.testing.iam import evaluate
from tests.components.served_host_program import FUNCTION, host_args

HOST = "share.example.com"
API, VIEW, LIVE = "api", "view", "live"
TABLE, LOG_GROUP = "aws:dynamodb/table:Table", "aws:cloudwatch/logGroup:LogGroup"
ID = "a" * 32
KEY = "arn:aws:kms:us-east-1:123456789012:key/0b7c"
CODE = {"share_sessions/__init__.py": pulumi.StringAsset("")}


def share(**changes: Any) -> Callable[[], None]:
    def program() -> None:
        args = {
            **host_args(HOST),
            "archive": pulumi.AssetArchive(dict(CODE)),
            **changes,
        }
        # Whatever a test changes is an arg of the component: it is the component that checks.
        sharing = Share("dev-shares", ShareArgs(**args))  # type: ignore[typeddict-item]
        for output in Share.__annotations__:
            pulumi.export(output, getattr(sharing, output))

    return program


def function(graph: Graph, which: str) -> Resource:
    return graph.one(FUNCTION, f"dev-shares-{which}")


def may(graph: Graph, which: str, action: str, arn: str, context: dict[str, str] | None = None) -> bool:
    role = graph.one("aws:iam/role:Role", f"dev-shares-{which}")
    return evaluate(graph, role, action, arn, context).allowed


def arn_of(graph: Graph, type_: str, name: str = "dev-shares") -> str:
    return str(graph.one(type_, name).outputs["arn"])
