"""What is different when this program is one packed file.

Source: PyInstaller 6, "Run-time Information" and "Common Issues and Pitfalls" (read 2026-11-21).
"""

import sys
from collections.abc import MutableMapping

LIBRARY_PATH, LIBRARY_PATH_BEFORE = "LD_LIBRARY_PATH", "LD_LIBRARY_PATH_ORIG"
RESET = "PYINSTALLER_RESET_ENVIRONMENT"


def is_packed() -> bool:
    return bool(getattr(sys, "frozen", False))


def leave_no_trace(environment: MutableMapping[str, str]) -> None:
    """Programs that this one starts get the person's own libraries; itself, started again, unpacks files of its own.

    Otherwise they would use files that are removed when this process ends.
    """
    if not is_packed():
        return
    before = environment.pop(LIBRARY_PATH_BEFORE, None)
    environment.pop(LIBRARY_PATH, None)
    if before is not None:
        environment[LIBRARY_PATH] = before
    environment[RESET] = "1"
