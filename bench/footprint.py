"""How soon a new process is ready, and what it takes before it has done anything."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bench.figures import Bar, Figure, held_against, megabytes, seconds, times
from bench.processes import Process, answered, cores, running
from bench.stage import READY, Stage
from bench.throughput import Effort
from opencode_local.ports import free_port

START = Bar(bar=1.5, goal=0.7, shown=seconds)
IDLE = Bar(bar=90, goal=60, shown=megabytes)
MEGABYTE = 1e6
SETTLE_S = 0.5
"""After readiness, for what starting has left behind."""
IMPORT = "import aiohttp; print(flush=True); input()"
"""The least any program of this kind needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    start_s: float
    memory_mb: float


async def start(stage: Stage, effort: Effort) -> Sequence[Figure]:
    gateways = [await gateway_footprint(stage) for _ in range(effort.rounds)]
    imports = [await import_footprint() for _ in range(effort.rounds)]
    start_s, import_s = median(one.start_s for one in gateways), median(one.start_s for one in imports)
    memory, least = median(one.memory_mb for one in gateways), median(one.memory_mb for one in imports)
    return [
        held_against(START, "start to ready", start_s, f"{times(start_s / import_s)} `import aiohttp`"),
        held_against(IDLE, "idle memory", memory, f"{times(memory / least)} `import aiohttp`"),
    ]


async def gateway_footprint(stage: Stage) -> Footprint:
    port = free_port(0)
    with running(stage.start_gateway(port)) as process:
        start_s = await answered(process, port, READY)
        await asyncio.sleep(SETTLE_S)
        return Footprint(start_s=start_s, memory_mb=process.memory_bytes() / MEGABYTE)


async def import_footprint() -> Footprint:
    measured_core, _ = cores()
    started_s = time.perf_counter()
    with running(Process([sys.executable, "-c", IMPORT], core=measured_core, output=subprocess.PIPE)) as process:
        await asyncio.to_thread(process.hear)
        start_s = time.perf_counter() - started_s
        return Footprint(start_s=start_s, memory_mb=process.memory_bytes() / MEGABYTE)
