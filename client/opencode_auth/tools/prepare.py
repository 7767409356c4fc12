"""What `use` and `run` need of the gateway before they touch anything."""

from dataclasses import dataclass

from opencode_auth.errors import ClientError, Misused
from opencode_auth.model import Model
from opencode_auth.tools.connection import Connection, connection
from opencode_auth.tools.tool import Tool

NEAREST_SHOWN = 3
CHAT = "/v1/chat/completions"


class NotOffered(ClientError):
    """The gateway has no API that the tool speaks."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Where a tool goes, and the models that it may name; over Chat Completions first the one to begin with."""

    connection: Connection
    models: list[Model]


def prepared(tool: Tool, *, is_proxied: bool, model: str | None = None) -> Prepared:
    """Asks the gateway first, so that nobody is configured for what cannot work.

    Raises NotOffered, Misused for an unknown model or before a set-up, SignInNeeded, Refused, Unreachable.
    """
    from opencode_auth import api  # noqa: PLC0415  start-up

    models = api.chat_models() if tool.route == CHAT else api.models()
    if model:
        check_model(model, models)
    if not api.offers(tool.route):
        raise NotOffered(
            f"this gateway does not offer POST {tool.route}, the only API that {tool.title} speaks",
            hint="opencode-auth use opencode, or claude-code",
        )
    return Prepared(connection=connection(is_proxied=is_proxied), models=models)


def check_model(model: str, models: list[Model]) -> None:
    """Raises Misused with the nearest names."""
    import difflib  # noqa: PLC0415  start-up

    names = [each.id for each in models]
    if model not in names:
        near = difflib.get_close_matches(model, names, NEAREST_SHOWN)
        hint = f"did you mean {' or '.join(near)}?" if near else "opencode-auth models"
        raise Misused(f"the gateway has no model {model!r}", hint=hint)
