"""Keys of a declaration that say how an ML model is watched; none of them trains anything."""

from __future__ import annotations

from typing import Literal

from ml_ledger.spec.base import Positive, Strict


class BudgetSpec(Strict):
    """What an ML model may take: seconds of all its nodes in one run, and what its runs of a month may cost."""

    seconds_per_run: Positive | None = None
    cost_per_month: Positive | None = None


class MonitoringSpec(Strict):
    """By which periods of its as-of dates an ML model is watched, and what its runs may take."""

    period: Literal["day", "week", "month", "quarter"] = "month"
    budget: BudgetSpec | None = None
