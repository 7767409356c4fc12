"""The engine's side of a deployment, in process: it answers the SDK and writes down every registration."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto import engine_pb2, provider_pb2, resource_pb2

from opencode_components.testing import wire
from opencode_components.testing.graph import Graph, Resource

STACK = "pulumi:pulumi:Stack"
LEVELS: Mapping[int, int] = {
    engine_pb2.DEBUG: logging.DEBUG,
    engine_pb2.INFO: logging.INFO,
    engine_pb2.WARNING: logging.WARNING,
    engine_pb2.ERROR: logging.ERROR,
}


class Engine(Protocol):
    """Who answers for the resources: invented values, or a stand-in of the cloud.

    Property names are the engine's (camelCase), secrets are unwrapped. Errors that it raises fail the deployment.
    """

    def create(self, type: str, name: str, inputs: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        """Id and outputs of a new resource; inputs that it does not return stay as declared."""
        ...

    def read(self, type: str, id: str) -> Mapping[str, Any]:
        """Properties of a resource that exists."""
        ...

    def invoke(self, token: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """Result of a provider function, like `aws:index/getRegion:getRegion`."""
        ...

    def completed(self, type: str, name: str) -> None:
        """A component has all its outputs, and with them the resources that they come from."""
        ...


class Recorder(MockMonitor):
    """Resource monitor of one deployment; the protocol names its methods.

    A preview creates nothing: outputs that the inputs do not tell stay unknown, as in `pulumi preview`.
    """

    def __init__(self, engine: Engine, *, stack: str, project: str, preview: bool) -> None:
        self._engine = engine
        self._stack, self._project, self._preview = stack, project, preview
        self._recorded: dict[str, dict[str, Any]] = {}
        self._stack_outputs: dict[str, Any] = {}

    def graph(self) -> Graph:
        resources = [Resource(**self._recorded[urn]) for urn in sorted(self._recorded)]
        return Graph(
            resources=tuple(resources),
            outputs=wire.plain(self._stack_outputs),
            secret_outputs=wire.secret_paths(self._stack_outputs),
            is_preview=self._preview,
        )

    def urn(self, request: Any) -> str:
        """Raises ValueError for a second resource of one URN, as the engine does."""
        ancestors = request.parent.split("::")[2] if request.parent else STACK
        qualified = request.type if ancestors == STACK else f"{ancestors}${request.type}"
        urn = f"urn:pulumi:{self._stack}::{self._project}::{qualified}::{request.name}"
        if urn in self._recorded:
            raise ValueError(f"duplicate resource URN {urn!r}; give the second resource another name")
        return urn

    def RegisterResource(self, request: Any) -> Any:
        urn = self.urn(request)
        if request.type == STACK:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        declared = wire.python(request.object)
        id_, computed = self._created(request, wire.plain(declared))
        self._recorded[urn] = {
            **registration(request),
            "urn": urn,
            "id": id_ or None,
            "inputs": wire.plain(declared),
            "secret_inputs": wire.secret_paths(declared),
            **recorded_outputs(request, declared, computed),
        }
        response = resource_pb2.RegisterResourceResponse(urn=urn, id=id_)
        response.object.CopyFrom(request.object)
        response.object.update(sendable(marked(request, declared, computed)))
        return response

    def ReadResource(self, request: Any) -> Any:
        urn = self.urn(request)
        asked = wire.python(request.properties)
        found = dict(self._engine.read(request.type, request.id))
        self._recorded[urn] = {
            **identity(request),
            "urn": urn,
            "id": request.id,
            "inputs": wire.plain(asked),
            "is_read": True,
            **recorded_outputs(request, asked, found),
        }
        response = resource_pb2.ReadResourceResponse(urn=urn, id=request.id)
        response.properties.CopyFrom(request.properties)
        response.properties.update(sendable(marked(request, asked, found)))
        return response

    def RegisterResourceOutputs(self, request: Any) -> None:
        outputs = wire.python(request.outputs)
        if request.urn in self._recorded:
            self._recorded[request.urn]["outputs"] = wire.plain(outputs)
            self._recorded[request.urn]["secret_outputs"] = wire.secret_paths(outputs)
            self._engine.completed(self._recorded[request.urn]["type"], self._recorded[request.urn]["name"])
        else:
            self._stack_outputs = outputs

    def Invoke(self, request: Any) -> Any:
        response = resource_pb2.ResourceInvokeResponse()
        returned = getattr(response, "return")
        try:
            returned.update(sendable(self._engine.invoke(request.tok, wire.plain(wire.python(request.args)))))
        except LookupError as error:
            response.failures.append(provider_pb2.CheckFailure(property="", reason=str(error)))
        return response

    def _created(self, request: Any, inputs: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        if self._preview or not (request.custom or request.remote):
            return "", {}
        if request.importId:
            return request.importId, self._engine.read(request.type, request.importId)
        return self._engine.create(request.type, request.name, inputs)


class Log:
    """What the program logs goes to `logging`; an error fails the deployment, as in the engine."""

    def __init__(self) -> None:
        self.errors: list[str] = []

    def Log(self, request: Any) -> None:
        logging.getLogger("pulumi").log(LEVELS[request.severity], request.message)
        if request.severity == engine_pb2.ERROR:
            self.errors.append(request.message)


def recorded_outputs(request: Any, declared: Mapping[str, Any], computed: Mapping[str, Any]) -> dict[str, Any]:
    outputs = {**declared, **marked(request, declared, computed)}
    return {"outputs": wire.plain(outputs), "secret_outputs": wire.secret_paths(outputs)}


def identity(request: Any) -> dict[str, Any]:
    return {
        "type": request.type,
        "name": request.name,
        "parent": None if parent_is_stack(request.parent) else request.parent,
        "dependencies": frozenset(request.dependencies),
        "provider": request.provider,
        "call_stack": tuple(f"{frame.pc.uri}:{frame.pc.line}" for frame in request.stackTrace.frames),
    }


def registration(request: Any) -> dict[str, Any]:
    return {
        **identity(request),
        "property_dependencies": {
            key: frozenset(dependencies.urns) for key, dependencies in request.propertyDependencies.items()
        },
        "protect": bool(request.protect),
        "retain_on_delete": bool(request.retainOnDelete),
        "delete_before_replace": bool(request.deleteBeforeReplace),
        "ignore_changes": tuple(request.ignoreChanges),
        "replace_on_changes": tuple(request.replaceOnChanges),
        "aliases": tuple(aliases(request.aliases)),
        "is_component": not request.custom,
    }


def aliases(declared: Iterable[Any]) -> Iterable[str]:
    """URN, or what differs from today's: name, type or parent."""
    for alias in declared:
        spec = alias.spec
        yield alias.urn or spec.name or spec.type or spec.parentUrn


def parent_is_stack(urn: str) -> bool:
    return not urn or urn.split("::")[2] == STACK


def marked(request: Any, declared: Mapping[str, Any], computed: Mapping[str, Any]) -> dict[str, Any]:
    """Computed values, secret where the type says so or where the input of that name was."""
    hidden = {*request.additionalSecretOutputs, *(k for k, v in declared.items() if wire.secret_paths(v))}
    return {key: wire.Secret(value) if key in hidden else value for key, value in computed.items()}


def sendable(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values for a Struct; assets are left as the program declared them."""
    kept = {k: v for k, v in values.items() if not isinstance(v, pulumi.Asset | pulumi.Archive)}
    return {key: wire.protocol(value) for key, value in kept.items()}
