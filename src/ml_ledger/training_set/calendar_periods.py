"""Days, weeks, months and quarters, by when they begin."""

from __future__ import annotations

from datetime import datetime


def period_start(period: str, moment: datetime) -> datetime:
    """When the day, week (from Monday), month or quarter of a moment began."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "week":
        return datetime.fromordinal(day.toordinal() - day.weekday())
    if period == "month":
        return day.replace(day=1)
    if period == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return day
