"""What is known of every request from its first moment."""

import random

from aiohttp import web

RANDOM = random.Random(random.SystemRandom().getrandbits(256))  # noqa: S311  nothing is kept safe by it
"""An id must be unique, not secret; asking the system for each would cost a call to it."""
HAS_USAGE = web.RequestKey("has_usage", bool)
"""True once the request has an exchange, whose usage line says all that a response line would."""
REQUEST_ID = web.RequestKey("request_id", str)


def new_request_id() -> str:
    """`req_` and 128 random bits; a client's own id is kept beside it, never trusted in its place."""
    return f"req_{RANDOM.getrandbits(128):032x}"
