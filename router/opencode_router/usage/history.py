"""What a caller has used, read back from the table's index; needs `dynamodb:Query` on that index.

Records come newest first, so that what cannot be read any more is the oldest of it. Pages are decoded here: botocore
took 186 ms for one of 1,700 records, in which no stream would go on; this took 5 ms (measured 2026-11-21).
Source: DynamoDB API reference, "Query": a page ends at 1 MB of items as they are stored (read 2026-11-21).
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec
from aiohttp import ClientError
from botocore.exceptions import BotoCoreError
from msgspec import Struct

from opencode_router.errors import Unavailable
from opencode_router.usage.report import Report, Used
from opencode_router.usage.usage_table import TableRefused, UsageTable

log = logging.getLogger(__name__)

INDEX = "caller-index"
COLUMNS = Used.__struct_fields__
MAX_PAGES = 20
"""Some 40,000 records of about 500 bytes."""
MAX_READERS = 4
"""Questions of one process that are read at a time; each holds a page of at most 1 MB."""
RETRY_AFTER_S = 1
END_OF_DAY = "T24"
"""Sorts after every time of a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Whole days in UTC, both of them in it."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def start(self) -> str:
        """As records have it."""
        return f"{self.first}T00:00:00.000+00:00"


class Page(Struct, frozen=True, rename="pascal"):
    items: list[Used]
    last_evaluated_key: dict[str, Any] | None = None


PAGE = msgspec.json.Decoder(Page, strict=False)
"""Not strict: DynamoDB's numbers are texts."""


class History:
    """Reads from the table of usage records."""

    def __init__(self, table: UsageTable) -> None:
        self._table = table
        self._readers = asyncio.Semaphore(MAX_READERS)

    async def report(self, caller_id: str, period: Period, by: str) -> Report:
        """The caller's own records of the period, summed `by` "day", "model" or "key"; as many as MAX_PAGES hold.

        Raises Unavailable when DynamoDB does not answer.
        """
        report = Report(by=by, counted_from=period.start)
        asked = query(self._table.name, caller_id, period)
        async with self._readers:
            for _ in range(MAX_PAGES):
                page = await self._page(asked)
                report.add(page.items)
                if not page.last_evaluated_key:
                    return report
                asked = {**asked, "ExclusiveStartKey": page.last_evaluated_key}
        report.cut_off()
        return report

    async def _page(self, asked: Mapping[str, Any]) -> Page:
        with answering():
            return PAGE.decode(await self._table.call("Query", asked))


def query(table_name: str, caller_id: str, period: Period) -> Mapping[str, Any]:
    """Column names are all given as placeholders: some are words that DynamoDB reserves."""
    return {
        "TableName": table_name,
        "IndexName": INDEX,
        "KeyConditionExpression": "#caller = :caller AND #started_at BETWEEN :start AND :end",
        "ProjectionExpression": ", ".join(placeholders(COLUMNS).keys()),
        "ExpressionAttributeNames": placeholders(("caller", *COLUMNS)),
        "ExpressionAttributeValues": {
            ":caller": {"S": caller_id},
            ":start": {"S": str(period.first)},
            ":end": {"S": f"{period.last}{END_OF_DAY}"},
        },
        "ScanIndexForward": False,
    }


def placeholders(columns: Sequence[str]) -> Mapping[str, str]:
    return {f"#{column}": column for column in columns}


@contextmanager
def answering() -> Iterator[None]:
    """Raises Unavailable for whatever keeps DynamoDB from answering, or its answer from being read."""
    try:
        yield
    except (TableRefused, ClientError, BotoCoreError, TimeoutError, msgspec.DecodeError) as error:
        log.warning("the table of usage records was not read", extra={"reason": f"{type(error).__name__}: {error}"})
        raise Unavailable("usage cannot be looked up just now; retry", retry_after_s=RETRY_AFTER_S) from error
