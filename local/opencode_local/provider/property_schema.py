"""Which properties a resource type has, read from pulumi_aws's own classes: names, required ones, types, nesting.

A service's classes are imported when its first type is asked for.
"""

import collections.abc
import importlib
import inspect
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pulumi
from pulumi import _types as sdk_types
from pulumi.runtime import rpc

from opencode_local.provider.handler import Fault
from opencode_local.provider.wire import SIGNATURE, UNKNOWN


@dataclass(frozen=True)
class Field:
    """One property: the Python type of its value, and whether it must be given."""

    type: Any
    required: bool


@dataclass(frozen=True)
class ResourceSchema:
    """What can be declared of a type, and what AWS adds."""

    inputs: Mapping[str, Field]
    outputs: frozenset[str]

    @property
    def is_tagged(self) -> bool:
        return "tags" in self.inputs and "tagsAll" in self.outputs


@cache
def resource_schema(token: str) -> ResourceSchema:
    """The schema of e.g. `aws:ec2/vpc:Vpc`; raises LookupError when pulumi_aws has no such type."""
    resource = _resource_class(token)
    outputs = sdk_types.resource_py_to_pulumi_names(resource).values()
    return ResourceSchema(fields(_args_class(resource)), frozenset(outputs))


def faults(token: str, inputs: Mapping[str, Any]) -> list[Fault]:
    """Unknown properties, missing ones and wrong types, at any depth; values still unknown pass."""
    return list(_object(resource_schema(token).inputs, inputs, ""))


def faults_of(args_class: type, inputs: Mapping[str, Any]) -> list[Fault]:
    """The same for inputs of a type whose `...Args` class is at hand."""
    return list(_object(fields(args_class), inputs, ""))


@cache
def provider_fields() -> frozenset[str]:
    """The keys of the provider's own configuration: region, defaultTags, ..."""
    return frozenset(fields(importlib.import_module("pulumi_aws").ProviderArgs))


@cache
def fields(args_class: type) -> Mapping[str, Field]:
    """The properties of an `...Args` class by their camelCase names."""
    names = sdk_types.input_type_py_to_pulumi_names(args_class)
    types = sdk_types.input_type_types(args_class)
    required = {
        name
        for name, parameter in inspect.signature(args_class).parameters.items()
        if parameter.default is inspect.Parameter.empty
    }
    return {camel: Field(types[camel], python in required) for python, camel in names.items()}


def _resource_class(token: str) -> type:
    importlib.import_module("pulumi_aws")  # registers the modules of its types
    package, module, _ = token.split(":")
    registered: Any = rpc.get_resource_module(package, module, "")
    classes = registered.mod_info["classes"] if registered else {}
    if token not in classes:
        raise LookupError(f"pulumi_aws has no resource type {token}")
    found: type = getattr(importlib.import_module(registered.mod_info["fqn"]), classes[token])
    return found


def _args_class(resource: type) -> type:
    """XArgs, or XInitArgs where a nested type has that name already."""
    module = inspect.getmodule(resource)
    exported = getattr(module, "__all__", ())
    name = next(name for name in exported if name in {f"{resource.__name__}Args", f"{resource.__name__}InitArgs"})
    found: type = getattr(module, name)
    return found


def _object(known: Mapping[str, Field], value: Mapping[str, Any], path: str) -> Iterator[Fault]:
    prefix = f"{path}." if path else ""
    for name, field in known.items():
        if field.required and value.get(name) is None:
            yield Fault(
                prefix + name,
                f'Missing required argument. The argument "{name}" is required, but no definition was found.',
            )
    for name, entry in value.items():
        if name not in known:
            yield Fault(prefix + name, f"Invalid or unknown key {name!r}; known are {', '.join(sorted(known))}")
        elif entry is not None:
            yield from _value(known[name].type, entry, prefix + name)


def _value(declared: Any, value: Any, path: str) -> Iterator[Fault]:
    declared = sdk_types.unwrap_type(declared)
    if value is UNKNOWN or declared is Any:
        return
    if typing.get_origin(declared) is typing.Union:
        yield from _union(typing.get_args(declared), value, path)
    else:
        yield from _kind(declared)(declared, value, path)


def _kind(declared: Any) -> Callable[[Any, Any, str], Iterator[Fault]]:
    origin = typing.get_origin(declared)
    if origin is collections.abc.Sequence:
        return _list
    if origin is collections.abc.Mapping:
        return _map
    return _structure if sdk_types.is_input_type(declared) else _scalar


def _union(members: tuple[Any, ...], value: Any, path: str) -> Iterator[Fault]:
    """A value that fits none of the members is faulted as the first of them."""
    candidates = [member for member in members if not _is_plumbing(member)]
    found = [list(_value(member, value, path)) for member in candidates]
    if all(found):
        yield from found[0]


def _is_plumbing(member: Any) -> bool:
    """Awaitable[T] and Output[T] beside the T of an Input[T], and None."""
    return member is type(None) or typing.get_origin(member) in {collections.abc.Awaitable, pulumi.Output}


def _list(declared: Any, value: Any, path: str) -> Iterator[Fault]:
    if not isinstance(value, list | tuple):
        yield _wrong_type("a list", value, path)
        return
    for number, entry in enumerate(value):
        yield from _value(typing.get_args(declared)[0], entry, f"{path}[{number}]")


def _map(declared: Any, value: Any, path: str) -> Iterator[Fault]:
    if not isinstance(value, Mapping):
        yield _wrong_type("a map", value, path)
        return
    for key, entry in value.items():
        yield from _value(typing.get_args(declared)[1], entry, f"{path}.{key}")


def _structure(declared: type, value: Any, path: str) -> Iterator[Fault]:
    if isinstance(value, Mapping):
        yield from _object(fields(declared), value, path)
    else:
        yield _wrong_type("an object", value, path)


def _scalar(declared: type, value: Any, path: str) -> Iterator[Fault]:
    if declared in (pulumi.Asset, pulumi.Archive):
        if not (isinstance(value, declared) or (isinstance(value, Mapping) and SIGNATURE in value)):
            yield _wrong_type("an asset or archive", value, path)
        return
    allowed = (int, float) if declared is float else declared
    if not isinstance(value, allowed) or (isinstance(value, bool) and declared is not bool):
        yield _wrong_type(declared.__name__, value, path)


def _wrong_type(expected: str, value: Any, path: str) -> Fault:
    return Fault(path, f"expected {expected}, got {value!r} ({type(value).__name__})")
