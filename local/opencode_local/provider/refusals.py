"""Errors as the engine wants them: a gRPC status whose message says what was refused, by whom, in which words."""

from collections.abc import Iterator
from contextlib import contextmanager

import grpc
from botocore.exceptions import ClientError
from google.protobuf.any_pb2 import Any as Detail
from pulumi.runtime.proto import provider_pb2, status_pb2

from opencode_local.provider import wire
from opencode_local.provider.errors import AwsError, PartlyCreated, worded
from opencode_local.provider.faults import InjectedFailure
from opencode_local.provider.invokes import UnknownFunction
from opencode_local.provider.registry import UnknownType

STATUS_DETAILS = "grpc-status-details-bin"  # where gRPC carries a google.rpc.Status
UNKNOWN_CODE = 2  # grpc.StatusCode.UNKNOWN, for any failure of an operation


@contextmanager
def refusing(context: grpc.ServicerContext, doing: str) -> Iterator[None]:
    """Turns refusals of AWS, and types or functions that are not known, into the request's error."""
    try:
        yield
    except (AwsError, ClientError) as error:
        context.abort(grpc.StatusCode.UNKNOWN, f"{doing}: {worded(error)}")
    except (InjectedFailure, UnknownType, UnknownFunction) as error:
        context.abort(grpc.StatusCode.UNKNOWN, f"{doing}: {error}")


@contextmanager
def partly(context: grpc.ServicerContext, doing: str) -> Iterator[None]:
    """Lets the engine keep what exists, as a resource to be repaired, when only a part of a creation succeeded."""
    try:
        yield
    except PartlyCreated as error:
        reason = f"{doing}: {error}"
        failed = provider_pb2.ErrorResourceInitFailed(
            id=error.id, properties=wire.struct(error.properties), inputs=wire.struct(error.inputs), reasons=[reason]
        )
        detail = Detail()
        detail.Pack(failed)
        status = status_pb2.Status(code=UNKNOWN_CODE, message=reason, details=[detail])
        context.set_trailing_metadata(((STATUS_DETAILS, status.SerializeToString()),))
        context.abort(grpc.StatusCode.UNKNOWN, reason)
