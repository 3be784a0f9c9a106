"""The business clock as people give it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from ml_ledger.declaration.key_types import moment_of
from ml_ledger.errors import Problem


def clock_problem(where: str, given: object) -> Problem | None:
    """What is wrong with a clock, as the macro `clock` finds it; None where nothing is.

    given: a text, or a date or timestamp of YAML. where: its key or option.
    """
    text = str(given).strip()
    moment = moment_of(text)
    if moment is None:
        allowed = "1998-06-30 or 1998-06-30 18:00:00, in UTC"
        return Problem(where, "must be a date or a timestamp that exists", f"'{text}'", allowed)
    if moment.date() > today() + timedelta(days=1):
        return Problem(where, "must not be after today", f"'{text}'", "a moment up to now, in UTC")
    return None


def today() -> date:
    """The date in UTC."""
    return datetime.now(UTC).date()
