"""Rules of how a program is put together: parents and protection."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from opencode_components.testing.graph import Graph, Resource
from opencode_components.testing.security_rule import Breach, Rule

DELETION_PROTECTION = {
    "aws:cognito/userPool:UserPool": ("deletionProtection", "ACTIVE"),
    "aws:dynamodb/table:Table": ("deletionProtectionEnabled", True),
    "aws:lb/loadBalancer:LoadBalancer": ("enableDeletionProtection", True),
}
"""Types that AWS itself can protect: the property and its value."""
FORCED_DELETION = {
    "aws:ecr/repository:Repository": "forceDelete",
    "aws:s3/bucket:Bucket": "forceDestroy",
    "aws:s3/bucketV2:BucketV2": "forceDestroy",
}
"""Types that are deleted with all they hold when this is set."""


def children_have_parents(graph: Graph) -> Iterator[Breach]:
    """What a component's constructor declares has to belong to the component.

    Who declared what is read from the call stacks: within the constructor's frame, called from where the component was.
    """
    for resource in graph:
        maker = made_by(graph, resource)
        if maker and resource not in graph.descendants(maker):
            yield resource, f"is declared by {maker} but is not its child"


def made_by(graph: Graph, resource: Resource) -> Resource | None:
    """The innermost component in whose constructor the resource was declared."""
    makers = [c for c in graph.components if c is not resource and is_within(resource.call_stack, c.call_stack)]
    return max(makers, key=lambda component: len(component.call_stack), default=None)


def is_within(inner: tuple[str, ...], outer: tuple[str, ...]) -> bool:
    """Whether `inner` was called by a constructor that `outer` called."""
    extra = len(inner) - len(outer)
    return bool(outer) and extra > 0 and inner[extra:] == outer and is_constructor(inner[extra - 1])


def is_constructor(frame: str) -> bool:
    """Whether the line is in an `__init__`. The frame is `file:///path:line`."""
    address, _, line = frame.rpartition(":")
    return any(first <= int(line) <= last for first, last in constructors(unquote(urlsplit(address).path)))


@cache
def constructors(file: str) -> tuple[tuple[int, int], ...]:
    """First and last line of every `__init__` in the file."""
    path = Path(file)
    tree = ast.parse(path.read_text()) if path.is_file() else ast.Module([], [])
    return tuple(
        (node.lineno, node.end_lineno or node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == "__init__"
    )


def protected_alike(graph: Graph) -> Iterator[Breach]:
    """Protection by the engine and by AWS go together."""
    for resource in graph:
        if resource.type in DELETION_PROTECTION:
            key, value = DELETION_PROTECTION[resource.type]
            if resource.protect != (resource.inputs.get(key) == value):
                yield resource, f"is protected by {'Pulumi' if resource.protect else 'AWS'} alone; see {key}"
        forced = FORCED_DELETION.get(resource.type)
        if forced and resource.protect and resource.inputs.get(forced):
            yield resource, f"is protected by Pulumi but sets {forced}"


RULES = (
    Rule(
        "unparented-child",
        "it ignores the component's provider, protection and aliases, and is lost from its tree",
        "pass opts=ResourceOptions(parent=self)",
        children_have_parents,
    ),
    Rule(
        "deletion-protection",
        "half a protection gives way to whoever comes from the other side",
        "set protect and the property of AWS together",
        protected_alike,
    ),
)
