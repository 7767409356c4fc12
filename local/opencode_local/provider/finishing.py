"""The calls that follow the one that makes a resource."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError

from opencode_local.provider.errors import AwsError, PartlyCreated, worded
from opencode_local.provider.handler import Properties


@contextmanager
def finishing(id_: str, inputs: Properties) -> Iterator[None]:
    """Raises PartlyCreated when AWS refuses one: the engine then keeps the resource and repairs it at the next up."""
    try:
        yield
    except (AwsError, ClientError) as error:
        raise PartlyCreated(id_, worded(error), inputs) from error
