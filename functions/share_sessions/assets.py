"""The viewer's page, styles and scripts, each under an address that changes with its content.

A page or module names another one as `"./name.js"`; here that becomes its address, so that a module's own address
changes with everything that it imports. Files of vendor/ are served byte for byte.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from served_site.assets import answer, file_name
from served_site.exchange import Answer

HERE = Path(__file__).parent
VENDOR = HERE / "assets" / "vendor"
AT = "/share-assets"
SUFFIXES = (".css", ".js")
REFERENCE = re.compile(r'"\./(?:vendor/)?(?P<name>[a-z][a-z.-]*\.(?:css|js))"')
FILES: Mapping[str, Path] = {
    path.name: path for path in sorted((HERE / "assets").rglob("*")) if path.suffix in SUFFIXES
}
"""By name, which is unique over the folders."""


def with_addresses(text: str) -> str:
    """Raises KeyError for a name that is no asset's."""
    return REFERENCE.sub(lambda found: f'"{address(found["name"])}"', text)


@cache
def content(name: str) -> bytes:
    """What is served. Modules import one another without cycles."""
    path = FILES[name]
    written = path.read_bytes()
    return written if path.is_relative_to(VENDOR) else with_addresses(written.decode()).encode()


def address(name: str) -> str:
    """`/share-assets/share.<hash>.js` of `share.js`."""
    return f"{AT}/{file_name(name, content(name))}"


ANSWERS: Mapping[str, Answer] = {address(name): answer(path.suffix, content(name)) for name, path in FILES.items()}
"""By address."""
PAGE = with_addresses((HERE / "templates" / "share.html").read_text())
"""The same for every share, with nothing of a share in it."""
