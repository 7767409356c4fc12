"""Statements of IAM policies, and which of them concern a request.

Sources, read 2026-11-21:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opencode_components.testing import iam_conditions
from opencode_components.testing.iam_conditions import wildcard

Document = Mapping[str, Any] | str
ELEMENTS = {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition"}
EFFECTS = ("Allow", "Deny")
VARIABLES_SINCE = "2012-10-17"
CHARACTERS = {"*": iam_conditions.STAR, "?": iam_conditions.QUESTION_MARK, "$": "$"}
VARIABLE = re.compile(r"\$\{([^},]+)(?:,\s*'([^']*)')?\}")


@dataclass(frozen=True)
class Statement:
    """One statement and the policy that it stands in."""

    policy: str
    body: Mapping[str, Any]
    version: str = VARIABLES_SINCE

    @property
    def effect(self) -> str:
        return str(self.body["Effect"])

    def __str__(self) -> str:
        return f"{self.body.get('Sid') or json.dumps(self.body, sort_keys=True)} of {self.policy}"


@dataclass(frozen=True, kw_only=True)
class Call:
    """What is asked: an action on a resource, in a context of lower-case keys."""

    action: str
    resource: str
    context: Mapping[str, Sequence[str]]

    def fill(self, text: str) -> str | None:
        """The text with policy variables replaced; None when one has no value."""
        values = [self.variable(name, default) for name, default in VARIABLE.findall(text)]
        if None in values:
            return None
        remaining = iter(values)
        return VARIABLE.sub(lambda _: str(next(remaining)), text)

    def variable(self, name: str, default: str) -> str | None:
        """Value of `${name, 'default'}`; `${*}`, `${?}` and `${$}` are the characters themselves."""
        if name in CHARACTERS:
            return CHARACTERS[name]
        known = self.context.get(name.lower())
        return known[0] if known else default or None


def call(action: str, resource: str, context: Mapping[str, Any] | None) -> Call:
    """A call with its context in one form: lower-case keys, lists of text."""
    given = {key.lower(): iam_conditions.texts(value) for key, value in (context or {}).items()}
    return Call(action=action, resource=resource, context=given)


def statements(policy: str, document: Document) -> Iterator[Statement]:
    """Raises ValueError for what IAM would refuse: an unknown element, no effect, no action."""
    parsed = json.loads(document) if isinstance(document, str) else document
    bodies = parsed["Statement"]
    for body in bodies if isinstance(bodies, list) else [bodies]:
        unknown = body.keys() - ELEMENTS
        if unknown or body.get("Effect") not in EFFECTS or not {"Action", "NotAction"} & body.keys():
            raise ValueError(f"{policy} has a statement that IAM refuses: {json.dumps(body)}")
        yield Statement(policy, body, parsed.get("Version", "2008-10-17"))


def concerns(statement: Statement, call: Call) -> bool:
    """Whether action, resource and conditions of the statement match; its principal is not looked at."""
    return names_action(statement, call) and names_resource(statement, call) and conditions_hold(statement, call)


def names_action(statement: Statement, call: Call) -> bool:
    """Actions are compared without case."""
    element = "Action" if "Action" in statement.body else "NotAction"
    patterns = iam_conditions.texts(statement.body[element])
    found = any(wildcard(pattern.lower(), call.action.lower()) for pattern in patterns)
    return found == (element == "Action")


def names_resource(statement: Statement, call: Call) -> bool:
    """`*` may span several parts of an ARN. Trust policies name no resource: theirs is the role."""
    if "Resource" not in statement.body and "NotResource" not in statement.body:
        return True
    element = "Resource" if "Resource" in statement.body else "NotResource"
    patterns = [filled(statement, call, pattern) for pattern in iam_conditions.texts(statement.body[element])]
    found = any(pattern is not None and wildcard(pattern, call.resource) for pattern in patterns)
    return found == (element == "Resource")


def conditions_hold(statement: Statement, call: Call) -> bool:
    block = statement.body.get("Condition", {})
    return iam_conditions.holds(block, call.context, lambda text: filled(statement, call, text))


def filled(statement: Statement, call: Call, text: str) -> str | None:
    """Variables are variables only since version 2012-10-17."""
    return call.fill(text) if statement.version == VARIABLES_SINCE else text
