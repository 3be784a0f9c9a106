"""Checks across the keys that say how an ML model is watched, on what was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ml_ledger.errors import Problem


def monitoring_problems(root: str, declaration: Mapping[str, Any]) -> Iterator[Problem]:
    """A budget that limits nothing."""
    monitoring = declaration.get("monitoring")
    budget = monitoring.get("budget") if isinstance(monitoring, Mapping) else None
    if isinstance(budget, Mapping) and not any(value is not None for value in budget.values()):
        what, fix = "limits nothing", "add 'seconds_per_run' or 'cost_per_month', or remove the key"
        yield Problem(f"{root}.monitoring.budget", what, fix=fix)
