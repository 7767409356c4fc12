"""Figures, the bars they are held against, and the table they stand in."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

HEADINGS = ("what", "here", "bar", "goal", "", "for orientation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What a figure has to reach, and what it should."""

    bar: float
    goal: float
    shown: Callable[[float], str]
    is_more_better: bool = False

    def verdict(self, value: float) -> str:
        """Either "goal", "ok", or "below": the bar is not reached, whichever way is better."""
        sign = 1 if self.is_more_better else -1
        if sign * value >= sign * self.goal:
            return "goal"
        return "ok" if sign * value >= sign * self.bar else "below"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table; without a bar it stands there for scale."""

    what: str
    value: float
    shown: Callable[[float], str]
    bar: Bar | None = None
    absolute: str = ""
    """What the machine at hand makes of it; other machines differ."""

    def cells(self) -> Sequence[str]:
        if self.bar is None:
            return f"  {self.what}", self.shown(self.value), "", "", "", self.absolute
        bar = self.bar
        return (
            self.what,
            self.shown(self.value),
            self.shown(bar.bar),
            self.shown(bar.goal),
            bar.verdict(self.value),
            self.absolute,
        )


def held_against(bar: Bar, what: str, value: float, absolute: str) -> Figure:
    return Figure(what=what, value=value, shown=bar.shown, bar=bar, absolute=absolute)


def table(figures: Iterable[Figure]) -> str:
    """Columns as wide as their widest cell."""
    rows = [HEADINGS, *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def times(value: float) -> str:
    return f"{value:.2f} x"


def percent_more(value: float) -> str:
    return f"{value:+.0%}"


def count(value: float) -> str:
    return f"{value:,.0f}"


def megabytes(value: float) -> str:
    return f"{value:.0f} MB"


def seconds(value: float) -> str:
    return f"{value:.2f} s"


def share_of_core(value: float) -> str:
    return f"{value:.0%} of a core"


def milliseconds(value_s: float) -> str:
    return f"{value_s * 1000:.2f} ms"
