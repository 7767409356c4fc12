"""Resources declared onto the local AWS, changed and removed again, step by step as the engine would."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from opencode_local.provider import diff, lifecycle
from opencode_local.provider.aws import Aws
from opencode_local.provider.checks import Declaration, checked
from opencode_local.provider.errors import AwsError, PartlyCreated, worded
from opencode_local.provider.registry import handler_of


@dataclass(frozen=True)
class Made:
    """A resource as the engine's state has it."""

    token: str
    id: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.outputs[name]


class Refused(Exception):
    """The provider's check, or AWS, said no. `kept` is what the engine keeps of a creation that only began."""

    def __init__(self, reason: str, kept: Made | None = None) -> None:
        super().__init__(reason)
        self.kept = kept


class Program:
    """One account and region. Every method raises Refused with what the user would read."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws

    def client(self, service: str, region: str = "us-east-1") -> Any:
        """For looking at what is there, and for changing it by hand."""
        return self.aws.account.client(service, region)

    def declare(self, token: str, /, **inputs: Any) -> Made:
        applied = self._checked(token, inputs, {})
        try:
            id_, outputs = lifecycle.created(handler_of(token), self.aws, applied)
        except (AwsError, ClientError) as error:
            raise Refused(worded(error)) from error
        except PartlyCreated as error:
            raise Refused(str(error), Made(token, error.id, applied, error.properties)) from error
        return Made(token, id_, applied, outputs)

    def plan(self, made: Made, **inputs: Any) -> dict[str, bool]:
        """The properties that would change, and whether that makes a new resource."""
        changes = diff.changes(handler_of(made.token), made.inputs, self._checked(made.token, inputs, made.inputs))
        return {change.property: change.replaces for change in changes if change.property != "tagsAll"}

    def change(self, made: Made, **inputs: Any) -> Made:
        applied = self._checked(made.token, inputs, made.inputs)
        try:
            outputs = lifecycle.updated(handler_of(made.token), self.aws, made.id, made.inputs, applied)
        except (AwsError, ClientError) as error:
            raise Refused(worded(error)) from error
        return Made(made.token, made.id, applied, outputs)

    def drift(self, made: Made) -> dict[str, Any]:
        """The properties that are no longer as declared, with what AWS has; all of them when it is gone."""
        found = lifecycle.found(handler_of(made.token), self.aws, made.id, made.inputs, made.outputs)
        if found is None:
            return dict(made.inputs)
        changes = diff.changes(handler_of(made.token), found[0], made.inputs)
        return {change.property: found[0].get(change.property) for change in changes}

    def is_there(self, made: Made) -> bool:
        return lifecycle.found(handler_of(made.token), self.aws, made.id, made.inputs, made.outputs) is not None

    def remove(self, made: Made) -> None:
        try:
            lifecycle.deleted(handler_of(made.token), self.aws, made.id, {**made.inputs, **made.outputs})
        except (AwsError, ClientError) as error:
            raise Refused(worded(error)) from error

    def _checked(self, token: str, inputs: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
        applied, faults = checked(handler_of(token), self.aws, Declaration("thing", inputs, old))
        if faults:
            raise Refused("; ".join(f"{fault.property}: {fault.reason}" for fault in faults))
        return applied
