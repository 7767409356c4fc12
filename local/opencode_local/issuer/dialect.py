"""What differs between the providers that this server can stand for: names, claims, small rules."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from opencode_local.issuer.clients import Use
from opencode_local.issuer.people import User
from opencode_local.issuer.store import SignIn

Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One way to be an OpenID provider. Of claims, those that are None are left out."""

    paths: Mapping[str, str]
    """By the names that discovery gives them; what is missing is not served."""
    issuer_path: str = ""
    """Goes after the origin; discovery is below it."""
    metadata: Claims
    """The rest of the discovery document."""
    header_types: Mapping[Use, str | None]
    """`typ` of a token's header."""
    family_claim: str
    """Names the sign-in that a token came of."""
    access_claims: Callable[[SignIn, str], Claims]
    """Of a sign-in and the scope that was granted."""
    id_claims: Callable[[SignIn], Claims]
    user_info: Callable[[User, str], Claims]
    """What the user info endpoint says, given the token's scope."""
    code_life_s: int
    requires_pkce: bool
    """Of public clients."""
    revokes_access_tokens: bool
    token_answer: Callable[[int, Claims], tuple[int, Claims]]
    """Status and document of the token endpoint, in the provider's own words."""
