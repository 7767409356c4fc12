"""Reads the catalogue: the packaged models.toml, then the operator's files, then the inline text, one over the other.

Every layer has the shape of models.toml: one table `models`, and in it one table for each canonical id. A table for
a known id overrides it field by field (tables inside are merged, lists replaced), a table for a new id adds a model,
and `false` in place of the table removes the model.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from opencode_router.catalogue.check import Flaw, flaws, misshapen
from opencode_router.catalogue.choose import Catalogue
from opencode_router.catalogue.model import Model

PACKAGED = Path(__file__).with_name("models.toml")
OVERLAY = "CATALOGUE_OVERLAY"
"""What an error calls the inline text: the variable it comes from."""

Table: TypeAlias = Mapping[str, Any]
JSON = msgspec.json.Decoder(float_hook=Decimal)


class CatalogueError(ValueError):
    """The message names the file, the model and the field, repeats the value and says what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One source of model tables."""

    name: str
    """For errors: a path or a variable."""
    models: Table


def load(paths: Sequence[Path] = (), overlay: str | None = None) -> Catalogue:
    """The catalogue of the packaged file with each of `paths` (TOML, or JSON by its ending) and `overlay` on top.

    Raises CatalogueError naming the file, the model, the field, its value and what to write instead.
    """
    layers = [read(path) for path in (PACKAGED, *paths)]
    if overlay is not None and overlay.strip():
        layers.append(parse(OVERLAY, overlay, is_json=overlay.lstrip().startswith("{")))
    tables: Mapping[str, Table] = {}
    models: Mapping[str, Model] = {}
    origins: Mapping[str, int] = {}
    for position, layer in enumerate(layers):
        tables = stacked(tables, layer)
        models = {
            id_: shaped(layer.name, id_, table) if id_ in layer.models else models[id_] for id_, table in tables.items()
        }
        origins = {**origins, **dict.fromkeys(layer.models, position)}
    # newest last: of two models that claim one name, the one changed later is at fault
    by_age = dict(sorted(models.items(), key=lambda item: origins[item[0]]))
    for id_, flaw in flaws(by_age):
        raise flawed(layers[origins[id_]].name, id_, flaw)
    return Catalogue(models)


def read(path: Path) -> Layer:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path}: cannot be read: {error}; give the path of a TOML or JSON file") from error
    return parse(str(path), text, is_json=path.suffix == ".json")


def parse(name: str, text: str, *, is_json: bool) -> Layer:
    try:
        document = JSON.decode(text) if is_json else tomllib.loads(text, parse_float=Decimal)
    except (msgspec.DecodeError, tomllib.TOMLDecodeError) as error:
        kind = "JSON" if is_json else "TOML"
        raise CatalogueError(f"{name}: not {kind}: {error}; correct the text at that place") from error
    if not isinstance(document, dict) or document.keys() - {"models"} or not isinstance(document.get("models"), dict):
        found = ", ".join(document) if isinstance(document, dict) else type(document).__name__
        raise CatalogueError(f"{name}: holds {found or 'nothing'}; write one table for each model: [models.<id>]")
    return Layer(name=name, models=document["models"])


def stacked(tables: Mapping[str, Table], layer: Layer) -> Mapping[str, Table]:
    """The model tables with one more layer on top."""
    for id_, change in layer.models.items():
        if change is False and id_ not in tables:
            raise CatalogueError(f"{layer.name}: models.{id_} is false, but there is no such model; drop the line")
        if change is not False and not isinstance(change, dict):
            remedy = "write a table of the fields to change, or false to remove the model"
            raise CatalogueError(f"{layer.name}: models.{id_} is {change!r}; {remedy}")
    changed = {id_: merged(tables.get(id_, {}), change) for id_, change in layer.models.items() if change is not False}
    return {id_: table for id_, table in {**tables, **changed}.items() if layer.models.get(id_) is not False}


def shaped(source: str, id_: str, table: Table) -> Model:
    try:
        return msgspec.convert(table, Model)
    except msgspec.ValidationError as error:
        raise flawed(source, id_, misshapen(table, error)) from error


def flawed(source: str, id_: str, flaw: Flaw) -> CatalogueError:
    path, problem, remedy = flaw
    return CatalogueError(f"{source}: models.{id_}{path and '.'}{path}: {problem}; {remedy}")


def merged(below: Table, above: Table) -> Table:
    """`above` over `below`; what is a table in both is merged in turn."""
    both = {
        key: merged(below[key], value) if isinstance(value, dict) and isinstance(below.get(key), dict) else value
        for key, value in above.items()
    }
    return {**below, **both}
