"""Calls to the gateway's own API with the person's token, or the key of the environment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from opencode_auth import gateway, tokens, web
from opencode_auth.addresses import check_url
from opencode_auth.errors import ClientError, SignInNeeded, Unreachable
from opencode_auth.model import Model

KEYS = "/v1/api-keys"
MODELS = "/v1/models"
DOWNLOAD_ADDRESS = "/v1/update/download-url"
HINTS = {426: "opencode-auth update"}
"""What helps where the gateway itself does not say."""

Entry = TypeVar("Entry")


class Refused(ClientError):
    """The gateway said no; the message and the hint are its own."""


@dataclass(frozen=True, kw_only=True)
class Key:
    """A personal API key as it is listed: by prefix, with times in ISO 8601."""

    key_prefix: str
    description: str
    status: str
    created_at: str
    expires_at: str
    last_used_at: str | None


def models() -> list[Model]:
    """In the gateway's order. Raises SignInNeeded, Refused, Unreachable."""
    return listed(MODELS, model)


def chat_models() -> list[Model]:
    """Those that coding tools can use over Chat Completions, first the one to begin with.

    The gateway says both in its opencode.json. Where it publishes none, these are all models with tools, in its order.
    Raises SignInNeeded, Refused, Unreachable.
    """
    usable = [each for each in models() if each.has_tools]
    config = published_config()
    if config is None:
        return usable
    names = config.get("provider", {}).get("bedrock", {}).get("models", {})
    first = str(config.get("model", "")).removeprefix("bedrock/")
    return sorted((each for each in usable if each.id in names), key=lambda each: each.id != first)


def published_config() -> dict[str, Any] | None:
    """The opencode.json of the gateway's public settings; None where it publishes none. Raises Unreachable."""
    answer = web.send(web.Request(url=gateway.saved().api_url + gateway.WELL_KNOWN))
    if answer.status == 404:
        return None
    config = answer.document().get("config")
    return config if isinstance(config, dict) else None


def keys() -> list[Key]:
    """The person's keys, newest first. Raises SignInNeeded, Refused, Unreachable."""
    return listed(KEYS, key)


def create_key(description: str, expires_in_days: int | None) -> dict[str, Any]:
    """The new key with its text as `key`, which is shown this once. Raises SignInNeeded, Refused, Unreachable."""
    wish = {"description": description, "expires_in_days": expires_in_days}
    return call("POST", KEYS, {name: value for name, value in wish.items() if value})


def revoke_key(key_prefix: str) -> None:
    """Raises SignInNeeded, Refused, Unreachable."""
    call("DELETE", f"{KEYS}/{quote(key_prefix, safe='')}")


def download_address(version: str, name: str) -> str:
    """Where a file of a release is for the next minutes; it needs no credential. Raises as `call`, and Misused."""
    found = call("GET", f"{DOWNLOAD_ADDRESS}?{urlencode({'version': version, 'name': name})}").get("download_url")
    if not isinstance(found, str):
        raise Unreachable(f"GET {DOWNLOAD_ADDRESS} was answered without 'download_url'", hint="opencode-auth doctor")
    return check_url(found)


def offers(path: str) -> bool:
    """Whether the gateway knows a path that takes POST: it says 405 to GET, and 404 to what it does not know."""
    return send("GET", path, None).status != 404


def call(method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The JSON object that the gateway answers with. Raises SignInNeeded, Refused, Unreachable."""
    return understood(send(method, path, body))


def understood(answer: web.Answer) -> dict[str, Any]:
    """The JSON object of a success. Raises SignInNeeded, Refused, Unreachable."""
    if not answer.is_success:
        raise refusal(answer)
    return answer.document()


def listed(path: str, entry: Callable[[Mapping[str, Any]], Entry]) -> list[Entry]:
    """What is in `{"data": [...]}`. Raises Unreachable for another shape."""
    document = call("GET", path)
    if not isinstance(document.get("data"), list):
        raise Unreachable(f"GET {path} was answered without 'data'", hint="opencode-auth doctor")
    try:
        return [entry(each) for each in document["data"]]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Unreachable(f"GET {path} was answered with an entry that was not understood: {error}") from error


def send(method: str, path: str, body: Mapping[str, Any] | None) -> web.Answer:
    return send_to(gateway.saved().api_url + path, method, body)


def send_to(url: str, method: str, body: Mapping[str, Any] | None) -> web.Answer:
    """To the gateway or a host that verifies with it. Raises SignInNeeded, Unreachable."""
    headers = {"Authorization": f"Bearer {tokens.access_token()}"}
    if body is None:
        return web.send(web.Request(method=method, url=url, headers=headers))
    return web.send(web.json_request(method, url, body, headers))


def refusal(answer: web.Answer) -> ClientError:
    """The gateway's `{"error": {"message", "hint"?}}` as an error; a plain sentence for any other body."""
    try:
        error = answer.json()["error"]
        message, hint = str(error["message"]), error.get("hint") or HINTS.get(answer.status)
    except (Unreachable, KeyError, TypeError, AttributeError):
        message, hint = f"{answer.host} answered {answer.status}", HINTS.get(answer.status, "opencode-auth doctor")
    return SignInNeeded(message) if answer.status == 401 else Refused(message, hint=hint)


def model(found: Mapping[str, Any]) -> Model:
    """Prices are the latest."""
    prices = found.get("prices") or [{}]
    can = found.get("capabilities") or {}
    latest = max(prices, key=lambda price: str(price.get("since", "")))
    return Model(
        id=found["id"],
        name=found.get("display_name") or found["id"],
        context_tokens=found["context_length"],
        max_output_tokens=found["max_output_tokens"],
        has_tools=bool(can.get("tools")),
        accepts_images=bool(can.get("images")),
        surfaces=tuple(found.get("surfaces") or ()),
        input_usd=latest.get("input"),
        output_usd=latest.get("output"),
    )


def key(found: Mapping[str, Any]) -> Key:
    return Key(
        key_prefix=found["key_prefix"],
        description=found.get("description") or "",
        status=found["status"],
        created_at=found["created_at"],
        expires_at=found["expires_at"],
        last_used_at=found.get("last_used_at"),
    )
