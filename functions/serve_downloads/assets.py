"""The page's styles, scripts and pictures, each under an address that changes with its content."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from serve_downloads.exchange import Answer

FOLDER = Path(__file__).parent / "assets"
HASH_DIGITS = 12
YEAR_S = 365 * 24 * 60 * 60
CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}


def address(name: str, content: bytes) -> str:
    """`/assets/page.<hash>.css` of `page.css`."""
    path = Path(name)
    return f"/assets/{path.stem}.{hashlib.sha256(content).hexdigest()[:HASH_DIGITS]}{path.suffix}"


def answer(suffix: str, content: bytes) -> Answer:
    headers = {"Content-Type": CONTENT_TYPES[suffix], "Cache-Control": f"public, max-age={YEAR_S}, immutable"}
    return Answer(headers=headers, body=content)


CONTENT: Mapping[str, bytes] = {
    path.name: path.read_bytes() for path in sorted(FOLDER.iterdir()) if path.suffix in CONTENT_TYPES
}
ADDRESSES = {name: address(name, content) for name, content in CONTENT.items()}
"""By file name."""
ANSWERS = {ADDRESSES[name]: answer(Path(name).suffix, content) for name, content in CONTENT.items()}
"""By address."""
