"""Changes to single keys of a TOML text, made with tomlkit so that comments and layout stay."""

from collections.abc import MutableMapping, Sequence
from typing import TYPE_CHECKING, Any

from opencode_auth.tools.absent import ABSENT, Absent, NotATable, NotUnderstood, value_at

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


class NotToml(NotUnderstood):
    """The text is no TOML; the message names line and column."""


def read(text: str, path: Sequence[str]) -> Any | Absent:
    """The value at a path of keys. Raises NotToml."""
    return value_at(parsed(text).unwrap(), path)


def put(text: str, path: Sequence[str], value: Any) -> str:
    """The text with that value there, in tables made for it where they are missing. Raises NotToml, NotATable."""
    import tomlkit  # noqa: PLC0415  start-up

    document = parsed(text)
    table: MutableMapping[str, Any] = document
    for depth, name in enumerate(path[:-1]):
        if name not in table:
            # the table of a single sub-table needs no header of its own
            table[name] = tomlkit.table(is_super_table=depth < len(path) - 2)
        table = table[name]
        if not isinstance(table, MutableMapping):
            raise NotATable(path[: depth + 1])
    table[path[-1]] = value
    return tomlkit.dumps(document)


def drop(text: str, path: Sequence[str]) -> str:
    """The text without that key; the same text when it has none. Raises NotToml."""
    import tomlkit  # noqa: PLC0415  start-up

    if read(text, path) is ABSENT:
        return text
    document = parsed(text)
    table: MutableMapping[str, Any] = document
    for name in path[:-1]:
        table = table[name]
    del table[path[-1]]
    return tomlkit.dumps(document)


def parsed(text: str) -> "TOMLDocument":
    import tomlkit  # noqa: PLC0415  start-up
    from tomlkit.exceptions import ParseError  # noqa: PLC0415  start-up

    try:
        return tomlkit.parse(text)
    except ParseError as error:
        raise NotToml(str(error)) from error
