"""Proof that what listens on a port is this person's proxy, and not whoever came to that port after it.

The proxy answers a challenge with an HMAC over it and over its own port, process and instance, so that neither a
process id used again nor a program that passes the challenge on to the real proxy can answer in its place.
"""

import hashlib
import hmac
import json
import secrets

HEALTH_PATH = "/.opencode-auth/health"
STOP_PATH = "/.opencode-auth/stop"
LOOPBACK = "127.0.0.1"
ANSWER_TIMEOUT_S = 2.0
MOST_ANSWER_BYTES = 4096
CHALLENGE_BYTES = 32


def proof(secret: str, *, challenge: str, port: int, pid: int, instance: str) -> str:
    """Hexadecimal HMAC-SHA256, keyed with the install's secret."""
    message = "\n".join(("opencode-auth proxy", challenge, str(port), str(pid), instance))
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


def answers(secret: str, *, port: int, pid: int, instance: str, timeout_s: float = ANSWER_TIMEOUT_S) -> bool:
    """Whether this very proxy listens there. The secret itself is not sent."""
    challenge = secrets.token_hex(CHALLENGE_BYTES)
    expected = proof(secret, challenge=challenge, port=port, pid=pid, instance=instance)
    return hmac.compare_digest(expected.encode(), _answer(port, challenge, timeout_s).encode())


def _answer(port: int, challenge: str, timeout_s: float) -> str:
    """What is given as proof; "" when nothing of the kind is."""
    from http.client import HTTPConnection, HTTPException  # noqa: PLC0415  start-up

    connection = HTTPConnection(LOOPBACK, port, timeout=timeout_s)
    try:
        connection.request("GET", f"{HEALTH_PATH}?challenge={challenge}")
        found = json.loads(connection.getresponse().read(MOST_ANSWER_BYTES))
    except (OSError, HTTPException, ValueError):
        return ""
    finally:
        connection.close()
    return str(found.get("proof", "")) if isinstance(found, dict) else ""
