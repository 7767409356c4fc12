"""What is wrong with a config file, said so that it can be put right."""

import difflib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that will not do: `key` as in the file, what it holds, why not, and what to write instead."""

    key: str
    value: object
    reason: str
    fix: str

    def __str__(self) -> str:
        held = "" if self.value is MISSING else f" = {json.dumps(self.value, default=str)}"
        return f"{self.key}{held}\n    {self.reason}\n    fix: {self.fix}"


class MissingType:
    """The value of a key that is not there."""


MISSING = MissingType()


class ConfigError(ValueError):
    """All faults of an environment's config at once; nothing was declared."""

    def __init__(self, environment: str, faults: Sequence[Fault]) -> None:
        count = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}"
        listing = "\n".join(f"  {fault}" for fault in faults)
        super().__init__(f"Pulumi.{environment}.yaml has {count}; nothing was changed.\n{listing}")
        self.faults = tuple(faults)


def faults_of(error: ValidationError, section: type[BaseModel], key: str) -> Iterator[Fault]:
    """One fault for each that pydantic found in `section`, which stands at `key`."""
    for detail in error.errors(include_url=False, include_context=False):
        path = ".".join(str(step) for step in detail["loc"])
        yield Fault(
            key=f"{key}.{path}" if path else key,
            value=MISSING if detail["type"] == "missing" else detail["input"],
            reason="is missing" if detail["type"] == "missing" else reason(detail),
            fix=fix(detail, section),
        )


def reason(detail: ErrorDetails) -> str:
    """In words that need no regular expressions."""
    known = {
        "extra_forbidden": "is not a key that is known here",
        "string_pattern_mismatch": "does not have the form of one",
    }
    return known.get(detail["type"]) or detail["msg"].replace("Input should", "should")


def fix(detail: ErrorDetails, section: type[BaseModel]) -> str:
    if detail["type"] == "extra_forbidden":
        *path, name = detail["loc"]
        return nearest(str(name), section_at(section, path).model_fields)
    field = field_at(section, detail["loc"])
    if field is None:
        return "write a mapping of the keys in docs/configuration.md"
    example = next(examples(field), None)
    about = (field.description or "").rstrip(".")
    return about if example is None else f"{about}; for example {json.dumps(example)}"


def nearest(name: str, known: Any) -> str:
    """Names the known key that was probably meant, and all others."""
    close = difflib.get_close_matches(name, known, n=1)
    meant = f"did you mean {close[0]}? " if close else ""
    return f"{meant}known keys: {', '.join(sorted(known))}"


def section_at(section: type[BaseModel], path: Sequence[int | str]) -> type[BaseModel]:
    """The model that holds what is at `path`."""
    for step in path:
        inner = models_in(section.model_fields[str(step)].annotation) if step in section.model_fields else None
        section = next(iter(inner or ()), section)
    return section


def models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in models_in(part)]


def field_at(section: type[BaseModel], path: Sequence[int | str]) -> FieldInfo | None:
    """The innermost named field on `path`."""
    named = [step for step in path if isinstance(step, str) and not step.startswith("[")]
    for depth, step in enumerate(named):
        model = section_at(section, named[:depth])
        if depth == len(named) - 1 or not models_in(model.model_fields[step].annotation):
            return model.model_fields.get(step)
    return None


def examples(found: Any) -> Iterator[object]:
    """Examples of a field or, failing that, of what it is made of."""
    yield from getattr(found, "examples", None) or ()
    for part in (*getattr(found, "metadata", ()), *getattr(found, "__metadata__", ())):
        if isinstance(part, FieldInfo):
            yield from part.examples or ()
    inner = getattr(found, "annotation", found)
    for part in getattr(inner, "__args__", ()):
        yield from examples(part)
