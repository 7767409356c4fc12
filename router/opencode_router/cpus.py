"""How many CPUs this process may use.

On ECS the limit is the task's, and cannot be seen from inside its containers.
Sources: Linux's documentation of cgroup v2 (`cpu.max`) and of CFS bandwidth control (cgroup v1); issue 66 of
uber-go/automaxprocs (read 2026-11-21).
"""

import math
import os
import sys
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def available_cpus(cgroup: Path = CGROUP) -> int:
    """At least 1. Part of a CPU counts as one: a process fewer would leave it idle."""
    own = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return max(1, math.ceil(min(own, quota_cpus(cgroup))))


def quota_cpus(cgroup: Path) -> float:
    """CPU time per time, as the container's cgroup limits it; infinite without a limit."""
    for files in (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):
        try:
            quota_us, period_us = " ".join((cgroup / file).read_text() for file in files).split()
        except OSError:
            continue
        return float("inf") if quota_us in {"max", "-1"} else int(quota_us) / int(period_us)
    return float("inf")
