"""Is a new version due, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ml_ledger.spec import MLModelSpec


def why_due(spec: MLModelSpec, latest: Mapping[str, Any] | None, clock: datetime) -> str | None:
    """The reason to train now, in words, or None when nothing is due.

    latest: the newest version's row, with `version`, `spec_hash` and `trained_at`; None before the first.
    clock: the business time of the run.
    """
    if latest is None:
        return "first version"
    if latest["spec_hash"] != spec.fingerprint():
        return f"the declaration changed since version {latest['version']}"
    age = (clock - latest["trained_at"]).days
    limit = spec.training.retrain_after_days
    if age >= limit:
        return f"version {latest['version']} is {age} days old (limit {limit})"
    return None
