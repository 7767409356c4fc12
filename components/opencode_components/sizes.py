"""The sizes that a Fargate task can have."""

from collections.abc import Mapping, Sequence

MEMORY_MIB: Mapping[int, Sequence[int]] = {
    256: (512, 1024, 2048),
    512: range(1024, 4096 + 1, 1024),
    1024: range(2048, 8192 + 1, 1024),
    2048: range(4096, 16384 + 1, 1024),
    4096: range(8192, 30720 + 1, 1024),
    8192: range(16384, 61440 + 1, 4096),
    16384: range(32768, 122880 + 1, 8192),
}
"""Memory in MiB that goes with each number of CPU units; 1,024 units are one vCPU.

Source: Amazon ECS developer guide, "Fargate task definition parameters", task size (read 2026-11-21).
"""


def checked_size(cpu: int, memory_mib: int) -> tuple[int, int]:
    """CPU units and MiB as Fargate offers them together, whole numbers. Raises ValueError."""
    cpu, memory_mib = int(cpu), int(memory_mib)
    if cpu not in MEMORY_MIB:
        raise ValueError(
            f"cpu {cpu}: Fargate has no task of that size; choose one of {', '.join(map(str, MEMORY_MIB))}"
        )
    if memory_mib not in MEMORY_MIB[cpu]:
        offered = ", ".join(map(str, MEMORY_MIB[cpu]))
        raise ValueError(
            f"memory_mib {memory_mib}: Fargate has no task of {cpu} CPU units with it; choose one of {offered}"
        )
    return cpu, memory_mib
