"""The lines that Lambda itself writes around an invocation, as text or as JSON.

Source: Lambda developer guide, "Viewing CloudWatch logs for Python Lambda functions" and "Configuring advanced logging
controls" (read 2026-11-21).
"""

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Report:
    """What an invocation took. `status` is `success`, `error` or `timeout`."""

    request_id: str
    duration_ms: float
    memory_mb: int
    peak_memory_mb: int
    init_ms: float | None
    status: str


def start(log_format: str, request_id: str) -> bytes:
    if log_format == "JSON":
        return _platform("start", {"requestId": request_id, "version": "$LATEST"})
    return f"START RequestId: {request_id} Version: $LATEST".encode()


def end(log_format: str, report: Report) -> list[bytes]:
    """Of JSON the report alone, as AWS has it."""
    return [_json_report(report)] if log_format == "JSON" else _text_report(report)


def timed_out(request_id: str, timeout_s: float) -> str:
    return f"RequestId: {request_id} Error: Task timed out after {timeout_s:.2f} seconds"


def _text_report(report: Report) -> list[bytes]:
    parts = [
        f"REPORT RequestId: {report.request_id}",
        f"Duration: {report.duration_ms:.2f} ms",
        f"Billed Duration: {math.ceil(report.duration_ms)} ms",
        f"Memory Size: {report.memory_mb} MB",
        f"Max Memory Used: {report.peak_memory_mb} MB",
    ]
    if report.init_ms is not None:
        parts.append(f"Init Duration: {report.init_ms:.2f} ms")
    if report.status != "success":
        parts.append(f"Status: {report.status}")
    return [f"END RequestId: {report.request_id}".encode(), "\t".join(parts).encode()]


def _json_report(report: Report) -> bytes:
    metrics = {
        "durationMs": round(report.duration_ms, 3),
        "billedDurationMs": math.ceil(report.duration_ms),
        "memorySizeMB": report.memory_mb,
        "maxMemoryUsedMB": report.peak_memory_mb,
    }
    if report.init_ms is not None:
        metrics["initDurationMs"] = round(report.init_ms, 3)
    return _platform("report", {"requestId": report.request_id, "metrics": metrics, "status": report.status})


def _platform(kind: str, record: dict[str, Any]) -> bytes:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"time": now, "type": f"platform.{kind}", "record": record}).encode()
