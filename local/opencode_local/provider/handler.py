"""What a handler of one resource type is: the calls that AWS gets for a declared resource."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from opencode_local.provider.aws import Aws

Properties: TypeAlias = dict[str, Any]
"""Inputs or outputs of a resource by the engine's camelCase names; whole numbers are ints, JSON documents are text."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with one input: a path such as `defaultAction.type` and the reason as a user reads it."""

    property: str
    reason: str


@dataclass(frozen=True)
class AutoName:
    """The input that gets `<logical name>-<7 random hex>` when it is not given; `lower` where AWS wants that."""

    property: str
    max_length: int
    lower: bool = False


class Handler(ABC):
    """Keeps no state of its own: what it made is in `aws`, and is read from there.

    Names, default tags and the schema check come before it, so that `inputs` has no unknown property, every required
    one, and the right types. Of a tagged type it also has `tagsAll` (own and default tags): that is what is written
    to AWS and what `read` reports; `tags` follows from it. `region` is already the region of `aws`.
    Every method may raise botocore's ClientError or AwsError.
    """

    token: ClassVar[str]
    """For example `aws:ec2/vpc:Vpc`."""
    replace_on: ClassVar[frozenset[str]] = frozenset()
    """Inputs whose change makes a new resource: ForceNew in the Terraform provider."""
    filled_by_aws: ClassVar[frozenset[str]] = frozenset()
    """Inputs that AWS or another resource sets when they are not declared: Optional and Computed there."""
    auto_name: ClassVar[AutoName | None] = None

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        """Rules between inputs that the schema does not hold. Asked only when every input is known."""
        return ()

    @abstractmethod
    def create(self, aws: Aws, inputs: Properties) -> str:
        """The id of what was made."""

    @abstractmethod
    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        """Everything that AWS knows: the inputs as they are there, and what it computed (arn, ...).

        None when it is gone. A property that AWS does not tell is left out, one that is not set there is None.
        Neither order of lists nor layout of JSON text matters. `inputs` are those last declared, empty when a
        resource is adopted: they only say in which of several equal ways a value was written.
        """

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        """Brings AWS from the inputs `old` to `new`. Unneeded where every change replaces."""
        raise NotImplementedError(f"{self.token} has no update: every change replaces it")

    @abstractmethod
    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        """Removes it, without complaint when it is gone already. `properties` are its last inputs and outputs."""
