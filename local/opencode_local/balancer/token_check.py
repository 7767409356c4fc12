"""`jwt-validation`: whether the bearer token of a request is what a rule demands.

Source: Application Load Balancer user guide, "Verify JWTs using an Application Load Balancer", and API reference,
"JwtValidationActionConfig" and "JwtValidationActionAdditionalClaim" (read 2026-11-21).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from aiohttp import web
from joserfc import jws
from joserfc.errors import JoseError

from opencode_local.addresses import Addresses
from opencode_local.balancer.key_sets import KeySets

ALGORITHM = "RS256"
Claims = Mapping[str, Any]
Format = Callable[[Any], Sequence[str]]


class Refused(Exception):
    """The token is missing, malformed, or not what the rule demands. The first word is AWS's reason for its log."""


def single_string(value: Any) -> Sequence[str]:
    return [value] if isinstance(value, str) else []


def string_array(value: Any) -> Sequence[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def space_separated_values(value: Any) -> Sequence[str]:
    return value.split(" ") if isinstance(value, str) else []


FORMATS: Mapping[str, Format] = {
    "single-string": single_string,
    "string-array": string_array,
    "space-separated-values": space_separated_values,
}


class TokenCheck:
    """The check of every `jwt-validation` action, with the issuers' keys."""

    def __init__(self, key_sets: KeySets, addresses: Addresses, clock: Callable[[], float]) -> None:
        self._key_sets = key_sets
        self._addresses = addresses
        self._clock = clock

    async def check(self, demanded: Mapping[str, Any], request: web.Request) -> None:
        """`demanded` is the action's `jwtValidation`. Raises Refused, and NoKeys where the keys are out of reach.

        The request goes on as it came, its token included.
        """
        token = bearer_token(request)
        claims = await self._verified(token, self._addresses.local(demanded["jwksEndpoint"]))
        check_times(claims, self._clock())
        if claims.get("iss") != self._addresses.local(demanded["issuer"]):
            raise Refused("JWTClaimValueInvalid: iss")
        for claim in demanded.get("additionalClaims") or ():
            check_claim(claims, claim)

    async def _verified(self, token: str, endpoint: str) -> Claims:
        """The claims, once their signature is found good."""
        try:
            header = jws.extract_compact(token.encode()).headers()
        except (JoseError, ValueError) as error:
            raise Refused("JWTRequestFormatInvalid: no compact JWS") from error
        key_id = header.get("kid")
        if header.get("alg") != ALGORITHM or not isinstance(key_id, str):
            raise Refused(f"JWTSignatureValidationError: alg {header.get('alg')!r} or no kid")
        key = await self._key_sets.key(endpoint, key_id)
        if key is None:
            raise Refused("JWTSignatureValidationError: unknown kid")
        try:
            claims = msgspec.json.decode(jws.deserialize_compact(token, key, algorithms=[ALGORITHM]).payload)
        except (JoseError, ValueError) as error:
            raise Refused("JWTSignatureValidationError") from error
        if not isinstance(claims, dict):
            raise Refused("JWTRequestFormatInvalid: the payload is no JSON object")
        return claims


def bearer_token(request: web.Request) -> str:
    """Raises Refused unless there is exactly one Authorization header, and a bearer token in it."""
    sent = request.headers.getall("Authorization", [])
    if not sent:
        raise Refused("JWTHeaderNotPresent")
    scheme, _, token = sent[0].partition(" ")
    if len(sent) > 1 or scheme.lower() != "bearer" or not token.isascii():
        raise Refused("JWTRequestFormatInvalid: not one bearer token")
    return token.strip(" ")


def check_times(claims: Claims, now_s: float) -> None:
    """`exp` is a must; `nbf` and `iat` count where they are. Raises Refused."""
    if "exp" not in claims:
        raise Refused("JWTClaimNotPresent: exp")
    times = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
    if not all(isinstance(time_s, int | float) and not isinstance(time_s, bool) for time_s in times.values()):
        raise Refused("JWTClaimFormatInvalid: a time is no number")
    if times.pop("exp") <= now_s or any(time_s > now_s for time_s in times.values()):
        raise Refused("JWTClaimValueInvalid: expired, or not valid yet")


def check_claim(claims: Claims, claim: Mapping[str, Any]) -> None:
    """One of the values that the rule lists is enough. Raises Refused."""
    if claim["name"] not in claims:
        raise Refused(f"JWTClaimNotPresent: {claim['name']}")
    if not set(FORMATS[claim["format"]](claims[claim["name"]])) & set(claim["values"]):
        raise Refused(f"JWTClaimValueInvalid: {claim['name']}")
