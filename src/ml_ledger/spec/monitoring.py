"""Keys of a declaration that say how an ML model is watched; none of them trains anything."""

from __future__ import annotations

from typing import Literal

from ml_ledger.spec.base import Strict


class MonitoringSpec(Strict):
    """By which periods of its as-of dates an ML model is watched."""

    period: Literal["day", "week", "month", "quarter"] = "month"
