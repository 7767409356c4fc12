"""Which route of an HTTP API a request takes.

Source: API Gateway developer guide, "Create routes for HTTP APIs in API Gateway" (read 2026-11-21): a full match goes
before one with a greedy path variable, and that before `$default`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

DEFAULT = "$default"
ANY = "ANY"
VARIABLE = re.compile(r"\{([^}+]+)(\+?)\}")
STATIC, NAMED, GREEDY = range(3)


@dataclass(frozen=True, kw_only=True)
class Route:
    """One declared route."""

    key: str
    """`GET /pets/{id}` or `$default`."""
    integration_id: str
    authorization_type: str = "NONE"
    authorizer_id: str = ""
    scopes: tuple[str, ...] = ()

    @property
    def method(self) -> str:
        return self.key.partition(" ")[0]

    @property
    def path(self) -> str:
        return self.key.partition(" ")[2]

    @property
    def rank(self) -> tuple[Any, ...]:
        """Lower goes first."""
        return (*(_kind(segment) for segment in self.path.split("/")), self.method == ANY)


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A route with the values of its path's variables."""

    route: Route
    parameters: Mapping[str, str] = field(default_factory=dict)


def declared_route(inputs: Mapping[str, Any]) -> Route:
    return Route(
        key=str(inputs["routeKey"]),
        integration_id=str(inputs.get("target") or "").removeprefix("integrations/"),
        authorization_type=str(inputs.get("authorizationType") or "NONE"),
        authorizer_id=str(inputs.get("authorizerId") or ""),
        scopes=tuple(inputs.get("authorizationScopes") or ()),
    )


def taken(routes: Iterable[Route], method: str, path: str) -> Taken | None:
    """`path` is without its stage, as the client encoded it."""
    every = list(routes)
    candidates = sorted((route for route in every if route.key != DEFAULT), key=lambda route: route.rank)
    for route in candidates:
        parameters = match(route.path, path) if route.method in {method, ANY} else None
        if parameters is not None:
            return Taken(route=route, parameters=parameters)
    default = next((route for route in every if route.key == DEFAULT), None)
    return None if default is None else Taken(route=default)


def match(pattern: str, path: str) -> dict[str, str] | None:
    """The variables' values, decoded; None when the path is another."""
    expression = "/".join(_expression(segment) for segment in pattern.split("/"))
    found = re.fullmatch(expression, path)
    if found is None:
        return None
    names = [name for name, _ in VARIABLE.findall(pattern)]
    return {name: unquote(value) for name, value in zip(names, found.groups(), strict=True)}


def _expression(segment: str) -> str:
    variable = VARIABLE.fullmatch(segment)
    if variable is None:
        return re.escape(segment)
    return "(.+)" if variable[2] else "([^/]+)"


def _kind(segment: str) -> int:
    variable = VARIABLE.fullmatch(segment)
    if variable is None:
        return STATIC
    return GREEDY if variable[2] else NAMED
