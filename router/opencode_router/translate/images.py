"""Images, told by their first bytes; what a client calls them is often wrong."""

from opencode_router.catalogue.model import Model
from opencode_router.errors import BadRequest
from opencode_router.translate import base64_text
from opencode_router.wire import converse

SIGNATURES = (
    ("png", 0, b"\x89PNG\r\n\x1a\n"),
    ("jpeg", 0, b"\xff\xd8\xff"),
    ("gif", 0, b"GIF87a"),
    ("gif", 0, b"GIF89a"),
    ("webp", 8, b"WEBP"),
)
"""Converse format, offset in bytes, the bytes there."""


def image(data: str, model: Model, *, param: str) -> converse.ImageBlock:
    """The block for base64 `data`. Raises BadRequest naming `param` for other formats and models without sight."""
    if not model.capabilities.images:
        raise BadRequest(f"{model.name} does not accept images", param=param)
    head = base64_text.head(base64_text.checked(data, param=param))
    for name, offset, signature in SIGNATURES:
        if head.startswith(signature, offset):
            return {"image": {"format": name, "source": {"bytes": data}}}
    raise BadRequest("the image is not a PNG, JPEG, GIF or WebP", param=param)
