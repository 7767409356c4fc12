"""Base64 text, checked without being decoded."""

import binascii

from opencode_router.errors import BadRequest

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
HEAD_CHARACTERS = 64
"""Enough for the first bytes of every format we tell apart."""


def checked(text: str, *, param: str) -> str:
    """`text` itself. Raises BadRequest unless it is padded base64 of at least one byte."""
    if not text:
        raise BadRequest("the data is empty", param=param)
    body = text.encode("ascii", "replace")
    unpadded = body.rstrip(b"=")
    if len(body) % 4 or len(body) - len(unpadded) > 2 or unpadded.translate(None, ALPHABET):
        raise BadRequest("the data is not base64", param=param)
    return text


def head(text: str) -> bytes:
    """The first 48 bytes, or all if there are fewer, of checked base64."""
    return binascii.a2b_base64(text[:HEAD_CHARACTERS])


def encoded(text: str) -> str:
    """Base64 of the UTF-8 form of `text`."""
    return binascii.b2a_base64(text.encode(), newline=False).decode()


def of_data_url(url: str, *, param: str) -> tuple[str, str]:
    """Media type (possibly empty) and checked base64 of a `data:` URL.

    Raises BadRequest for any other URL: this gateway fetches nothing on a caller's behalf.
    """
    header, comma, data = url.partition(",")
    scheme, _, attributes = header.partition(":")
    if scheme.lower() != "data" or not comma:
        shown = url[:60]
        raise BadRequest(f"{shown!r} is not a data URL; send the content itself as data:...;base64,...", param=param)
    media_type, _, encoding = attributes.rpartition(";")
    if encoding.strip().lower() != "base64":
        raise BadRequest("the data URL is not base64-encoded", param=param)
    return media_type.partition(";")[0].strip().lower(), checked(data, param=param)
