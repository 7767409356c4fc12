"""Security rules of secrets: none in plain text, in inputs or outputs."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from opencode_components.testing.graph import Graph, Resource
from opencode_components.testing.security_rule import Breach, Rule, Subject
from opencode_components.testing.wire import joined, steps

STACK_OUTPUTS = "stack outputs"
SECRET_NAME = re.compile(
    r"(^|[a-z0-9_.-])(secret|secretstring|password|passwd|passphrase|token|privatekey|apikey|accesskey|masterkey)$"
)
"""What the last word of a name says, in lower case and without `_` and `-`."""
REFERENCE = re.compile(r"\{\{resolve:|arn:aws|https?://")
"""Where a secret is, instead of the secret."""
CREDENTIAL = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(AKIA|ASIA)[A-Z0-9]{16}\b")
SHORTEST_SECRET = 8
"""Characters below which a text is a word like `minutes`, and finding it elsewhere is chance."""


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Texts with their paths; also within texts that are JSON."""
    if isinstance(value, str):
        inner = parsed(value)
        if inner is None:
            yield path, value
        else:
            yield from leaves(inner, path)
    named = named_value(value)
    if named:
        yield joined(path, named[0]), named[1]
    for step, entry in steps(value):
        yield from leaves(entry, joined(path, step))


def parsed(text: str) -> Any:
    """The object or list that a text holds as JSON."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return None


def named_value(value: Any) -> tuple[str, str] | None:
    """Name and value of an entry like a container's environment variable."""
    if isinstance(value, Mapping) and isinstance(value.get("name"), str) and isinstance(value.get("value"), str):
        return value["name"], value["value"]
    return None


def open_leaves(graph: Graph) -> Iterator[tuple[Subject, str, str]]:
    """Texts that are not marked secret: what resources were given, what components and the stack put out."""
    for resource in graph:
        yield from unmarked(resource, resource.inputs, resource.secret_inputs)
        if resource.is_component:
            yield from unmarked(resource, resource.outputs, resource.secret_outputs)
    yield from unmarked(STACK_OUTPUTS, graph.outputs, graph.secret_outputs)


def unmarked(subject: Subject, values: Any, secret: frozenset[str]) -> Iterator[tuple[Subject, str, str]]:
    for path, text in leaves(values):
        if not is_below(path, secret):
            yield subject, path, text


def is_secret_name(path: str) -> bool:
    return SECRET_NAME.search(re.sub(r"[_-]", "", path.rpartition(".")[2]).lower()) is not None


def named_like_secrets(graph: Graph) -> Iterator[Breach]:
    for subject, path, text in open_leaves(graph):
        if len(text) >= SHORTEST_SECRET and is_secret_name(path) and not REFERENCE.match(text):
            yield subject, f"{path} is plain text"


def shaped_like_credentials(graph: Graph) -> Iterator[Breach]:
    for subject, path, text in open_leaves(graph):
        if CREDENTIAL.search(text):
            yield subject, f"{path} holds a private key or an access key"


def leaked(graph: Graph) -> Iterator[Breach]:
    """Values that are secret in one place and plain in another."""
    hidden = {value for resource in graph for value in secret_values(resource)}
    for subject, path, text in open_leaves(graph):
        if any(value in text for value in hidden):
            yield subject, f"{path} holds a value that is secret elsewhere"


def secret_values(resource: Resource) -> Iterator[str]:
    """Texts marked secret; of secret objects and JSON only what is named like a secret, since the rest is beside it."""
    marked = ((resource.inputs, resource.secret_inputs), (resource.outputs, resource.secret_outputs))
    for values, hidden in marked:
        for path, text in leaves(values):
            is_marked = path in hidden or (is_secret_name(path) and is_below(path, hidden))
            if is_marked and len(text) >= SHORTEST_SECRET:
                yield text


def is_below(path: str, hidden: frozenset[str]) -> bool:
    return any(path == above or path.startswith((f"{above}.", f"{above}[")) for above in hidden)


RULES = (
    Rule(
        "secret-plain",
        "whoever reads state, logs or a preview reads the secret",
        "pass pulumi.Output.secret, or better an ARN in Secrets Manager",
        named_like_secrets,
    ),
    Rule(
        "secret-credential",
        "a credential in a program is a credential in its repository",
        "store it in Secrets Manager and pass the ARN",
        shaped_like_credentials,
    ),
    Rule(
        "secret-leak",
        "the engine encrypts one copy and prints the other",
        "derive the value with apply, and leave unsecret alone",
        leaked,
    ),
)
