"""Shapes of the gateway's own routes, as its OpenAPI document describes them."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct


class Health(Struct):
    status: str


class Readiness(Struct):
    status: str
    failures: dict[str, str]
    """What is missing, by the name of the check."""


class ModelObject(Struct):
    id: str
    object: str
    created: int
    owned_by: str
    type: str
    display_name: str
    created_at: str


class ModelList(Struct):
    object: str
    data: list[ModelObject]
    has_more: bool
    first_id: str | None
    last_id: str | None


class CountRequest(Struct):
    """A Messages body; no output limit is needed."""

    model: str
    messages: list[dict[str, Any]]


class TokenCount(Struct):
    input_tokens: int


class CallerFacts(Struct):
    """Whose credential it is. `groups` and `name` are those of a JWT; an API key has none."""

    id: str
    email: str | None
    name: str | None
    groups: tuple[str, ...]
    kind: Literal["token", "key"]


PRINTABLE = r"^[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]*$(?!\n)"
"""No control characters, line separators or reversals of direction; the same to ECMAScript and to Python, whose `$`
alone would let a last line feed pass."""


class ApiKeyRequest(Struct, forbid_unknown_fields=True):
    """Unknown fields are refused: a misspelt lifetime must not become the default one."""

    description: Annotated[str, Meta(max_length=256, pattern=PRINTABLE)] | None = None
    expires_in_days: Annotated[int, Meta(ge=1, le=365)] | None = None


class ApiKey(Struct):
    """A key as it is listed: never the key itself."""

    key_prefix: str
    description: str
    status: str
    created_at: str
    expires_at: str
    last_used_at: str | None = None


class NewApiKey(Struct):
    """The one time the key is told."""

    key: str
    key_prefix: str
    description: str
    status: str
    created_at: str
    expires_at: str


class ApiKeyList(Struct):
    data: list[ApiKey]


class RevokedApiKey(Struct):
    key_prefix: str
    status: str


RELEASE = r"^(0|[1-9][0-9]{0,8})(\.(0|[1-9][0-9]{0,8})){2}$(?!\n)"
ARTIFACT = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$(?!\n)"
"""Has no slash and begins with no dot, so that it stays in its release's folder."""


class DownloadQuery(Struct):
    """Both, or neither for the installer that clients of the sample gateway run."""

    version: Annotated[str, Meta(pattern=RELEASE)]
    name: Annotated[str, Meta(pattern=ARTIFACT)]


class DownloadUrl(Struct):
    download_url: str
    """Needs no credential beside it."""
    expires_in: int
    """Seconds."""


class FilePatch(Struct):
    """Changes to one JSON file: members that are set, whatever they were."""

    set: dict[str, str]


class ConfigPatches(Struct):
    """By the name of the file, in the shape that clients of the sample gateway read."""

    config_version: int
    patches: dict[str, FilePatch]


class OpenAIErrorDetail(Struct):
    message: str
    type: str
    param: str | None
    code: str


class OpenAIError(Struct):
    error: OpenAIErrorDetail
    request_id: str


class AnthropicErrorDetail(Struct):
    type: str
    message: str


class AnthropicError(Struct):
    type: str
    error: AnthropicErrorDetail
    request_id: str
