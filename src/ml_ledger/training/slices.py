"""The declared slices of a dataset, as SQL."""

from __future__ import annotations

from ml_ledger.rules import sql_of
from ml_ledger.spec import MLModelSpec
from ml_ledger.spec.gate_checks import slice_condition


def slice_conditions(spec: MLModelSpec) -> dict[str, str]:
    """SQL over the features of a row, by name of the slice; where it is NULL the row is not in the slice."""
    conditions = {}
    for name, part in (spec.slices or {}).items():
        condition, _ = slice_condition(part.where, spec.features, f"slices.{name}.where")
        conditions[name] = sql_of(condition)
    return conditions
