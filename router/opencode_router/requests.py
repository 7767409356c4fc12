"""What is known of every request from its first moment."""

import secrets

from aiohttp import web

REQUEST_ID = web.RequestKey("request_id", str)


def new_request_id() -> str:
    """`req_` and 128 random bits; a client's own id is kept beside it, never trusted in its place."""
    return f"req_{secrets.token_hex(16)}"
