"""Every resource type that the local AWS knows, by token."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from opencode_local.provider import handlers
from opencode_local.provider.handler import Handler


class UnknownType(Exception):
    """A program declares a resource type for which there is no handler."""

    def __init__(self, token: str) -> None:
        super().__init__(
            f"the local AWS has no handler for {token}: add one to opencode_local/provider/handlers, "
            "in a module's HANDLERS"
        )


@cache
def all_handlers() -> Mapping[str, Handler]:
    """By token: the HANDLERS tuple of each module in handlers/, joined. A token handled twice is an error."""
    found: dict[str, Handler] = {}
    for module in pkgutil.iter_modules(handlers.__path__, f"{handlers.__name__}."):
        for handler in getattr(importlib.import_module(module.name), "HANDLERS", ()):
            if handler.token in found:
                raise ValueError(f"{handler.token} is handled by both {found[handler.token]} and {handler}")
            found[handler.token] = handler
    return found


def handler_of(token: str) -> Handler:
    """Raises UnknownType, which names the token."""
    try:
        return all_handlers()[token]
    except KeyError:
        raise UnknownType(token) from None
