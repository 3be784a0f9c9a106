"""Is a new version due, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ml_ledger.errors import MLLedgerError
from ml_ledger.spec import MLModelSpec


class ClockError(MLLedgerError):
    """A version is due at a clock before that of the newest version."""


def why_due(spec: MLModelSpec, latest: Mapping[str, Any] | None, clock: datetime) -> str | None:
    """The reason to train now, in words, or None when nothing is due.

    latest: the newest version's row, with `version`, `spec_hash` and `trained_at`; None before the first.
    clock: the business time of the run.
    Raises ClockError when the declaration changed but the clock is before the newest version's: a version trained
    now would rewrite what was live in the past.
    """
    if latest is None:
        return "first version"
    if latest["spec_hash"] != spec.fingerprint():
        if clock < latest["trained_at"]:
            raise ClockError(
                f"ml_clock: a changed declaration cannot be trained in the past; got {clock:%Y-%m-%d %H:%M},"
                f" when version {latest['version']} was trained at {latest['trained_at']:%Y-%m-%d %H:%M}."
                " Nothing was written. Fix: build at that clock or a later one, or start from a fresh warehouse."
            )
        return f"the declaration changed since version {latest['version']}"
    age = (clock - latest["trained_at"]).days
    limit = spec.training.retrain_after_days
    if age >= limit:
        return f"version {latest['version']} is {age} days old (limit {limit})"
    return None
