"""Clocks of a replay: the last days of periods."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

EVERY = ("day", "week", "month", "quarter")


def period_ends(start: date, end: date, every: str) -> Iterator[date]:
    """The last days of the periods from that of `start` to `end`, `end` itself included.

    every: day, week (to Sunday), month or quarter.
    """
    day = start
    while True:
        last = _last_day(day, every)
        if last >= end:
            yield end
            return
        yield last
        day = last + timedelta(days=1)


def _last_day(day: date, every: str) -> date:
    """Of the period that a day is in."""
    if every == "day":
        return day
    if every == "week":
        return day + timedelta(days=6 - day.weekday())
    month = day.month if every == "month" else (day.month + 2) // 3 * 3
    following = date(day.year + month // 12, month % 12 + 1, 1)
    return following - timedelta(days=1)
