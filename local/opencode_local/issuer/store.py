"""What was promised to whom: sign-ins, and the codes and refresh tokens that stand for them."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from threading import Lock
from typing import Any

from opencode_local.issuer.clients import USED_ONCE, Client, Refreshing
from opencode_local.issuer.people import Presence, User

DEVICE_LIFE_S = 600
DEVICE_INTERVAL_S = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A user's consent to one client; every token that comes of it belongs to one family and can be revoked with it."""

    id: str
    user: User
    client_id: str
    scope: str
    auth_time_s: int
    began_s: float
    """When the client was given it; the person may have been there before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """An authorization code; the names without a unit are those that Authlib asks for."""

    code: str
    sign_in: SignIn
    redirect_uri: str
    expires_s: float
    nonce: str | None
    code_challenge: str | None
    code_challenge_method: str | None

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.sign_in.scope


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken:
    """One link in a chain of refresh tokens: good for one use."""

    token: str
    sign_in: SignIn
    expires_s: float

    def check_client(self, client: Client) -> bool:
        return client.client_id == self.sign_in.client_id

    def get_scope(self) -> str:
        return self.sign_in.scope


class Answer(Enum):
    """What the person said to a device that waits; a SignIn says yes."""

    PENDING = "pending"
    DENIED = "denied"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRequest:
    """A device that waits for a person to type its code elsewhere."""

    device_code: str
    user_code: str
    client_id: str
    scope: str
    expires_s: float
    has_expired: bool = False
    answer: SignIn | Answer = Answer.PENDING
    next_poll_s: float = 0.0

    def get_client_id(self) -> str:
        return self.client_id

    def get_user_code(self) -> str:
        return self.user_code

    def get_scope(self) -> str:
        return self.scope

    def is_expired(self) -> bool:
        return self.has_expired


class Store:
    """Everything above, in memory. Each step that must happen once happens under one lock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._lock = Lock()
        self._codes: dict[str, Code] = {}
        self._refresh_tokens: dict[str, RefreshToken] = {}
        self._devices: dict[str, DeviceRequest] = {}
        self._used_s: dict[str, float] = {}
        self._revoked: set[str] = set()

    def add_code(self, code: Code) -> None:
        self._codes[code.code] = code

    def code(self, code: str, client_id: str) -> Code | None:
        """None for a code that is unknown, expired or another client's; a used one is still known."""
        found = self._codes.get(code)
        is_good = found and found.sign_in.client_id == client_id and self.clock() < found.expires_s
        return found if is_good else None

    def add_refresh_token(self, sign_in: SignIn, refreshing: Refreshing) -> str:
        token = secrets.token_urlsafe(32)
        expires_s = sign_in.began_s + refreshing.life_s
        self._refresh_tokens[token] = RefreshToken(token=token, sign_in=sign_in, expires_s=expires_s)
        return token

    def refresh_token(self, token: str) -> RefreshToken | None:
        found = self._refresh_tokens.get(token)
        return found if found and self.clock() < found.expires_s else None

    def use(self, secret: str, sign_in: SignIn, refreshing: Refreshing = USED_ONCE) -> bool:
        """Whether a code or refresh token is used for the first time; a second use revokes its family.

        `refreshing` says otherwise for a client's refresh tokens. Source: RFC 9700, 4.14.2, and RFC 6749, 4.1.2 (read
        2026-11-21).
        """
        now_s = self.clock()
        with self._lock:
            is_first = secret not in self._used_s
            first_s = self._used_s.setdefault(secret, now_s)
            is_good = is_first or not refreshing.rotates or now_s - first_s < refreshing.grace_s
            if not is_good and refreshing.reuse_ends_family:
                self._revoked.add(sign_in.id)
            return is_good and sign_in.id not in self._revoked

    def revoke(self, family_or_token_id: str) -> None:
        self._revoked.add(family_or_token_id)

    def is_revoked(self, claims: Mapping[str, Any]) -> bool:
        """`claims` are a token's: it falls by its own `jti` or with its family (`sid`; `origin_jti` in Cognito)."""
        return not self._revoked.isdisjoint((claims.get("jti"), claims.get("sid"), claims.get("origin_jti")))

    def add_device(self, device: DeviceRequest) -> None:
        self._devices[device.device_code] = device

    def device(self, device_code: str) -> DeviceRequest | None:
        found = self._devices.get(device_code)
        return found and replace(found, has_expired=self.clock() >= found.expires_s)

    def waiting_device(self, user_code: str) -> DeviceRequest | None:
        """The device whose code a person typed, in whatever case and with or without the hyphen."""
        typed = letters(user_code)
        waiting = (device for device in self._devices.values() if device.answer is Answer.PENDING)
        return next((d for d in waiting if letters(d.user_code) == typed and self.clock() < d.expires_s), None)

    def answer(self, device_code: str, answer: SignIn | Answer) -> bool:
        """Whether it was the first answer to this device; only that one counts."""
        with self._lock:
            device = self._devices[device_code]
            if device.answer is not Answer.PENDING:
                return False
            self._devices[device_code] = replace(device, answer=answer)
            return True

    def polls_too_fast(self, device_code: str) -> bool:
        now_s = self.clock()
        with self._lock:
            device = self._devices[device_code]
            self._devices[device_code] = replace(device, next_poll_s=now_s + DEVICE_INTERVAL_S)
        return now_s < device.next_poll_s


def new_sign_in(presence: Presence, *, client_id: str, scope: str, now_s: float) -> SignIn:
    return SignIn(
        id=secrets.token_urlsafe(16),
        user=presence.user,
        client_id=client_id,
        scope=scope,
        auth_time_s=presence.since_s,
        began_s=now_s,
    )


def letters(user_code: str) -> str:
    return "".join(filter(str.isalnum, user_code)).upper()
