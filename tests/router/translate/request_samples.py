"""The corpora of request translation, and what every outcome must be.

`tests/samples/translate/X_to_converse.json` lists cases: `model` is a name of `request_models`, `request` the caller's
body; then either `converse`, the exact body for Bedrock, with `ignored` naming what was left out, or `error` with the
parameter at fault and the message.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from opencode_router.catalogue.model import Model
from opencode_router.errors import BadRequest
from opencode_router.wire import converse
from tests.router.translate.converse_validity import as_json, objections

SAMPLES = Path(__file__).parents[2] / "samples/translate"
Translation = Callable[[bytes, Model], tuple[converse.Request, list[str]]]
"""From the caller's bytes to the request and the names of what was left out."""


class Fault(Struct, frozen=True, forbid_unknown_fields=True):
    param: str
    message: str


class Sample(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    model: str
    request: dict[str, Any]
    converse: dict[str, Any] | None = None
    ignored: list[str] = []
    error: Fault | None = None

    @property
    def body(self) -> bytes:
        return msgspec.json.encode(self.request)


def samples(translation: str) -> list[Sample]:
    return msgspec.json.decode((SAMPLES / f"{translation}.json").read_bytes(), type=list[Sample])


def outcome(translate: Translation, body: bytes, model: Model) -> tuple[Any, list[str], Fault | None]:
    """The request as JSON with what was left out, or the refusal."""
    try:
        request, ignored = translate(body, model)
    except BadRequest as refusal:
        return None, [], Fault(param=refusal.param or "", message=refusal.message)
    return as_json(request), ignored, None


def assert_sound(translate: Translation, body: bytes, model: Model) -> None:
    """Either a request that Bedrock takes, or a refusal that names a parameter or says what the body is not."""
    try:
        request, _ = translate(body, model)
    except BadRequest as refusal:
        refused = refusal
    else:
        assert objections(as_json(request), model.bedrock_ids["region"]) == []
        return
    is_object = body.lstrip()[:1] == b"{"
    assert refused.param or refused.code == "invalid_json" or not is_object, refused.message
