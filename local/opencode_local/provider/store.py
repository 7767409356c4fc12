"""What the embedded AWS has no API for: documents by kind and id."""

import copy
import threading
from collections.abc import Mapping
from typing import Any

from opencode_local.provider.errors import AwsError

Document = dict[str, Any]


class Store:
    """Documents of one account and region. Copies go in and come out, so nobody changes one in passing."""

    def __init__(self) -> None:
        self._kinds: dict[str, dict[str, Document]] = {}
        self._lock = threading.RLock()

    def put(self, kind: str, id_: str, document: Mapping[str, Any]) -> None:
        with self._lock:
            self._kinds.setdefault(kind, {})[id_] = copy.deepcopy(dict(document))

    def get(self, kind: str, id_: str) -> Document | None:
        with self._lock:
            return copy.deepcopy(self._kinds.get(kind, {}).get(id_))

    def delete(self, kind: str, id_: str) -> None:
        with self._lock:
            self._kinds.get(kind, {}).pop(id_, None)

    def list(self, kind: str) -> dict[str, Document]:
        with self._lock:
            return copy.deepcopy(self._kinds.get(kind, {}))

    def kinds(self) -> set[str]:
        """The kinds of which something is left."""
        with self._lock:
            return {kind for kind, documents in self._kinds.items() if documents}

    def require(
        self, kind: str, id_: str, code: str = "ResourceNotFoundException", message: str | None = None
    ) -> Document:
        """The document; raises AwsError with that code and message when it does not exist."""
        document = self.get(kind, id_)
        if document is None:
            raise AwsError(code, message or f"The {kind} '{id_}' does not exist")
        return document
