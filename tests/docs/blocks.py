"""The pages for users and operators, and the code blocks in them.

A block's info string says what is done with it:

    python            declares resources, or tests such a declaration: executed in the mock engine
    python NAME.py    a script: saved under that name for the page's `sh gateway` blocks, which run it
    sh                commands whose names and options must exist
    sh gateway        the same, and run, page by page, against a running gateway
    yaml              config of an environment: read as the program reads it
    typescript        taken from the program in tests/engine/typescript
    json, none        only shown
"""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from opencode_stacks.environment import ROOT

DOCS = ROOT / "docs"
FENCE = re.compile(r"^( *)```(.*)$")
CODE_SPAN = re.compile(r"`([^`\n]+)`")
INFO = re.compile(r"(python( \w+\.py)?|sh( gateway)?|yaml|typescript|json|)")


@dataclass(frozen=True, kw_only=True)
class Block:
    page: Path
    line: int
    info: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def blocks(page: Path) -> Iterator[Block]:
    lines = enumerate(page.read_text().splitlines(), start=1)
    for number, line in lines:
        if not (opened := FENCE.match(line)):
            continue
        held = []
        for _, inner in lines:
            if (closed := FENCE.match(inner)) and closed[1] == opened[1]:
                break
            held.append(inner)
        else:
            raise ValueError(f"{page}:{number}: the block has no end")
        yield Block(page=page, line=number, info=opened[2].strip(), text=textwrap.dedent("\n".join(held)))


def all_blocks(*infos: str) -> list[Block]:
    """Those whose info string is one of `infos`, of all pages; without `infos`, all."""
    return [block for page in pages() for block in blocks(page) if not infos or block.info in infos]


def scripts(page: Path) -> dict[str, str]:
    """Text by file name."""
    found = (block for block in blocks(page) if block.info.startswith("python "))
    return {block.info.removeprefix("python "): block.text for block in found}


def prose(page: Path) -> str:
    """The page without its blocks."""
    held, is_open = [], False
    for line in page.read_text().splitlines():
        if FENCE.match(line):
            is_open = not is_open
        elif not is_open:
            held.append(line)
    return "\n".join(held)


def commands() -> Iterator[tuple[str, str]]:
    """Where it stands and the command: one a line of the shell blocks, and the code spans that begin with a program."""
    for block in all_blocks("sh", "sh gateway"):
        for line in block.text.replace("\\\n", " ").splitlines():
            yield str(block), line
    for page in pages():
        for span in CODE_SPAN.findall(prose(page)):
            yield str(page.relative_to(ROOT)), span
