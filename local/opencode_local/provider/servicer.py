"""The part of the providers' protocol that is about resources, one method per request of the engine.

Secrets reach us unwrapped, since we do not say that we accept them; the engine marks the outputs of the same names.
Source: proto/pulumi/provider.proto of pulumi/pulumi, read 2026-11-21.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2

from opencode_local.provider import diff, invokes, lifecycle, wire
from opencode_local.provider.aws import Account
from opencode_local.provider.checks import Declaration, checked
from opencode_local.provider.errors import PartlyCreated
from opencode_local.provider.faults import InjectedFailure, Sabotage
from opencode_local.provider.handler import Properties
from opencode_local.provider.journal import Call, Journal
from opencode_local.provider.plugin import Plugin
from opencode_local.provider.refusals import partly, refusing
from opencode_local.provider.registry import handler_of

KINDS = {
    (diff.Kind.ADD, False): provider_pb2.PropertyDiff.ADD,
    (diff.Kind.ADD, True): provider_pb2.PropertyDiff.ADD_REPLACE,
    (diff.Kind.DELETE, False): provider_pb2.PropertyDiff.DELETE,
    (diff.Kind.DELETE, True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    (diff.Kind.UPDATE, False): provider_pb2.PropertyDiff.UPDATE,
    (diff.Kind.UPDATE, True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


class Servicer(Plugin):
    """One request at a time, so that no handler meets the half-made changes of another."""

    def __init__(self, account: Account, journal: Journal, sabotage: Sabotage) -> None:
        super().__init__(account)
        self._journal, self._sabotage = journal, sabotage
        self._turn = threading.RLock()

    def Check(self, request: Any, context: Any) -> Any:
        with self._asked("Check", request, context) as (token, name):
            declaration = Declaration(
                name, wire.properties(request.news), wire.properties(request.olds), request.randomSeed
            )
            inputs, faults = checked(handler_of(token), self.aws, declaration)
        failures = [provider_pb2.CheckFailure(property=fault.property, reason=fault.reason) for fault in faults]
        return provider_pb2.CheckResponse(inputs=wire.struct(inputs), failures=failures)

    def Diff(self, request: Any, context: Any) -> Any:
        with self._asked("Diff", request, context) as (token, _):
            handler, old, new = handler_of(token), wire.properties(request.old_inputs), wire.properties(request.news)
            changes = diff.changes(handler, old, new)
            deletes_first = diff.deletes_first(handler, old, new)
        return diff_response(changes, deletes_first=deletes_first)

    def Create(self, request: Any, context: Any) -> Any:
        inputs = wire.properties(request.properties)
        with self._asked("Create", request, context) as (token, name):
            if request.preview:
                return provider_pb2.CreateResponse(properties=wire.struct(inputs))
            with partly(context, f"create {token} {name}"):
                id_, outputs = self._created(token, name, inputs)
        return provider_pb2.CreateResponse(id=id_, properties=wire.struct(outputs))

    def Read(self, request: Any, context: Any) -> Any:
        inputs, state = wire.properties(request.inputs), wire.properties(request.properties)
        with self._asked("Read", request, context) as (token, _):
            found = lifecycle.found(handler_of(token), self.aws, request.id, inputs, state)
        if found is None:
            return provider_pb2.ReadResponse()
        inputs_now, outputs = found
        return provider_pb2.ReadResponse(id=request.id, properties=wire.struct(outputs), inputs=wire.struct(inputs_now))

    def Update(self, request: Any, context: Any) -> Any:
        old, new = wire.properties(request.old_inputs), wire.properties(request.news)
        with self._asked("Update", request, context) as (token, _):
            if request.preview:
                outputs: Properties = {**wire.properties(request.olds), **new}
            else:
                outputs = lifecycle.updated(handler_of(token), self.aws, request.id, old, new)
        return provider_pb2.UpdateResponse(properties=wire.struct(outputs))

    def Delete(self, request: Any, context: Any) -> Any:
        last = {**wire.properties(request.properties), **wire.properties(request.old_inputs)}
        with self._asked("Delete", request, context) as (token, _):
            lifecycle.deleted(handler_of(token), self.aws, request.id, last)
        return Empty()

    def Invoke(self, request: Any, context: Any) -> Any:
        self._journal.note(Call("Invoke", request.tok, ""))
        with self._turn, refusing(context, f"invoking {request.tok}"):
            answer = invokes.answer(self.aws, request.tok, wire.properties(request.args))
        return provider_pb2.InvokeResponse(**{"return": wire.struct(answer)})

    @contextmanager
    def _asked(self, method: str, request: Any, context: Any) -> Iterator[tuple[str, str]]:
        """Token and name of the resource that a request is about; refusals become the request's error."""
        token, name = subject(request.urn)
        self._journal.note(Call(method, token, name, is_preview=getattr(request, "preview", False)))
        with self._turn, refusing(context, f"{method.lower()} {token} {name}"):
            yield token, name

    def _created(self, token: str, name: str, inputs: Mapping[str, Any]) -> tuple[str, Properties]:
        self._sabotage.strike(token, name, after=False)
        id_, outputs = lifecycle.created(handler_of(token), self.aws, inputs)
        try:
            self._sabotage.strike(token, name, after=True)
        except InjectedFailure as error:
            raise PartlyCreated(id_, str(error), outputs, inputs) from error
        return id_, outputs


def subject(urn: str) -> tuple[str, str]:
    """Token and logical name in `urn:pulumi:stack::project::parent$aws:ec2/vpc:Vpc::name`."""
    _, _, qualified, name = urn.split("::", 3)
    return qualified.rsplit("$", 1)[-1], name


def diff_response(changes: list[diff.Change], *, deletes_first: bool) -> Any:
    replaces = sorted({change.property for change in changes if change.replaces})
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if changes else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=sorted({change.property for change in changes}),
        replaces=replaces,
        deleteBeforeReplace=bool(replaces) and deletes_first,
        hasDetailedDiff=True,
        detailedDiff={
            change.path: provider_pb2.PropertyDiff(kind=KINDS[change.kind, change.replaces], inputDiff=True)
            for change in changes
        },
    )
