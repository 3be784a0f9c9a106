"""The declared slices of a dataset: as SQL, and measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ml_ledger.declaration import MLModelSpec
from ml_ledger.declaration.gate import WHOLE_DATASET
from ml_ledger.declaration.slices_and_groups import slice_condition
from ml_ledger.evaluation.measure import Metric, measure
from ml_ledger.rules import sql_of
from ml_ledger.warehouse import Relation


def slice_conditions(spec: MLModelSpec) -> dict[str, str]:
    """SQL over the features of a row, by name of the slice; where it is NULL the row is not in the slice."""
    conditions = {}
    for name, part in (spec.slices or {}).items():
        condition, _ = slice_condition(part.where, spec.features, f"slices.{name}.where")
        conditions[name] = sql_of(condition)
    return conditions


def slice_columns(conditions: Mapping[str, str]) -> dict[str, str]:
    """SQL of a column per slice, 1 for its rows and else NULL, by the name that `measured_slices` reads."""
    return {f"_ml_slice{n}": f"case when {sql} then 1 end" for n, sql in enumerate(conditions.values())}


def measured_slices(
    scored: Relation, names: Iterable[str], *, scorer: str, options: Mapping[str, Any]
) -> Iterable[Metric]:
    """Metrics of the first scorer on each slice.

    scored: as of `measure`, with the columns of `slice_columns`. names: of the slices, in that order. options: other
    arguments of `measure`.
    """
    for n, name in enumerate(names):
        for metric in measure(scored.filtered(f"_ml_slice{n} = 1"), scorers=[scorer], **options):
            if metric.slice == WHOLE_DATASET:
                yield replace(metric, slice=name)
