"""Functions that the clock invokes: rules of EventBridge with a schedule, and schedules of EventBridge Scheduler.

Sources: EventBridge user guide, "Creating a rule that runs on a schedule"; EventBridge Scheduler user guide, "Adding
context attributes" and "Using the universal target" (read 2026-11-21). A flexible window opens with its schedule.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from opencode_components.testing.graph import Graph, Resource
from opencode_local.functions.schedule_expressions import BadExpression, Due, due
from opencode_local.functions.settings import UnsupportedFunction
from opencode_local.functions.timing import Timing
from opencode_local.status import Status

RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
SCHEDULE = "aws:scheduler/schedule:Schedule"
LONGEST_NAP_S = 30.0
"""A machine that was asleep finds out by its clock, not by how long it has waited."""
log = logging.getLogger(__name__)
Admit = Callable[[], Awaitable[None]]
"""Raises PermissionError when the function may not be invoked on this schedule's behalf."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One function on one schedule."""

    name: str
    arn: str
    """Of the rule or schedule."""
    function_arn: str
    expression: str
    timezone: str
    source: str
    """`aws.events` or `aws.scheduler`."""
    input: str | None
    """JSON text."""
    role_arn: str = ""
    """Of a schedule: whom it invokes the function as."""
    starts: datetime | None = None
    ends: datetime | None = None


class Scheduled:
    """Sends events when they are due."""

    def __init__(self, plan: Plan, *, send: Callable[[str, Any], None], admit: Admit, timing: Timing) -> None:
        """Raises UnsupportedFunction for an expression that cannot be read."""
        self._plan, self._send, self._admit, self._timing = plan, send, admit, timing
        self._task: asyncio.Task[None] | None = None
        self._problem = ""
        begun = plan.starts or self._now()
        try:
            self._due: Due = due(plan.expression, plan.timezone, begun)
        except BadExpression as error:
            raise UnsupportedFunction(f"{plan.name}: {error}") from error
        self._next = self._first()

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def status(self) -> Status:
        due_at = "is over" if self._next is None else f"next {self._next:%Y-%m-%d %H:%M:%S} UTC"
        state = "PROBLEM" if self._problem else "ENABLED"
        return Status(name=self._plan.name, kind="schedule", state=state, detail=self._problem or due_at)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._timing.clock(), UTC)

    def _first(self) -> datetime | None:
        return self._within(self._due(max(self._now(), self._plan.starts or self._now())))

    def _within(self, moment: datetime | None) -> datetime | None:
        is_over = moment is None or (self._plan.ends is not None and moment > self._plan.ends)
        return None if is_over else moment

    async def _run(self) -> None:
        while self._next is not None:
            left_s = (self._next - self._now()).total_seconds()
            if left_s > 0:
                await self._timing.sleep(min(left_s, LONGEST_NAP_S))
                continue
            await self._send_event(self._next)
            self._next = self._within(self._due(self._now()))

    async def _send_event(self, moment: datetime) -> None:
        try:
            await self._admit()
        except PermissionError as error:
            self._problem = str(error)
            log.warning("%s: %s", self._plan.name, error)
            return
        self._problem = ""
        self._send(self._plan.function_arn, event(self._plan, moment))


def event(plan: Plan, moment: datetime) -> Any:
    """What the function gets: the declared input, else a description of the occasion."""
    time = f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    id_ = str(uuid4())
    if plan.input is not None:
        attributes = {"scheduled-time": time, "schedule-arn": plan.arn, "execution-id": id_, "attempt-number": "1"}
        text = plan.input
        for name, value in attributes.items() if plan.source == "aws.scheduler" else ():
            text = text.replace(f"<aws.scheduler.{name}>", value)
        return json.loads(text)
    _, _, _, region, account, _ = plan.arn.split(":", 5)
    return {
        "version": "0",
        "id": id_,
        "detail-type": "Scheduled Event",
        "source": plan.source,
        "account": account,
        "time": time,
        "region": region,
        "resources": [plan.arn],
        "detail": {} if plan.source == "aws.events" else "{}",
    }


def plans(graph: Graph) -> list[Plan]:
    """All that are enabled and invoke a function."""
    rules = {rule.outputs["name"]: rule for rule in graph.all(RULE) if _is_enabled(rule)}
    targets = [target for target in graph.all(TARGET) if target.outputs["rule"] in rules]
    return [
        *(_of_rule(rules[target.outputs["rule"]], target) for target in targets),
        *(_of_schedule(schedule) for schedule in graph.all(SCHEDULE) if _is_enabled(schedule)),
    ]


def _is_enabled(resource: Resource) -> bool:
    return bool(resource.outputs.get("state", "ENABLED") == "ENABLED")


def _of_rule(rule: Resource, target: Resource) -> Plan:
    return Plan(
        name=target.name,
        arn=str(rule.outputs["arn"]),
        function_arn=str(target.outputs["arn"]),
        expression=str(rule.outputs["scheduleExpression"]),
        timezone="UTC",
        source="aws.events",
        input=target.outputs.get("input"),
    )


def _of_schedule(schedule: Resource) -> Plan:
    declared = schedule.outputs
    return Plan(
        name=schedule.name,
        arn=str(declared["arn"]),
        function_arn=str(declared["target"]["arn"]),
        expression=str(declared["scheduleExpression"]),
        timezone=str(declared.get("scheduleExpressionTimezone") or "UTC"),
        source="aws.scheduler",
        input=declared["target"].get("input"),
        role_arn=str(declared["target"]["roleArn"]),
        starts=_moment(declared.get("startDate")),
        ends=_moment(declared.get("endDate")),
    )


def _moment(text: str | None) -> datetime | None:
    return None if not text else datetime.fromisoformat(text).astimezone(UTC)
