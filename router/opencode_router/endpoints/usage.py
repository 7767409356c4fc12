"""GET /v1/usage: callers see what they themselves have used, by whatever credential."""

from datetime import UTC, date, datetime
from typing import Any

import msgspec
from aiohttp import web
from msgspec import UNSET
from multidict import MultiMapping

from opencode_router.endpoints.json_response import json_response
from opencode_router.errors import BadRequest
from opencode_router.gateway import GATEWAY
from opencode_router.translate.decoding import validation_fault
from opencode_router.usage.history import Period
from opencode_router.usage.report import Report, Tally
from opencode_router.wire.usage_report import Grouping, UsageGroup, UsageQuery, UsageReport, UsageTotals

DEFAULT_DAYS = 7
MAX_DAYS = 31
MICRO = 1_000_000
EXPECTED = {
    "from": "a day, as in from=2026-11-15",
    "to": "a day, as in to=2026-11-21",
    "by": "'day', 'model' or 'key'",
}


async def usage(request: web.Request) -> web.Response:
    """200 with the sums of the caller's own records. Raises BadRequest, Unavailable."""
    gateway = request.app[GATEWAY]
    caller = await gateway.identity.identify(request.headers)
    asked = query_of(request.query)
    period = period_of(asked, today=datetime.now(UTC).date())
    report = await gateway.history.report(caller.id, period, asked.by)
    response = json_response(shown(report, period, asked.by))
    response.headers["Cache-Control"] = "no-store"
    return response


def query_of(query: MultiMapping[str]) -> UsageQuery:
    """Raises BadRequest, which names the parameter."""
    for field in query:
        if len(query.getall(field)) > 1:
            raise BadRequest(f"{field!r} is given more than once", param=field)
    try:
        return msgspec.convert(dict(query), UsageQuery)
    except msgspec.ValidationError as error:
        fault = validation_fault(str(error))
        if fault.param not in EXPECTED:
            raise fault from error
        raise BadRequest(f"{fault.param!r} must be {EXPECTED[fault.param]}", param=fault.param) from error


def period_of(asked: UsageQuery, *, today: date) -> Period:
    """Raises BadRequest for one that is over before it begins, or too long."""
    last = today if asked.last is UNSET else asked.last
    first = date.fromordinal(max(1, last.toordinal() - DEFAULT_DAYS + 1)) if asked.first is UNSET else asked.first
    period = Period(first=first, last=last)
    if period.days < 1:
        raise BadRequest(f"'from' ({first}) is after 'to' ({last})", param="from")
    if period.days > MAX_DAYS:
        raise BadRequest(
            f"from {first} to {last} is {period.days} days, and at most {MAX_DAYS} are told at once", param="from"
        )
    return period


def shown(report: Report, period: Period, by: Grouping) -> UsageReport:
    return UsageReport(
        first=period.first,
        last=period.last,
        by=by,
        is_complete=report.is_complete,
        counted_from=report.counted_from,
        data=[UsageGroup(name=name, **sums(tally)) for name, tally in report.groups()],
        total=UsageTotals(**sums(report.total)),
    )


def sums(tally: Tally) -> dict[str, Any]:
    return {
        "requests": tally.requests,
        "input_tokens": tally.input_tokens,
        "output_tokens": tally.output_tokens,
        "cache_read_tokens": tally.cache_read_tokens,
        "cache_write_tokens": tally.cache_write_tokens,
        "cost_usd": usd(tally.cost_micro_usd),
        "estimates": tally.estimates,
    }


def usd(micro_usd: int) -> str:
    """Exact: `12.345678`."""
    return f"{micro_usd // MICRO}.{micro_usd % MICRO:06d}"
