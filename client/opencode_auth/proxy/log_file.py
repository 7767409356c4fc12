"""The daemon's log: lines of what happened, never a header, a query or a body; rotated, and for the owner only."""

import logging
import logging.handlers
import os
from collections import deque
from io import TextIOWrapper
from pathlib import Path

from opencode_auth import paths
from opencode_auth.files import private_folder

MOST_BYTES = 1_000_000
OLD_FILES = 3
FORMAT = "%(asctime)s %(levelname)s %(message)s"
PACKAGE = "opencode_auth"
LOGGERS = (PACKAGE, "aiohttp.server", "asyncio")
"""The other two say what no request was refused for: faults."""


class PrivateRotatingFileHandler(logging.handlers.RotatingFileHandler):
    """Every file it opens has mode 0600 before the first byte."""

    def _open(self) -> TextIOWrapper:
        return open(self.baseFilename, "a", encoding="utf-8", opener=_private)


def log_file() -> Path:
    return paths.state_folder() / "proxy.log"


def to_file(file: Path, *, most_bytes: int = MOST_BYTES) -> logging.Handler:
    """Three old files are kept beside the current one."""
    private_folder(file.parent)
    handler = PrivateRotatingFileHandler(file, maxBytes=most_bytes, backupCount=OLD_FILES, encoding="utf-8")
    return _installed(handler)


def to_terminal() -> logging.Handler:
    return _installed(logging.StreamHandler())


def last_lines(count: int) -> list[str]:
    """The newest ones, also those of the file before the last rotation; none when nothing was ever logged."""
    lines: deque[str] = deque(maxlen=count)
    current = log_file()
    for file in (current.with_name(f"{current.name}.1"), current):
        if file.exists():
            with file.open(encoding="utf-8", errors="replace") as stream:
                lines.extend(line.rstrip("\n") for line in stream)
    return [*lines]


def _installed(handler: logging.Handler) -> logging.Handler:
    handler.setFormatter(logging.Formatter(FORMAT))
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(logging.INFO if name == PACKAGE else logging.WARNING)
    return handler


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
