"""A page's styles, scripts and pictures, each under an address that changes with its content."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from served_site.exchange import Answer

HASH_DIGITS = 12
YEAR_S = 365 * 24 * 60 * 60
CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, kw_only=True)
class Assets:
    addresses: Mapping[str, str]
    """By path in the folder: `/assets/page.<hash>.css` of `page.css`."""
    answers: Mapping[str, Answer]
    """By address."""


def assets_in(folder: Path, at: str) -> Assets:
    """All of the folder and the folders in it; `at` begins their addresses, such as `/assets`."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix in CONTENT_TYPES)
    content = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    addresses = {name: f"{at}/{file_name(name, content[name])}" for name in content}
    return Assets(
        addresses=addresses,
        answers={addresses[name]: answer(Path(name).suffix, content[name]) for name in content},
    )


def file_name(name: str, content: bytes) -> str:
    path = Path(name)
    return f"{path.stem}.{hashlib.sha256(content).hexdigest()[:HASH_DIGITS]}{path.suffix}"


def answer(suffix: str, content: bytes) -> Answer:
    headers = {"Content-Type": CONTENT_TYPES[suffix], "Cache-Control": f"public, max-age={YEAR_S}, immutable"}
    return Answer(headers=headers, body=content)
