"""When a schedule is due: rate, cron and at expressions of EventBridge.

Source: EventBridge Scheduler user guide, "Schedule types"; EventBridge user guide, "Setting a schedule pattern" (read
2026-11-21).
"""

import calendar
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

EXPRESSION = re.compile(r"(rate|cron|at)\((.+)\)")
UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
LAST_YEAR = 2199
HORIZON_DAYS = 366 * 8
"""Further ahead than any leap day is."""
Due = Callable[[datetime], datetime | None]
"""The first moment after another, None when there is none."""


class BadExpression(ValueError):
    """Not a rate, cron or at expression."""


def due(expression: str, timezone: str, begun: datetime) -> Due:
    """Rates count from `begun`. Moments are aware. Raises BadExpression."""
    found = EXPRESSION.fullmatch(expression.strip())
    if found is None:
        raise BadExpression(expression)
    kind, text = found[1], found[2]
    zone = ZoneInfo(timezone)
    try:
        if kind == "rate":
            return _rate(text, begun)
        if kind == "at":
            return _at(datetime.fromisoformat(text).replace(tzinfo=zone))
        return Cron.parsed(text, zone).after
    except (ValueError, KeyError) as error:
        raise BadExpression(f"{expression}: {error}") from error


def _rate(text: str, begun: datetime) -> Due:
    number, unit = text.split()
    step = int(number) * UNITS[unit.rstrip("s")]

    def after(moment: datetime) -> datetime:
        return begun + ((moment - begun) // step + 1) * step

    return after


def _at(moment: datetime) -> Due:
    return lambda other: moment if other < moment else None


@dataclass(frozen=True, kw_only=True)
class Cron:
    """Six fields: minutes, hours, days of the month, months, days of the week, years."""

    minutes: Sequence[int]
    hours: Sequence[int]
    days: str
    months: Sequence[int]
    weekdays: str
    years: Sequence[int]
    zone: ZoneInfo

    @classmethod
    def parsed(cls, text: str, zone: ZoneInfo) -> "Cron":
        """Raises ValueError."""
        minutes, hours, days, months, weekdays, years = text.upper().split()
        if (days == "?") == (weekdays == "?"):
            raise ValueError("one of day-of-month and day-of-week must be ?")
        return cls(
            minutes=values(minutes, 0, 59),
            hours=values(hours, 0, 23),
            days=days,
            months=values(_numbered(months, MONTHS), 1, 12),
            weekdays=_numbered(weekdays, DAYS),
            years=values(years, 1970, LAST_YEAR),
            zone=zone,
        )

    def after(self, moment: datetime) -> datetime | None:
        here = moment.astimezone(self.zone)
        for ahead in range(HORIZON_DAYS):
            day = here.date() + timedelta(days=ahead)
            if self._is_on(day):
                due_at = next((at for at in self._moments(day) if at > moment), None)
                if due_at is not None:
                    return due_at
        return None

    def _moments(self, day: date) -> Iterator[datetime]:
        """In UTC, where an hour that the clocks skip is none: its moments fall together with later ones."""
        for hour in self.hours:
            for minute in self.minutes:
                yield datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone).astimezone(UTC)

    def _is_on(self, day: date) -> bool:
        if day.month not in self.months or day.year not in self.years:
            return False
        if self.weekdays == "?":
            return any(is_month_day(part, day) for part in self.days.split(","))
        return any(is_weekday(part, day) for part in self.weekdays.split(","))


def is_month_day(part: str, day: date) -> bool:
    """`L` is the last day, `LW` the last weekday, `15W` the weekday nearest to the 15th within the month."""
    length = calendar.monthrange(day.year, day.month)[1]
    if part == "L":
        return day.day == length
    if part.endswith("W"):
        wanted = length if part == "LW" else int(part[:-1])
        return day.day == nearest_weekday(day.year, day.month, min(wanted, length))
    return day.day in values(part, 1, 31)


def nearest_weekday(year: int, month: int, number: int) -> int:
    weekday = calendar.weekday(year, month, number)
    if weekday == calendar.SATURDAY:
        return number - 1 if number > 1 else number + 2
    if weekday == calendar.SUNDAY:
        return number + 1 if number < calendar.monthrange(year, month)[1] else number - 2
    return number


def is_weekday(part: str, day: date) -> bool:
    """1 is Sunday; `6L` is the last Friday, `2#3` the third Monday."""
    number = day.isoweekday() % 7 + 1
    if part == "L":
        return number == 7
    if part.endswith("L"):
        is_last = day.day + 7 > calendar.monthrange(day.year, day.month)[1]
        return number == int(part[:-1]) and is_last
    if "#" in part:
        wanted, _, week = part.partition("#")
        return number == int(wanted) and (day.day - 1) // 7 + 1 == int(week)
    return number in values(part, 1, 7)


def values(field: str, first: int, last: int) -> tuple[int, ...]:
    """Those of `*`, `5`, `1-5`, `0/15`, `1-5/2` and lists of them, in order. Raises ValueError."""
    found = {number for part in field.split(",") for number in _values(part, first, last)}
    if any(not first <= number <= last for number in found):
        raise ValueError(f"{field} is not within {first} and {last}")
    return tuple(sorted(found))


def _values(part: str, first: int, last: int) -> Iterator[int]:
    span, _, step = part.partition("/")
    begin, _, end = span.partition("-")
    if span in {"*", "?"}:
        yield from range(first, last + 1, int(step or 1))
    elif end or step:
        yield from range(int(begin), int(end or last) + 1, int(step or 1))
    else:
        yield int(begin)


def _numbered(field: str, names: Sequence[str]) -> str:
    for number, name in enumerate(names, start=1):
        field = field.replace(name, str(number))
    return field
