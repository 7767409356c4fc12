"""The token endpoint: codes, refresh tokens and device codes become tokens; refresh tokens are revoked.

Sources, read 2026-11-21: RFC 6749, 5 and 6; RFC 7009, 2; RFC 8628, 3.4.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from opencode_auth import web
from opencode_auth.errors import SignInFailed, Unreachable
from opencode_auth.oauth.authorization import Attempt, refusal
from opencode_auth.oauth.provider import Provider
from opencode_auth.store import TOKEN

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
TIMEOUT_S = 30.0
DEFAULT_LIFE_S = 300.0
"""Of an access token whose answer does not say: short, so that it is replaced rather than refused."""
MAX_LIFE_S = 7 * 86_400.0
TEMPORARY = ("temporarily_unavailable", "server_error", "slow_down")
"""OAuth errors that say nothing about the token."""


class Refused(SignInFailed):
    """The provider said no for good; `code` is OAuth's, such as `invalid_grant`."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A token answer."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    id_token: str | None = field(repr=False)
    life_s: float
    scope: str | None


def redeem(provider: Provider, attempt: Attempt, code: str) -> Grant:
    """Raises Refused, Unreachable."""
    form = {"code": code, "redirect_uri": attempt.redirect_uri, "code_verifier": attempt.verifier}
    return granted(provider, "authorization_code", form)


def refresh(token_endpoint: str, client_id: str, refresh_token: str) -> Grant:
    """Raises Refused, Unreachable."""
    return asked(
        token_endpoint, {"grant_type": "refresh_token", "client_id": client_id, "refresh_token": refresh_token}
    )


def granted(provider: Provider, grant_type: str, form: Mapping[str, str]) -> Grant:
    """Raises Refused, Unreachable."""
    return asked(provider.token_endpoint, {"grant_type": grant_type, "client_id": provider.client_id, **form})


def asked(token_endpoint: str, form: Mapping[str, str]) -> Grant:
    answer = send_form(token_endpoint, form)
    if not answer.is_success:
        raise failure(answer)
    return grant(answer.document(), answer.host)


def grant(document: Mapping[str, Any], host: str) -> Grant:
    """Raises Unreachable for an answer without a usable token."""
    if str(document.get("token_type", "")).lower() != "bearer":
        raise Unreachable(f"{host} gave no bearer token")
    tokens = {name: document.get(name) for name in ("access_token", "refresh_token", "id_token")}
    for name, token in tokens.items():
        is_good = isinstance(token, str) and TOKEN.fullmatch(token)
        if not is_good and (token or name == "access_token"):
            raise Unreachable(f"{host} gave a malformed {name}")
    scope = document.get("scope")
    return Grant(
        access_token=str(tokens["access_token"]),
        refresh_token=tokens["refresh_token"] or None,
        id_token=tokens["id_token"] or None,
        life_s=life_s(document.get("expires_in")),
        scope=scope if isinstance(scope, str) else None,
    )


def life_s(expires_in: object) -> float:
    return min(positive(expires_in) or DEFAULT_LIFE_S, MAX_LIFE_S)


def positive(value: object) -> float | None:
    """A number above zero, which some providers write as text; None for anything else."""
    try:
        found = float(value) if isinstance(value, int | float | str) else 0.0
    except (ValueError, OverflowError):
        return None
    return found if found > 0 else None


def failure(answer: web.Answer) -> Refused | Unreachable:
    """A refusal for good, or one that a later try may not meet: rate limits, faults and pages of servers between."""
    try:
        document = answer.json()
    except Unreachable as error:
        return error
    code = document.get("error") if isinstance(document, dict) else None
    is_temporary = answer.status == 429 or answer.status >= 500 or code in TEMPORARY
    if is_temporary or not isinstance(code, str):
        return Unreachable(
            f"{answer.host} answered {answer.status}: try again later", retry_after_s=answer.retry_after_s
        )
    return Refused(f"{answer.host} refused: {refusal(document)}", code=code)


def revoke(revocation_endpoint: str, client_id: str, refresh_token: str) -> None:
    """Raises Refused, Unreachable."""
    form = {"token": refresh_token, "token_type_hint": "refresh_token", "client_id": client_id}
    answer = send_form(revocation_endpoint, form)
    if not answer.is_success:
        raise failure(answer)


def send_form(url: str, form: Mapping[str, str]) -> web.Answer:
    return web.send(web.form_request(url, form, timeout_s=TIMEOUT_S))
