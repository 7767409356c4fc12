"""What a Pulumi program declared: resources, how they hang together, and the stack's outputs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

Properties = Mapping[str, Any]


class UnknownValue:
    """Stands for a value that exists only once its resource does; occurs in previews alone."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = UnknownValue()


@dataclass(frozen=True, kw_only=True, eq=False)
class Resource:
    """One registered resource, as the engine saw it.

    Property names are the engine's own (camelCase). Secrets are unwrapped: `secret_inputs` and `secret_outputs` hold
    the paths of what was marked secret, like `providerDetails.client_secret` or `masterKeys[0]`.
    """

    urn: str
    type: str
    """Token, like `aws:dynamodb/table:Table`."""
    name: str
    id: str | None
    """None for a component, and in a preview."""
    parent: str | None
    """URN of the component it belongs to; None directly under the stack."""
    inputs: Properties
    outputs: Properties
    """Inputs included. Of a component: what it registered."""
    secret_inputs: frozenset[str] = frozenset()
    secret_outputs: frozenset[str] = frozenset()
    dependencies: frozenset[str] = frozenset()
    """URNs, explicit ones and those that data flow from."""
    property_dependencies: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """URNs per input that is computed from other resources."""
    protect: bool = False
    retain_on_delete: bool = False
    delete_before_replace: bool = False
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    """Names, types or URNs by which it was known before."""
    provider: str = ""
    is_component: bool = False
    is_read: bool = False
    """Looked up by id, not declared."""
    call_stack: tuple[str, ...] = ()
    """Innermost first, `file:line`, from the caller of the constructor outwards."""

    def __repr__(self) -> str:
        return f"{self.type} {self.name!r}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Graph:
    """All resources of one deployment, ordered by URN, and what the stack exports."""

    resources: tuple[Resource, ...]
    outputs: Properties
    secret_outputs: frozenset[str] = frozenset()
    is_preview: bool = False

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources)

    def __len__(self) -> int:
        return len(self.resources)

    @property
    def components(self) -> tuple[Resource, ...]:
        return tuple(resource for resource in self.resources if resource.is_component)

    def all(
        self,
        type: str = "*",
        name: str = "*",
        *,
        parent: Resource | str | None = None,
        depends_on: Resource | str | None = None,
    ) -> tuple[Resource, ...]:
        """Resources that match everything given.

        `type` and `name` may hold `*` and `?`; `parent` and `depends_on` take a resource, a URN or a name.
        """
        return tuple(
            resource
            for resource in self.resources
            if fnmatchcase(resource.type, type)
            and fnmatchcase(resource.name, name)
            and (parent is None or resource.parent in self._urns(parent))
            and (depends_on is None or resource.dependencies & self._urns(depends_on))
        )

    def one(
        self,
        type: str = "*",
        name: str = "*",
        *,
        parent: Resource | str | None = None,
        depends_on: Resource | str | None = None,
    ) -> Resource:
        """The only resource that matches. Raises LookupError, naming near misses, when there is none or more."""
        found = self.all(type, name, parent=parent, depends_on=depends_on)
        if len(found) == 1:
            return found[0]
        asked = {"type": type, "name": name, "parent": parent, "depends_on": depends_on}
        wanted = ", ".join(f"{key}={value!r}" for key, value in asked.items() if value not in {None, "*"})
        if found:
            listed = "".join(f"\n  {resource}" for resource in found)
            raise LookupError(f"{len(found)} resources match {wanted or 'anything'}; narrow it to one of:{listed}")
        raise LookupError(f"no resource matches {wanted or 'anything'}; {self._near_misses(type, name)}")

    def children(self, of: Resource) -> tuple[Resource, ...]:
        return tuple(resource for resource in self.resources if resource.parent == of.urn)

    def descendants(self, of: Resource) -> tuple[Resource, ...]:
        """Children and their children, to the last."""
        return tuple(deeper for child in self.children(of) for deeper in (child, *self.descendants(child)))

    def identified(self, value: object) -> Resource | None:
        """The resource whose id, ARN or URN this is."""
        if not isinstance(value, str) or not value:
            return None
        return next((r for r in self.resources if value in {r.id, r.outputs.get("arn"), r.urn}), None)

    def _urns(self, wanted: Resource | str) -> frozenset[str]:
        if isinstance(wanted, Resource):
            return frozenset({wanted.urn})
        return frozenset(resource.urn for resource in self.resources if wanted in {resource.urn, resource.name})

    def _near_misses(self, type: str, name: str) -> str:
        """Resources of that type, else those of that name, else those that are spelt alike."""
        same_type = [r for r in self.resources if type != "*" and fnmatchcase(r.type, type)]
        same_name = [r for r in self.resources if name != "*" and fnmatchcase(r.name, name)]
        types = get_close_matches(type, {r.type for r in self.resources}, n=3)
        names = get_close_matches(name, {r.name for r in self.resources}, n=3)
        alike = [r for r in self.resources if r.type in types or r.name in names]
        near = same_type or same_name or alike
        if not near:
            return f"nothing among its {len(self.resources)} resources is near"
        return "near misses:" + "".join(f"\n  {resource}" for resource in near[:8])
