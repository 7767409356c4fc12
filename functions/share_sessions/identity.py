"""Who writes, or administers: the gateway is asked whose token or key it is."""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from served_site.exchange import Request
from served_site.fetched import Unreachable
from share_sessions.problems import GatewayUnavailable, NoCredential
from share_sessions.visibility import Reader

PATH = "/v1/caller"
MAX_BYTES = 64 * 1024
MAX_CREDENTIAL_CHARACTERS = 16 * 1024
MAX_NAME_CHARACTERS = 80
LIFE_S = 60.0
MAX_KEPT = 1_000
SCHEME = "bearer "
REFUSED = (401, 403)


class Ask(Protocol):
    """`fetched`, or what stands in for it: of an address, with a limit in bytes, and with headers."""

    def __call__(self, url: str, at_most_bytes: int, headers: Mapping[str, str] | None = None, /) -> bytes: ...


class Callers:
    """Remembered for 60 s under the hash of what was sent, which itself is not kept."""

    def __init__(self, gateway_url: str, ask: Ask, clock: Callable[[], float]) -> None:
        self._url, self._ask, self._clock = gateway_url + PATH, ask, clock
        self._kept: OrderedDict[str, tuple[float, Reader]] = OrderedDict()

    def caller(self, request: Request) -> Reader | None:
        """None for a request without a credential. Raises NoCredential for a bad one, and GatewayUnavailable."""
        sent = request.headers.get("authorization", ())
        if not sent:
            return None
        if len(sent) != 1 or not sent[0].lower().startswith(SCHEME):
            raise NoCredential("the header is not one of a bearer")
        return self.bearer(sent[0])

    def bearer(self, credential: str) -> Reader:
        """Of a whole header. Raises NoCredential and GatewayUnavailable."""
        if len(credential) > MAX_CREDENTIAL_CHARACTERS:
            raise NoCredential("it is too long")
        key = hashlib.sha256(credential.encode(errors="surrogatepass")).hexdigest()
        ends_s, reader = self._kept.get(key, (0.0, None))
        if reader is None or self._clock() >= ends_s:
            reader = self._asked(credential)
            self._kept[key] = (self._clock() + LIFE_S, reader)
            self._kept.move_to_end(key)
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        return reader

    def needed(self, request: Request) -> Reader:
        """Raises NoCredential and GatewayUnavailable."""
        reader = self.caller(request)
        if reader is None:
            raise NoCredential("there is no header")
        return reader

    def _asked(self, credential: str) -> Reader:
        try:
            return reader(json.loads(self._ask(self._url, MAX_BYTES, {"Authorization": credential})))
        except Unreachable as error:
            if error.status in REFUSED:
                raise NoCredential("the gateway does not know it") from error
            raise GatewayUnavailable(str(error)) from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise GatewayUnavailable("its answer is not understood") from error


def reader(document: Any) -> Reader:
    """Of {"id", "email" | null, "name" | null, "groups", "kind"}.

    Raises KeyError, TypeError, AttributeError or ValueError for what is no such document.
    """
    id_ = document["id"]
    if not isinstance(id_, str) or not id_:
        raise ValueError("the caller has no id")
    email = document.get("email") or ""
    return Reader(
        id=id_,
        name=" ".join((document.get("name") or email).split())[:MAX_NAME_CHARACTERS],
        email=email.strip().lower(),
        groups=frozenset(map(str, document.get("groups") or ())),
    )
