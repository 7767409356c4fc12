"""The authorization request and the check of what comes back.

Sources, read 2026-11-21: RFC 6749, 4.1; RFC 7636, 4; RFC 9207, 2.4; RFC 9700, 2.1; OpenID Connect Core 1.0, 3.1.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hmac import compare_digest
from urllib.parse import parse_qsl, urlencode, urlsplit

from opencode_auth.errors import SignInFailed
from opencode_auth.oauth.provider import Provider

SECRET_BYTES = 32


def secret() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One sign-in: its secrets are used for nothing else."""

    redirect_uri: str
    state: str = field(default_factory=secret, repr=False)
    nonce: str = field(default_factory=secret, repr=False)
    verifier: str = field(default_factory=secret, repr=False)


def sign_in_url(provider: Provider, attempt: Attempt, scopes: Sequence[str]) -> str:
    digest = hashlib.sha256(attempt.verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": attempt.redirect_uri,
        "scope": " ".join(scopes),
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    joint = "&" if urlsplit(provider.authorization_endpoint).query else "?"
    return f"{provider.authorization_endpoint}{joint}{urlencode(asked)}"


def parameters(query: str) -> dict[str, str]:
    """Of a query string. Raises SignInFailed for a name that comes twice (RFC 6749, 3.1)."""
    pairs = parse_qsl(query, keep_blank_values=True)
    found = dict(pairs)
    if len(found) != len(pairs):
        raise SignInFailed("the answer of the provider names a parameter twice")
    return found


def belongs(attempt: Attempt, answer: Mapping[str, str]) -> bool:
    """Whether the answer is to this attempt."""
    return compare_digest(answer.get("state", "").encode(), attempt.state.encode())


def code(provider: Provider, attempt: Attempt, answer: Mapping[str, str]) -> str:
    """The authorization code. Raises SignInFailed for an answer to something else, of someone else, or a refusal."""
    if not belongs(attempt, answer):
        raise SignInFailed("the answer belongs to another sign-in (state)", hint="opencode-auth login")
    said = answer.get("iss")
    if said != provider.issuer and (said is not None or provider.names_itself):
        raise SignInFailed(f"the answer is of another provider: {said!r} instead of {provider.issuer!r} (iss)")
    if "error" in answer:
        raise SignInFailed(f"the provider refused: {refusal(answer)}")
    if not answer.get("code"):
        raise SignInFailed("the answer of the provider has no code")
    return answer["code"]


def refusal(answer: Mapping[str, object]) -> str:
    """Code and description of an OAuth error, printable and short."""
    words = [str(answer[name]) for name in ("error", "error_description") if answer.get(name)]
    return "".join(letter if letter.isprintable() else " " for letter in ": ".join(words))[:300]
