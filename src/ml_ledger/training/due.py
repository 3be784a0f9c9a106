"""Is a new version due, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ml_ledger.declaration import MLModelSpec
from ml_ledger.errors import MLLedgerError
from ml_ledger.training_set.calendar_periods import period_start


class ClockError(MLLedgerError):
    """A version is due at a clock before that of the newest version."""


def why_due(
    spec: MLModelSpec,
    latest: Mapping[str, Any] | None,
    clock: datetime,
    *,
    rows: int = 0,
    alerts: Sequence[Mapping[str, Any]] = (),
) -> str | None:
    """The reason to train now, in words, or None when nothing is due.

    latest: the newest version's row, with `version`, `spec_hash`, `trained_at` and `rows`, how many its training set
    had; None before the first. clock: the business time of the run. rows: how many the training set has now.
    alerts: what the last run left open of the ML model, as rows of the node `ml_last_alerts`.
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
    if age < 0 or age < spec.retraining.cool_down_days:
        return None
    return _why_retrain(spec, latest, clock, rows, alerts)


def _why_retrain(
    spec: MLModelSpec, latest: Mapping[str, Any], clock: datetime, rows: int, alerts: Sequence[Mapping[str, Any]]
) -> str | None:
    policy = spec.retraining
    reasons = [
        f"alert {alert['rule']} since {alert['first_seen']:%Y-%m-%d}: {alert['message']}"
        for alert in sorted(alerts, key=lambda alert: (alert["severity"], alert["first_seen"], alert["alert_id"]))
        if alert["rule"] in policy.on_alerts
        and alert["severity"] in ("warn", "error")
        and alert["acknowledged_by"] is None
        and alert["slot"] in (None, "champion")  # that a challenger does worse is what an experiment is for
    ]
    if reasons:
        return "; ".join(reasons)
    new = rows - (latest.get("rows") or 0)
    if policy.new_rows is not None and new >= policy.new_rows:
        return f"{new:,} new rows since version {latest['version']} (limit {policy.new_rows:,})"
    if policy.schedule is not None and period_start(policy.schedule, clock) > latest["trained_at"]:
        return f"the first build of a {policy.schedule} (schedule)"
    return None
