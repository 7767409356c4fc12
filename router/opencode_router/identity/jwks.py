"""The issuer's keys, kept at hand so that no request waits for the issuer while any usable answer is known."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress

from opencode_router.errors import Unavailable
from opencode_router.identity.issuer import Issuer, IssuerFailed
from opencode_router.identity.jwk import VerificationKey
from opencode_router.identity.single_flight import SingleFlight

log = logging.getLogger(__name__)

FRESH_S = 600
"""Younger keys are used without asking; older ones are used too, while a refresh runs in the background."""
STALE_S = 24 * 3600
"""Older keys are not used at all: an issuer that is silent for a day may have withdrawn them."""
LOOK_AGAIN_S = 60
"""How often at most an unknown key id makes us ask the issuer before its keys are due."""
RETRY_S = 5
"""How long a failure stands before the issuer is asked again."""

LONG_AGO = float("-inf")
FETCH = "fetch"

Keys = tuple[VerificationKey, ...]


class Jwks:
    """Keys by id. `now` gives seconds since the epoch; `stale_s` is how long keys serve without a refresh."""

    def __init__(self, issuer: Issuer, *, stale_s: float = STALE_S, now: Callable[[], float] = time.time) -> None:
        self._issuer = issuer
        self._stale_s = stale_s
        self._now = now
        self._keys: Keys = ()
        self._fetched_at_s = LONG_AGO
        self._failed_at_s = LONG_AGO
        self._looked_again_at_s = LONG_AGO
        self._flights: SingleFlight[str, Keys] = SingleFlight()

    async def find(self, kid: str | None) -> Keys:
        """The keys with this id, usually one; without an id the only key there is.

        Raises Unavailable when no usable keys are known and the issuer does not answer.
        """
        keys = await self._current()
        if kid is None:
            return keys if len(keys) == 1 else ()
        return having(kid, keys) or having(kid, await self._looked_again(keys))

    async def ready(self) -> None:
        """Raises Unavailable when there are no usable keys."""
        await self._current()

    async def close(self) -> None:
        await self._flights.close()

    async def _current(self) -> Keys:
        age_s = self._now() - self._fetched_at_s
        if age_s < FRESH_S:
            return self._keys
        may_ask = self._now() - self._failed_at_s >= RETRY_S
        if age_s < self._stale_s:
            if may_ask:
                self._flights.start(FETCH, self._fetch)
            return self._keys
        if not may_ask:
            raise no_keys()
        return await self._flights.join(FETCH, self._fetch)

    async def _looked_again(self, known: Keys) -> Keys:
        """The keys after one more fetch if it is time for one, else those known."""
        if self._now() - self._looked_again_at_s >= LOOK_AGAIN_S:
            self._looked_again_at_s = self._now()
        elif FETCH not in self._flights:
            return known
        with suppress(Unavailable):
            return await self._flights.join(FETCH, self._fetch)
        return known

    async def _fetch(self) -> Keys:
        try:
            keys = await self._issuer.keys()
        except IssuerFailed as error:
            self._failed_at_s = self._now()
            log.warning("the issuer's keys could not be fetched", extra={"reason": str(error)})
            raise no_keys() from error
        self._keys, self._fetched_at_s = keys, self._now()
        return keys


def having(kid: str, keys: Keys) -> Keys:
    return tuple(key for key in keys if key.kid == kid)


def no_keys() -> Unavailable:
    return Unavailable(
        "tokens cannot be verified: the identity provider's keys cannot be fetched; retry later", retry_after_s=RETRY_S
    )
