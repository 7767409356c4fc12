"""A resource from its creation to its end: a handler's calls, and what the engine is told of the result."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from opencode_local.provider.aws import Aws
from opencode_local.provider.checks import in_region
from opencode_local.provider.comparison import covers, is_same
from opencode_local.provider.errors import AwsError, PartlyCreated, worded
from opencode_local.provider.handler import Handler, Properties
from opencode_local.provider.naming import DEFAULTS, declared
from opencode_local.provider.property_schema import resource_schema


def created(handler: Handler, aws: Aws, inputs: Mapping[str, Any]) -> tuple[str, Properties]:
    """Id and outputs of a new resource; raises PartlyCreated when it is there but not as declared."""
    here, given = in_region(aws, inputs), declared(inputs)
    try:
        id_ = handler.create(here, given)
    except PartlyCreated as error:
        raise _as_it_is(handler, aws, error, inputs) from error
    try:
        return id_, _outputs(handler, here, id_, given)
    except (AwsError, ClientError) as error:
        raise PartlyCreated(id_, worded(error), given, inputs) from error


def _as_it_is(handler: Handler, aws: Aws, error: PartlyCreated, inputs: Mapping[str, Any]) -> PartlyCreated:
    """The same error with the inputs as AWS has them, so that the next update sees what is missing."""
    try:
        now = found(handler, aws, error.id, inputs, {})
    except (AwsError, ClientError):
        now = None
    if now is None:
        return PartlyCreated(error.id, str(error), error.properties, inputs)
    taken = {name: value for name, value in now[0].items() if name in inputs}
    return PartlyCreated(error.id, str(error), now[1], taken)


def updated(handler: Handler, aws: Aws, id_: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Properties:
    """The outputs after a change in place; without any difference the resource is only looked at again.

    That happens when its creation was reported as failed although it is there.
    """
    here, given = in_region(aws, new), declared(new)
    if declared(old) != given:
        handler.update(here, id_, declared(old), given)
    return _outputs(handler, here, id_, given)


def deleted(handler: Handler, aws: Aws, id_: str, properties: Mapping[str, Any]) -> None:
    handler.delete(in_region(aws, properties), id_, declared(properties))


def found(
    handler: Handler, aws: Aws, id_: str, inputs: Mapping[str, Any], state: Mapping[str, Any]
) -> tuple[Properties, Properties] | None:
    """Inputs and outputs as AWS has them now, None when the resource is gone.

    Inputs that AWS still has as they were declared stay as declared; what differs from `state`, the outputs last
    known, is drift and shows as an input. With neither inputs nor state a resource is being adopted: then its inputs
    are whatever AWS has.
    """
    here = in_region(aws, {**state, **inputs})
    reported = _reported(handler, here, id_, declared(inputs))
    if reported is None:
        return None
    names = {*resource_schema(handler.token).inputs, "tagsAll"}
    if not inputs and not state:
        taken = {name: reported[name] for name in names & reported.keys() if reported[name] is not None}
        return {**taken, DEFAULTS: []}, _merged({}, reported)
    as_found = {name: _input_now(handler, name, inputs, state, reported) for name in names | declared(inputs).keys()}
    kept = {name: value for name, value in as_found.items() if value is not None}
    return {**kept, DEFAULTS: inputs.get(DEFAULTS, [])}, _merged(declared(inputs), reported)


def _input_now(
    handler: Handler, name: str, inputs: Mapping[str, Any], state: Mapping[str, Any], reported: Mapping[str, Any]
) -> Any:
    before, now = inputs.get(name), reported.get(name)
    if name not in reported:
        return before
    is_known = name in state or before is None
    is_unchanged = is_same(state.get(name), now) if is_known else covers(before, now)
    if before is None and (is_unchanged or name in {"region", *handler.filled_by_aws}):
        return None
    return before if is_unchanged and covers(before, now) else now


def _outputs(handler: Handler, here: Aws, id_: str, given: Properties) -> Properties:
    reported = _reported(handler, here, id_, given)
    if reported is None:
        raise AwsError("NotFound", f"{handler.token} {id_!r} is not there although it was just written")
    return _merged(given, reported)


def _merged(given: Properties, reported: Properties) -> Properties:
    """What AWS reports over what was declared, which is kept where it says the same."""
    outputs = {**given, **reported}
    same = {name for name in given if name in reported and is_same(given[name], reported[name])}
    return {name: given[name] if name in same else value for name, value in outputs.items() if value is not None}


def _reported(handler: Handler, here: Aws, id_: str, given: Properties) -> Properties | None:
    """What the handler reads, with `region` and, of a tagged type, `tags` beside `tagsAll`."""
    reported = handler.read(here, id_, given)
    if reported is None:
        return None
    schema = resource_schema(handler.token)
    unknown = reported.keys() - schema.inputs.keys() - schema.outputs
    if unknown:
        raise LookupError(f"{handler.token} has no properties {sorted(unknown)}, which its handler reports")
    if "region" in schema.inputs:
        reported = {"region": here.region, **reported}
    if schema.is_tagged:
        reported = {**reported, "tags": _own_tags(here, given, reported["tagsAll"])}
    return reported


def _own_tags(here: Aws, given: Properties, all_tags: Mapping[str, str]) -> Mapping[str, str] | None:
    own = given.get("tags") or {}
    found_tags = {key: value for key, value in all_tags.items() if key in own or here.default_tags.get(key) != value}
    return found_tags or ({} if "tags" in given else None)
