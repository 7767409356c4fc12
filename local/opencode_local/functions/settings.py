"""What a program declares of a function, as its runtime needs it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from opencode_components.testing.graph import Graph, Resource

TOKEN = "aws:lambda/function:Function"  # noqa: S105  a resource type
LAYER = "aws:lambda/layerVersion:LayerVersion"
OBJECTS = ("aws:s3/bucketObjectv2:BucketObjectv2", "aws:s3/bucketObject:BucketObject")
PYTHON = re.compile(r"python3\.\d+")
DEFAULT_TIMEOUT_S = 3
DEFAULT_MEMORY_MB = 128
LOCAL_CONCURRENCY = 10
"""Instances of a function that reserves none: an account's 1000 are too many for one machine."""


class UnsupportedFunction(Exception):
    """A function that cannot run on this machine; the text says which, and why."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One function."""

    arn: str
    name: str
    region: str
    role_arn: str
    handler: str
    runtime: str
    timeout_s: float
    memory_mb: int
    concurrency: int
    """Instances at the same time; 0 lets nobody in."""
    environment: Mapping[str, str]
    log_group: str
    log_format: str
    """`Text` or `JSON`."""
    log_level: str
    """Of the application's own lines; empty: as Python has it."""
    code: Any = field(repr=False)
    """An archive."""
    layers: tuple[Any, ...] = field(default=(), repr=False)
    """Archives, in their order."""


def settings(graph: Graph, resource: Resource) -> Settings:
    """Raises UnsupportedFunction."""
    declared = {**resource.inputs, **{k: v for k, v in resource.outputs.items() if v is not None}}
    _refuse(resource, declared)
    arn = str(declared["arn"])
    logging = declared.get("loggingConfig") or {}
    reserved = declared.get("reservedConcurrentExecutions", -1)
    return Settings(
        arn=arn,
        name=str(declared["name"]),
        region=arn.split(":")[3],
        role_arn=str(declared["role"]),
        handler=str(declared["handler"]),
        runtime=str(declared["runtime"]),
        timeout_s=float(declared.get("timeout") or DEFAULT_TIMEOUT_S),
        memory_mb=int(declared.get("memorySize") or DEFAULT_MEMORY_MB),
        concurrency=LOCAL_CONCURRENCY if reserved < 0 else int(reserved),
        environment={k: str(v) for k, v in ((declared.get("environment") or {}).get("variables") or {}).items()},
        log_group=str(logging.get("logGroup") or f"/aws/lambda/{declared['name']}"),
        log_format=str(logging.get("logFormat") or "Text"),
        log_level=str(logging.get("applicationLogLevel") or ""),
        code=_code(graph, resource),
        layers=tuple(_layer(graph, resource, layer) for layer in declared.get("layers") or ()),
    )


def _refuse(resource: Resource, declared: Mapping[str, Any]) -> None:
    runtime = declared.get("runtime")
    if declared.get("packageType") == "Image":
        raise UnsupportedFunction(f"{resource}: functions from container images do not run locally")
    if not isinstance(runtime, str) or not PYTHON.fullmatch(runtime):
        raise UnsupportedFunction(f"{resource}: runtime {runtime} does not run locally, only python3.x does")


def _code(graph: Graph, resource: Resource) -> Any:
    if resource.inputs.get("code") is not None:
        return resource.inputs["code"]
    bucket, key = resource.inputs.get("s3Bucket"), resource.inputs.get("s3Key")
    for stored in (found for token in OBJECTS for found in graph.all(token)):
        if (stored.outputs.get("bucket"), stored.outputs.get("key")) == (bucket, key):
            return stored.inputs["source"]
    raise UnsupportedFunction(f"{resource}: its code s3://{bucket}/{key} is no object of the program")


def _layer(graph: Graph, resource: Resource, arn: str) -> Any:
    found = next((layer for layer in graph.all(LAYER) if arn == layer.outputs.get("arn")), None)
    if found is None or found.inputs.get("code") is None:
        raise UnsupportedFunction(f"{resource}: its layer {arn} is not declared with an archive")
    return found.inputs["code"]
