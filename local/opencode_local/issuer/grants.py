"""The ways to a token, as extensions of Authlib's: code with PKCE, refresh with rotation, device code.

What Authlib calls `user` is a Presence where a person answers and a SignIn where tokens are made.
"""

from dataclasses import replace
from typing import Any, Protocol

from authlib.oauth2 import OAuth2Request
from authlib.oauth2.rfc6749 import AuthorizationCodeGrant, InvalidGrantError, InvalidRequestError, RefreshTokenGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc8628 import DeviceCodeGrant
from authlib.oidc.core import OpenIDCode, OpenIDToken

from opencode_local.issuer.clients import AUTH_METHODS, USED_ONCE, Refreshing
from opencode_local.issuer.dialect import Dialect
from opencode_local.issuer.people import Directory
from opencode_local.issuer.store import (
    Answer,
    Code,
    DeviceRequest,
    RefreshToken,
    SignIn,
    Store,
    new_sign_in,
)
from opencode_local.issuer.tokens import Tokens


class Server(Protocol):
    """The server of a grant, as far as the grant looks at it."""

    store: Store
    directory: Directory
    dialect: Dialect


class StoredCode(AuthorizationCodeGrant):
    """Codes of the Store; the second use of one revokes what the first one gave."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS
    server: Server

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        asked, store = request.payload.data, self.server.store
        now_s = store.clock()
        sign_in = new_sign_in(request.user, client_id=request.client.client_id, scope=request.scope, now_s=now_s)
        store.add_code(
            Code(
                code=code,
                sign_in=sign_in,
                redirect_uri=request.payload.redirect_uri,
                expires_s=now_s + self.server.dialect.code_life_s,
                nonce=asked.get("nonce"),
                code_challenge=asked.get("code_challenge"),
                code_challenge_method=asked.get("code_challenge_method"),
            )
        )

    def query_authorization_code(self, code: str, client: Any) -> Code | None:
        return self.server.store.code(code, client.client_id)

    def authenticate_user(self, authorization_code: Code) -> SignIn:
        """The last step before tokens are made, with everything else already checked."""
        return redeemed(self.server, authorization_code.code, authorization_code.sign_in)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """It stays, so that its second use is noticed."""


class StoredRefresh(RefreshTokenGrant):
    """Refresh tokens of the Store, replaced and refused as their client's Refreshing says."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True
    server: Server

    def authenticate_refresh_token(self, refresh_token: str) -> RefreshToken | None:
        return self.server.store.refresh_token(refresh_token)

    def authenticate_user(self, refresh_token: RefreshToken) -> SignIn:
        return redeemed(self.server, refresh_token.token, refresh_token.sign_in, self.request.client.refreshing)

    def revoke_old_credential(self, refresh_token: RefreshToken) -> None:
        """Done in authenticate_user, in one step with the check."""


class AnsweredDevice(DeviceCodeGrant):
    """Devices of the Store. Source: RFC 8628 (read 2026-11-21)."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS
    server: Server

    def query_device_credential(self, device_code: str) -> DeviceRequest | None:
        self.device = self.server.store.device(device_code)
        return self.device

    def query_user_grant(self, _user_code: str) -> tuple[SignIn | None, bool] | None:
        """None while nobody has answered."""
        match self.device:
            case DeviceRequest(answer=SignIn() as sign_in, device_code=code):
                return redeemed(self.server, code, sign_in), True
            case DeviceRequest(answer=Answer.DENIED):
                return None, False
        return None

    def should_slow_down(self, credential: DeviceRequest) -> bool:
        return self.server.store.polls_too_fast(credential.device_code)


class RequiredS256(CodeChallenge):
    """PKCE by SHA-256 alone; where it is `required`, public clients cannot do without.

    Source: RFC 7636 and RFC 9700, 2.1.1 (read 2026-11-21).
    """

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        super().validate_code_challenge(grant, redirect_uri)
        asked = grant.request.payload.data
        if self.required and not asked.get("code_challenge") and grant.request.client.is_public:
            raise InvalidRequestError("Missing 'code_challenge'")
        if asked.get("code_challenge") and asked.get("code_challenge_method") != "S256":
            raise InvalidRequestError("'code_challenge_method' must be S256")


class SignedHere:
    """ID tokens made by Tokens, on its clock."""

    def __init__(self, tokens: Tokens) -> None:
        super().__init__()
        self.tokens = tokens

    def encode_id_token(self, token: dict[str, Any], request: OAuth2Request) -> str:
        code = request.authorization_code
        return self.tokens.id(
            request.user,
            access_token=token["access_token"],
            nonce=code.nonce if code else None,
            life_s=request.client.life_s.get("id"),
        )


class IdTokenOfCode(SignedHere, OpenIDCode):
    """With the nonce of the request."""

    def exists_nonce(self, _nonce: str, _request: OAuth2Request) -> bool:
        """Whether a nonce was seen before is for the client to know."""
        return False


class IdTokenOfRefresh(SignedHere, OpenIDToken):
    """A fresh one with every refresh, and for a device."""


def redeemed(server: Server, secret: str, sign_in: SignIn, refreshing: Refreshing = USED_ONCE) -> SignIn:
    """The sign-in, with the person as the directory knows them now.

    Raises InvalidGrantError on a use too many, for a family that was revoked, and for a person who is gone.
    """
    user = server.directory.one(sign_in.user.sub)
    if user is None or not server.store.use(secret, sign_in, refreshing):
        raise InvalidGrantError("It was used before, or revoked.")
    return replace(sign_in, user=user)
