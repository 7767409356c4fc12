"""When schedules are due, and what they send."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pulumi_aws as aws
import pytest
import pytest_asyncio

from opencode_local.aws import EmbeddedAws
from opencode_local.functions.schedule_expressions import BadExpression, due
from opencode_local.functions.timing import Timing
from tests.local.functions.site import Site, a_function, a_role, running

RULE = "aws:cloudwatch/eventRule:EventRule"
SCHEDULE = "aws:scheduler/schedule:Schedule"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Standing:
    """A clock that moves when it is told to; who sleeps by it wakes then."""

    def __init__(self) -> None:
        self.now_s = NOW.timestamp()
        self._moved = asyncio.Condition()

    def __call__(self) -> float:
        return self.now_s

    async def sleep(self, delay_s: float) -> None:
        wakes_s = self.now_s + delay_s
        async with self._moved:
            await self._moved.wait_for(lambda: self.now_s >= wakes_s)

    async def advance(self, by_s: float) -> None:
        async with self._moved:
            self.now_s += by_s
            self._moved.notify_all()


def a_rule(name: str, function: aws.lambda_.Function, *, is_permitted: bool = True, **target: Any) -> None:
    rule = aws.cloudwatch.EventRule(name, name=name, schedule_expression="rate(1 hour)")
    aws.cloudwatch.EventTarget(name, rule=rule.name, arn=function.arn, **target)
    if is_permitted:
        permission: dict[str, Any] = {"action": "lambda:InvokeFunction", "principal": "events.amazonaws.com"}
        aws.lambda_.Permission(name, function=function.name, source_arn=rule.arn, **permission)


def a_schedule(name: str, function: aws.lambda_.Function, role: aws.iam.Role) -> None:
    target: Any = {"arn": function.arn, "roleArn": role.arn, "input": '{"at": "<aws.scheduler.scheduled-time>"}'}
    aws.scheduler.Schedule(
        name,
        name=name,
        schedule_expression="cron(30 14 * * ? *)",
        schedule_expression_timezone="Europe/Berlin",
        flexible_time_window={"mode": "OFF"},
        target=target,
    )


def program() -> None:
    role = a_role("function")
    for name in ("hourly", "constant", "denied"):
        a_rule(name, a_function(name, role, handler="app.echo"), is_permitted=name != "denied", **GIVEN.get(name, {}))
    a_rule("failing", a_function("failing", role, handler="app.fail"), input='{"why": "always"}')
    daily, refused = (a_function(name, role, handler="app.echo") for name in ("daily", "refused"))
    may = daily.arn.apply(lambda arn: {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": arn})
    invoker = a_role("invoker", may, service="scheduler.amazonaws.com")
    a_schedule("daily", daily, invoker)
    a_schedule("refused", refused, invoker)


GIVEN = {"constant": {"input": '{"do": "this"}'}}


@pytest.fixture(scope="module")
def standing() -> Standing:
    return Standing()


@pytest_asyncio.fixture(scope="module")
async def site(aws: EmbeddedAws, standing: Standing) -> AsyncIterator[Site]:
    async with running(aws, program, Timing(clock=standing, sleep=standing.sleep)) as made:
        yield made


def sent(site: Site, function: str) -> list[Any]:
    return [one.event for one in site.functions.invocations if one.function == function]


def has_been_tried(site: Site, times: int, _: Any) -> bool:
    return len(sent(site, "failing")) == times


async def test_a_day_of_schedules_sends_what_is_due_and_retries_what_fails(site: Site, standing: Standing) -> None:
    assert site.functions.invocations == []

    await standing.advance(3600)
    await site.functions.until(lambda _: all(sent(site, name) for name in ("hourly", "constant", "failing")))
    [event] = sent(site, "hourly")
    assert (event["source"], event["detail-type"]) == ("aws.events", "Scheduled Event")
    assert (event["time"], event["resources"]) == ("2026-11-21T13:00:00Z", [site.output(RULE, "hourly")])
    assert sent(site, "constant") == [{"do": "this"}]

    for attempts, delay_s in ((2, 60), (3, 120)):
        await standing.advance(delay_s)
        await site.functions.until(partial(has_been_tried, site, attempts))

    await standing.advance(1800)
    await site.functions.until(lambda _: bool(sent(site, "daily")))
    assert sent(site, "daily") == [{"at": "2026-11-21T13:30:00Z"}]


async def test_a_schedule_without_permission_invokes_nothing_and_says_why(site: Site, standing: Standing) -> None:
    await standing.advance(24 * 3600)
    await site.functions.until(lambda _: len(sent(site, "daily")) == 2)

    problems = {line.name: line.detail for line in site.functions.status() if line.state == "PROBLEM"}
    assert "lets" in problems["denied"]
    assert "is not authorized to perform: lambda:InvokeFunction" in problems["refused"]
    assert sent(site, "denied") == sent(site, "refused") == []


@pytest.mark.parametrize(
    ("expression", "timezone", "expected"),
    [
        ("rate(5 minutes)", "UTC", "2026-11-21T12:05:00+00:00"),
        ("rate(1 day)", "UTC", "2026-11-22T12:00:00+00:00"),
        ("at(2026-12-24T18:00:00)", "Europe/Berlin", "2026-12-24T17:00:00+00:00"),
        ("at(2026-11-21T11:00:00)", "UTC", None),
        ("cron(15 10 * * ? *)", "UTC", "2026-11-22T10:15:00+00:00"),
        ("cron(0 18 ? * MON-FRI *)", "UTC", "2026-11-23T18:00:00+00:00"),
        ("cron(0 8 1 * ? *)", "UTC", "2026-12-01T08:00:00+00:00"),
        ("cron(0/15 * * * ? *)", "UTC", "2026-11-21T12:15:00+00:00"),
        ("cron(0 10 L * ? *)", "UTC", "2026-11-30T10:00:00+00:00"),
        ("cron(0 10 1W * ? *)", "UTC", "2026-12-01T10:00:00+00:00"),
        ("cron(0 10 ? * 6L *)", "UTC", "2026-11-27T10:00:00+00:00"),
        ("cron(0 10 ? * 2#1 *)", "UTC", "2026-12-07T10:00:00+00:00"),
        ("cron(0 0 29 2 ? *)", "UTC", "2028-02-29T00:00:00+00:00"),
        ("cron(0 12 * * ? 2027)", "America/New_York", "2027-01-01T17:00:00+00:00"),
        ("cron(0 12 * * ? 2020)", "UTC", None),
    ],
)
def test_an_expression_is_due_when_eventbridge_says(expression: str, timezone: str, expected: str | None) -> None:
    """Source: EventBridge Scheduler user guide, "Schedule types", and its examples (read 2026-11-21)."""
    moment = due(expression, timezone, NOW)(NOW)

    assert (moment and moment.astimezone(UTC).isoformat()) == expected


@pytest.mark.parametrize("expression", ["every hour", "cron(0 10 * * * *)", "cron(61 * * * ? *)", "rate(1 year)"])
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(BadExpression):
        due(expression, "UTC", NOW)
