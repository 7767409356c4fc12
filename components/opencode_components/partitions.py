"""Which part of AWS a region belongs to: it is the second word of every ARN."""

from pulumi import Input, Output

PARTITIONS = {"us-gov-": "aws-us-gov", "cn-": "aws-cn"}
"""By the beginning of the region's name. Source: AWS general reference, "Amazon Resource Names" (read 2026-11-21)."""


def partition(region: str) -> str:
    """`aws`, `aws-us-gov` or `aws-cn`."""
    return next((name for start, name in PARTITIONS.items() if region.startswith(start)), "aws")


def arn(region: Input[str], *parts: Input[str]) -> Output[str]:
    """An ARN of the part of AWS that `region` belongs to."""
    known: Output[str] = Output.from_input(region)
    return Output.concat("arn:", known.apply(partition), ":", *parts)
