"""How a type's properties are written in AWS's requests and answers: one table of members for both directions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import Fault, Properties

EVERYWHERE = frozenset({"region", "tags", "tagsAll"})
"""Inputs that the framework itself takes care of."""


@dataclass(frozen=True)
class Member:
    """One property and where AWS has it, a dotted path such as `Policies.PasswordPolicy`."""

    property: str
    member: str
    members: tuple["Member", ...] = ()
    """The parts of a structure."""
    is_list: bool = False
    """A list of such structures."""


Members: TypeAlias = Sequence[Member]


def value(name: str, member: str = "") -> Member:
    """A scalar, a list or a map of scalars. The member is the property in Pascal case when not given."""
    return Member(name, member or pascal(name))


def values(*names: str) -> tuple[Member, ...]:
    return tuple(value(name) for name in names)


def block(name: str, *members: Member, member: str = "") -> Member:
    return Member(name, member or pascal(name), members=members)


def blocks(name: str, *members: Member, member: str = "") -> Member:
    return Member(name, member or pascal(name), members=members, is_list=True)


def pascal(name: str) -> str:
    return name[:1].upper() + name[1:]


def request(table: Members, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The request's members for what is declared of the table."""
    made: dict[str, Any] = {}
    for entry in table:
        if properties.get(entry.property) is not None:
            _put(made, entry.member, _written(entry, properties[entry.property]))
    return made


def reported(table: Members, answer: Mapping[str, Any], declared: Mapping[str, Any]) -> Properties:
    """The properties in AWS's answer: None for what is declared and not there, nothing for what is empty otherwise."""
    made: Properties = {}
    for entry in table:
        found = _get(answer, entry.member)
        if found is not None:
            found = _read(entry, found, declared.get(entry.property))
        if declared.get(entry.property) is not None or found not in (None, "", [], {}):
            made[entry.property] = found
    return made


def unsupported(table: Members, declared: Mapping[str, Any], *others: str) -> list[Fault]:
    """A fault for each declared property, at any depth, that is neither in the table nor among the `others`."""
    return list(_unsupported(table, declared, EVERYWHERE | set(others), ""))


def refuse(operation: str, message: str, code: str = "InvalidParameterException") -> AwsError:
    """An error to raise in AWS's place."""
    return AwsError(code, message, operation)


def _written(entry: Member, declared: Any) -> Any:
    if not entry.members:
        return declared
    if entry.is_list:
        return [request(entry.members, part) for part in declared]
    return request(entry.members, declared)


def _read(entry: Member, found: Any, declared: Any) -> Any:
    if not entry.members:
        return found
    if entry.is_list:
        known = list(declared or ())
        known += [{}] * (len(found) - len(known))
        return [reported(entry.members, part, like) for part, like in zip(found, known, strict=False)]
    return reported(entry.members, found, declared or {})


def _unsupported(table: Members, declared: Mapping[str, Any], others: frozenset[str], path: str) -> Iterator[Fault]:
    known = {entry.property: entry for entry in table}
    for name, part in declared.items():
        if part is None or name in others or name.startswith("__"):
            continue
        entry = known.get(name)
        if entry is None:
            yield Fault(path + name, "not supported by the local AWS")
        elif entry.members:
            for nested in part if entry.is_list else [part]:
                yield from _unsupported(entry.members, nested, frozenset(), f"{path}{name}.")


def _put(made: dict[str, Any], path: str, written: Any) -> None:
    *parents, last = path.split(".")
    for parent in parents:
        made = made.setdefault(parent, {})
    made[last] = written


def _get(answer: Mapping[str, Any], path: str) -> Any:
    found: Any = answer
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found
