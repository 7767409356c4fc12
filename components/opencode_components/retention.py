"""How long CloudWatch Logs can keep log events."""

from opencode_components.refusals import refusal

RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545),
    *(731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""The values that PutRetentionPolicy takes. Source: its API reference, read 2026-11-21."""


def retention_days(key: str, value: float) -> int:
    """`value` as a whole number of days. Raises ValueError when CloudWatch Logs does not offer it."""
    if value not in RETENTION_DAYS:
        offered = ", ".join(map(str, RETENTION_DAYS))
        raise refusal(key, value, reason="is not a retention of CloudWatch Logs", fix=f"use one of {offered}")
    return int(value)
