"""What OpenCode sends of a session, made up."""

from base64 import b64encode
from random import Random
from typing import Any

Item = dict[str, Any]


def session(title: str = "A session", **more: Any) -> Item:
    return {"type": "session", "data": {"id": "ses_1", "title": title, **more}}


def message(number: int, **more: Any) -> Item:
    return {"type": "message", "data": {"id": f"msg_{number:04d}", "role": "user", **more}}


def part(number: int, of: int, text: str = "Hello", **more: Any) -> Item:
    about = {"id": f"prt_{number:04d}", "messageID": f"msg_{of:04d}", "type": "text", "text": text}
    return {"type": "part", "data": {**about, **more}}


def diff(*files: str) -> Item:
    return {"type": "session_diff", "data": [{"file": file, "additions": 1, "deletions": 0} for file in files]}


def model(*ids: str) -> Item:
    return {"type": "model", "data": [{"id": id_, "name": id_} for id_ in ids]}


def picture(size_bytes: int) -> str:
    """In Base64; nothing in it can be compressed."""
    return b64encode(Random(7).randbytes(size_bytes)).decode()  # noqa: S311  no secret
