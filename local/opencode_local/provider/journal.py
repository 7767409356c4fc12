"""What the engine asked of the provider, in order."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Call:
    """One request: `Create`, the resource's token and logical name; in previews nothing was done."""

    method: str
    token: str
    name: str
    is_preview: bool = False


@dataclass
class Journal:
    _calls: list[Call] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, call: Call) -> None:
        with self._lock:
            self._calls.append(call)

    def calls(self) -> Sequence[Call]:
        with self._lock:
            return tuple(self._calls)
