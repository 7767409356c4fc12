"""A page's styles and scripts, each under an address that changes with its content.

A page, style or script names another one as `"./name.js"`; here that becomes its address, so that a script's own
address changes with everything that it imports. Files in a folder vendor/ are served byte for byte.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from served_site.exchange import Answer, Request
from served_site.problems import UnknownPage
from served_site.serving import Route

SHARED = Path(__file__).parent / "assets"
"""What every site serves beside its own."""
VENDOR = "vendor"
HASH_DIGITS = 12
YEAR_S = 365 * 24 * 60 * 60
CONTENT_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
REFERENCE = re.compile(r'"\./(?:vendor/)?(?P<name>[a-z][a-z.-]*\.(?:css|js))"')


class Assets:
    """Of one site: those of `folder` and the folders in it, and the shared ones.

    `at` begins their addresses, such as `/assets`. Scripts import one another without cycles.
    """

    files: Mapping[str, Path]
    """By name, which is unique over the folders."""
    answers: Mapping[str, Answer]
    """By address."""

    def __init__(self, folder: Path, at: str) -> None:
        found = [path for root in (SHARED, folder) for path in root.rglob("*") if path.suffix in CONTENT_TYPES]
        self.files = {path.name: path for path in sorted(found)}
        self._at = at
        self._addresses: dict[str, str] = {}
        self.answers = {
            self.address(name): lasting(path.suffix, self._content(name)) for name, path in self.files.items()
        }

    def address(self, name: str) -> str:
        """`/assets/page.<hash>.css` of `page.css`. Raises KeyError for a name that is no asset's."""
        if name not in self._addresses:
            path, digits = self.files[name], hashlib.sha256(self._content(name)).hexdigest()[:HASH_DIGITS]
            self._addresses[name] = f"{self._at}/{path.stem}.{digits}{path.suffix}"
        return self._addresses[name]

    def with_addresses(self, text: str) -> str:
        """The text, with what it refers to by address. Raises KeyError for a name that is no asset's."""
        return REFERENCE.sub(lambda found: f'"{self.address(found["name"])}"', text)

    def route(self) -> Route:
        """For everyone: what a page looks like is no secret, and a page that refuses somebody looks like the others."""
        return Route(label=f"{self._at}/{{name}}", pattern=re.compile(f"{self._at}/[^/]+"), answer=self._answer)

    def _content(self, name: str) -> bytes:
        written = self.files[name].read_bytes()
        return written if self.files[name].parent.name == VENDOR else self.with_addresses(written.decode()).encode()

    def _answer(self, _asked: Request, found: re.Match[str]) -> Answer:
        try:
            return self.answers[found[0]]
        except KeyError as error:
            raise UnknownPage from error


def lasting(suffix: str, content: bytes) -> Answer:
    headers = {"Content-Type": CONTENT_TYPES[suffix], "Cache-Control": f"public, max-age={YEAR_S}, immutable"}
    return Answer(headers=headers, body=content)
