"""The time, in one place. OPENCODE_AUTH_CLOCK names a file that holds the seconds since the epoch: a clock for tests.

With such a file, waiting moves that clock instead.
"""

import os
import time
from pathlib import Path


def now_s() -> float:
    """Seconds since the epoch."""
    file = os.environ.get("OPENCODE_AUTH_CLOCK")
    return float(Path(file).read_text()) if file else time.time()


def wait(duration_s: float) -> None:
    file = os.environ.get("OPENCODE_AUTH_CLOCK")
    if file:
        Path(file).write_text(str(now_s() + duration_s))
    else:
        time.sleep(duration_s)
