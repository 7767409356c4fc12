"""Changes of a share's entry that happen only while it is as they expect it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from share_sessions.records import attributes, share_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    expects: Mapping[str, Any]
    """What the entry has to say, by attribute."""
    sets: Mapping[str, Any] = field(default_factory=dict)
    adds: Mapping[str, int] = field(default_factory=dict)
    removes: Sequence[str] = ()

    def parameters(self, share_id: str) -> dict[str, Any]:
        """Of UpdateItem, but for the table's name. Every name is a placeholder, since many are reserved."""
        clauses = {
            "SET": [f"#{name} = :set_{name}" for name in self.sets],
            "ADD": [f"#{name} :add_{name}" for name in self.adds],
            "REMOVE": [f"#{name}" for name in self.removes],
        }
        names = {*self.expects, *self.sets, *self.adds, *self.removes}
        return {
            "Key": share_key(share_id),
            "UpdateExpression": " ".join(f"{verb} {', '.join(parts)}" for verb, parts in clauses.items() if parts),
            "ConditionExpression": " AND ".join(f"#{name} = :is_{name}" for name in self.expects),
            "ExpressionAttributeNames": {f"#{name}": name for name in names},
            "ExpressionAttributeValues": attributes(
                {
                    **{f":set_{name}": value for name, value in self.sets.items()},
                    **{f":add_{name}": value for name, value in self.adds.items()},
                    **{f":is_{name}": value for name, value in self.expects.items()},
                }
            ),
        }
