"""The sizes that a Fargate task can have."""

from collections.abc import Mapping, Sequence

from opencode_components.refusals import refusal

CPU_UNITS_PER_VCPU = 1024
MEMORY_MIB: Mapping[int, Sequence[int]] = {
    256: (512, 1024, 2048),
    512: range(1024, 4096 + 1, 1024),
    1024: range(2048, 8192 + 1, 1024),
    2048: range(4096, 16384 + 1, 1024),
    4096: range(8192, 30720 + 1, 1024),
    8192: range(16384, 61440 + 1, 4096),
    16384: range(32768, 122880 + 1, 8192),
}
"""Memory in MiB that goes with each number of CPU units.

Source: Amazon ECS developer guide, "Fargate task definition parameters", task size (read 2026-11-21).
"""


def checked_size(cpu: float, memory_mib: float) -> tuple[int, int]:
    """CPU units and MiB as Fargate offers them together, whole numbers. Raises ValueError."""
    if cpu not in MEMORY_MIB:
        fix = f"use one of {', '.join(map(str, MEMORY_MIB))}"
        raise refusal("cpu", cpu, reason="is no size that Fargate has", fix=fix)
    offered = MEMORY_MIB[int(cpu)]
    if memory_mib not in offered:
        fix = f"use one of {', '.join(map(str, offered))}"
        raise refusal("memory_mib", memory_mib, reason=f"goes with no Fargate task of {int(cpu)} CPU units", fix=fix)
    return int(cpu), int(memory_mib)
