"""What a person asks of a cloud that runs in this folder already: its status, its logs, its end."""

import asyncio
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import aiohttp
import psutil

from opencode_local.provider.aws import Account
from opencode_local.run.control import status_of
from opencode_local.run.run_file import Run
from opencode_local.run.variables import is_on
from opencode_local.status import ADDRESS, Status

STOP_TIMEOUT_S = 150
"""Longer than any task may take to drain."""
FOLLOW_S = 1.0
WELL = frozenset({"active", "ACTIVE", "healthy", "unavailable", "RUNNING", "Active"})
"""`unavailable` is a target whose health nobody checks, as a function's is not unless asked for."""


def status(_environ: Mapping[str, str]) -> int:
    """Prints a line for each part; 1 when one is not well."""
    run = Run.read()
    try:
        lines = asyncio.run(status_of(run))
    except (aiohttp.ClientError, TimeoutError) as error:
        sys.stderr.write(f"process {run.pid} does not answer: {error}\n")
        return 1
    parts = [(one.name, one.kind, one.state, one.detail) for one in lines if one.kind != ADDRESS]
    print(table([("NAME", "KIND", "STATE", ""), *parts]), end="\n\n")
    print(table([("IN AWS", "HERE"), *((one.name, one.detail) for one in lines if one.kind == ADDRESS)]))
    return 0 if all(is_well(one) for one in lines) else 1


def is_well(one: Status) -> bool:
    return one.state in WELL


def table(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def logs(environ: Mapping[str, str]) -> int:
    """Prints the log events of every log group whose name, or whose stream's, holds NAME; oldest first."""
    run = Run.read()
    client = Account(run.aws_url).client("logs", run.region)
    name, after_ms = environ.get("NAME", ""), 0
    while True:
        for event in events(client, name, after_ms):
            after_ms = event["timestamp"] + 1
            at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC).isoformat(timespec="milliseconds")
            print(f"{at} {event['stream']}  {event['message']}", flush=True)
        if not is_on(environ, "FOLLOW"):
            return 0
        time.sleep(FOLLOW_S)


def events(client: Any, name: str, after_ms: int) -> list[dict[str, Any]]:
    found = [
        {**event, "stream": event["logStreamName"]}
        for group in client.describe_log_groups()["logGroups"]
        for event in of_group(client, group["logGroupName"], after_ms)
        if name in group["logGroupName"] or name in event["logStreamName"]
    ]
    return sorted(found, key=lambda event: int(event["timestamp"]))


def of_group(client: Any, group: str, after_ms: int) -> Iterator[dict[str, Any]]:
    pages = client.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=after_ms)
    return (event for page in pages for event in page["events"])


def down(_environ: Mapping[str, str]) -> int:
    """Ends the run as Ctrl-C would, and waits for it."""
    process = Run.read().process()
    if process is None:
        return 0
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except psutil.TimeoutExpired:
        sys.stderr.write(f"process {process.pid} did not end within {STOP_TIMEOUT_S} s\n")
        return 1
    return 0
