"""The local AWS for programs that run in process: what `opencode_components.testing` deploys onto."""

from collections.abc import Callable, Mapping
from typing import Any

from opencode_local.provider import images, invokes, lifecycle
from opencode_local.provider.aws import Account, Aws
from opencode_local.provider.checks import Declaration, checked
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import Fault
from opencode_local.provider.registry import handler_of

PROVIDER = "pulumi:providers:aws"


class RefusedInputs(Exception):
    """Inputs that the provider does not take, all of one resource at once."""

    def __init__(self, token: str, name: str, faults: list[Fault]) -> None:
        listed = "; ".join(f"{fault.property}: {fault.reason}" for fault in faults)
        super().__init__(f"{token} {name}: {listed}")
        self.faults = tuple(faults)


class LocalEngine:
    """Answers for one deployment's resources by making them in the local AWS."""

    def __init__(
        self,
        account: Account,
        region: str = "us-east-1",
        default_tags: Mapping[str, str] | None = None,
        *,
        on_component: Callable[[str, str], None] | None = None,
        image_digest: images.Digest | None = None,
    ) -> None:
        """`on_component` is called with type and name of each component that is complete, in the deploying thread.

        `image_digest` makes images; unless given, Docker does where it answers.
        """
        self._aws = Aws(account, region, default_tags)
        self._on_component = on_component
        self._image_digest = image_digest

    def create(self, type: str, name: str, inputs: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        """Raises RefusedInputs, AwsError or botocore's ClientError, UnknownType."""
        if type == PROVIDER:
            return name, {}
        if type == images.TOKEN:
            return "", images.outputs(inputs, self._image_digest)
        handler = handler_of(type)
        seed = f"{type}::{name}".encode()
        applied, faults = checked(handler, self._aws, Declaration(name, inputs, seed=seed))
        if faults:
            raise RefusedInputs(type, name, faults)
        return lifecycle.created(handler, self._aws, applied)

    def read(self, type: str, id: str) -> Mapping[str, Any]:
        """Raises AwsError when it does not exist."""
        found = lifecycle.found(handler_of(type), self._aws, id, {}, {})
        if found is None:
            raise AwsError("NotFound", f"{type} {id!r} does not exist")
        return found[1]

    def invoke(self, token: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        return invokes.answer(self._aws, token, args)

    def completed(self, type: str, name: str) -> None:
        if self._on_component:
            self._on_component(type, name)
