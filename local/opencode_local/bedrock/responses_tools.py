"""The tools that a Responses body declares: functions, free-text ("custom") ones, and either in a namespace."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from opencode_local.bedrock.prompt import Json

FREE_TEXT: Json = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}
"""How a script says what a free-text tool is called with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    name: str
    namespace: str | None
    is_free_text: bool
    schema: Json
    """Of the arguments."""


def declared(body: Json) -> Mapping[str, Declared]:
    """By the name under which a script calls it: `name`, or `namespace.name`."""
    return {address(tool.name, tool.namespace): tool for tool in _tools(body)}


def address(name: str, namespace: str | None) -> str:
    return f"{namespace}.{name}" if namespace else name


def _tools(body: Json) -> Iterator[Declared]:
    for tool in body.get("tools") or ():
        is_namespace = tool["type"] == "namespace"
        for each in tool.get("tools") or () if is_namespace else [tool]:
            if each["type"] in ("function", "custom"):
                is_free_text = each["type"] == "custom"
                yield Declared(
                    name=each["name"],
                    namespace=tool["name"] if is_namespace else None,
                    is_free_text=is_free_text,
                    schema=FREE_TEXT if is_free_text else each.get("parameters") or {"type": "object"},
                )
