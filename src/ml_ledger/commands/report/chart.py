"""Marks of SVG on a time axis that all charts of a page share. Lengths are pixels, of a drawing 1,000 wide."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

from ml_ledger.number_words import number

WIDTH, LEFT, RIGHT = 1000, 230, 985
NARROWEST = 2.0
MOST_TICKS = 14


@dataclass(frozen=True)
class TimeAxis:
    """The time from start to end, drawn from LEFT to RIGHT."""

    start: datetime
    end: datetime

    def x(self, moment: datetime) -> float:
        """Where a moment is; what lies outside is drawn at the edge."""
        share = (moment - self.start) / max(self.end - self.start, timedelta(microseconds=1))
        return LEFT + min(max(share, 0.0), 1.0) * (RIGHT - LEFT)

    def months(self) -> list[datetime]:
        """Firsts of months to be labelled, as many as there is room for."""
        first = self.start.year * 12 + self.start.month - 1
        last = self.end.year * 12 + self.end.month - 1
        step = max(1, math.ceil((last - first + 1) / MOST_TICKS))
        every = [datetime(month // 12, month % 12 + 1, 1) for month in range(first, last + 1, step)]
        return [moment for moment in every if self.start <= moment <= self.end]

    def drawn(self, height: float) -> Iterator[str]:
        """Lines at months, and their names below."""
        for moment in self.months():
            x = self.x(moment)
            yield line(x, 0, x, height, "grid")
            yield text(x + 3, height + 14, f"{moment:%b %Y}", "tick")


@dataclass(frozen=True)
class ValueAxis:
    """Values from low, at the pixel bottom, to high, at the pixel top."""

    low: float
    high: float
    top: float
    bottom: float

    @classmethod
    def of(cls, values: Sequence[float], top: float, bottom: float) -> ValueAxis:
        """With room around the values."""
        low, high = min(values), max(values)
        room = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
        return cls(low - room, high + room, top, bottom)

    def y(self, value: float) -> float:
        """Where a value is."""
        return self.bottom - (value - self.low) / (self.high - self.low) * (self.bottom - self.top)

    def ticks(self) -> list[float]:
        """Two to five round values."""
        rough = (self.high - self.low) / 4
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
        first = math.ceil(self.low / step)
        return [count * step for count in range(first, math.floor(self.high / step) + 1)]

    def drawn(self) -> Iterator[str]:
        """Lines at round values, and the values beside them."""
        for value in self.ticks():
            yield line(LEFT, self.y(value), RIGHT, self.y(value), "zero" if value == 0 else "grid")
            yield text(LEFT - 8, self.y(value) + 4, number(value), "tick end")


def line(x1: float, y1: float, x2: float, y2: float, kind: str, title: str = "") -> str:
    """A straight line. kind: its class in the style of the page."""
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line class="{kind}" {ends}>{_title(title)}</line>'


def box(x1: float, y: float, x2: float, height: float, kind: str, title: str = "", strength: float = 1.0) -> str:
    """A rectangle, at least NARROWEST wide. strength: from 0, see-through, to 1."""
    width = max(x2 - x1, NARROWEST)
    opacity = "" if strength >= 1 else f' fill-opacity="{strength:.2f}"'
    return (
        f'<rect class="{kind}" x="{x1:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="2"{opacity}>'
        f"{_title(title)}</rect>"
    )


def dot(x: float, y: float, kind: str, title: str = "", radius: float = 3.5) -> str:
    """A filled circle."""
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}">{_title(title)}</circle>'


def path(points: Sequence[tuple[float, float]], kind: str) -> str:
    """Points joined by straight lines."""
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline class="{kind}" points="{joined}"/>'


def text(x: float, y: float, words: str, kind: str, title: str = "") -> str:
    """Words, from x to the right unless the kind says otherwise."""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(words)}{_title(title)}</text>'


def label(y: float, words: str, title: str = "") -> str:
    """The name of a lane, left of it; shortened where it would not fit."""
    longest = 34
    short = words if len(words) <= longest else words[: longest - 1] + "…"
    return text(LEFT - 10, y, short, "name end", title or (words if short != words else ""))


def legend(entries: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Words and the kind of line that they explain, one below the other, left of a chart."""
    for place, (words, kind) in enumerate(entries):
        y = 24 + place * 18
        yield line(8, y - 4, 24, y - 4, f"line {kind}")
        yield text(30, y, words, "tick")


def drawing(height: float, marks: Sequence[str], axis: TimeAxis, about: str) -> str:
    """An SVG of marks over the months of the axis. about: what it shows, for those who do not see it."""
    return (
        f'<svg viewBox="0 0 {WIDTH} {height + 20:.0f}" role="img" aria-label="{escape(about, quote=True)}">'
        + "".join([*axis.drawn(height), *marks])
        + "</svg>"
    )


def _title(words: str) -> str:
    return f"<title>{escape(words)}</title>" if words else ""
