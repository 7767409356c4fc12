"""A token issuer that publishes its keys, and misbehaves when told to."""

import asyncio
import base64
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from joserfc.jwk import RSAKey

from tests.local.browser import Clock

ISSUER = "https://issuer.example.com"
JWKS = f"{ISSUER}/keys"
CLIENT_ID = "cli"


class KeyServer:
    """`origin` is its address on this machine."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self.clear()
        self.origin = ""

    def clear(self) -> None:
        self.document: Any = {"keys": [self.key.as_dict(private=False)]}
        self.status = 200
        self.asked = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    def token(self, header: dict[str, Any] | None = None, key: RSAKey | None = None, **claims: Any) -> str:
        """A good token but for the changes; a claim or header that is None is left out."""
        now_s = int(self.clock())
        usual = {"iss": ISSUER, "exp": now_s + 60, "nbf": now_s, "iat": now_s, "client_id": CLIENT_ID}
        headers = {"alg": "RS256", "kid": "one", "typ": "JWT", **(header or {})}
        parts = (present(headers), present({**usual, **claims}))
        text = b".".join(encoded(msgspec.json.encode(part)) for part in parts)
        return b".".join((text, encoded(signature(headers["alg"], text, key or self.key)))).decode()

    async def answer(self, _request: web.BaseRequest) -> web.StreamResponse:
        self.asked += 1
        await self.may_answer.wait()
        return web.json_response(self.document, status=self.status)


def present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def encoded(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def signature(algorithm: str, text: bytes, key: RSAKey) -> bytes:
    """By hand: libraries refuse to make what an attacker would send, like HS256 with a public key as the secret."""
    if algorithm == "none":
        return b""
    if algorithm == "HS256":
        return hmac.digest(key.as_pem(private=False), text, "sha256")
    private = key.private_key
    assert isinstance(private, RSAPrivateKey)
    return private.sign(text, PKCS1v15(), SHA512() if algorithm == "RS512" else SHA256())


@asynccontextmanager
async def key_server(clock: Clock) -> AsyncIterator[KeyServer]:
    keys = KeyServer(clock)
    runner = web.ServerRunner(web.Server(keys.answer, handler_cancellation=True), shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    keys.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield keys
    finally:
        await runner.cleanup()
