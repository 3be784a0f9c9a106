"""Fit an evaluated specification once more, on all rows whose labels have matured.

What is held out costs what the newest rows would have taught. The first fit, the twin, saw none of them: its metrics
are the evidence of the version, and the coefficients of the second go live.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ml_ledger.declaration import AlgorithmSpec, MLModelSpec
from ml_ledger.fitting.calibrating import calibrated
from ml_ledger.fitting.fitting import Fitted, fit_all, training_rows
from ml_ledger.fitting.measuring import check_scoring
from ml_ledger.progress import say
from ml_ledger.training_set.validation import usable_rows
from ml_ledger.warehouse import Relation, quoted

# Columns of a version that was not fitted again.
NOT_REFIT: Mapping[str, Any] = {"refit_rows": None, "refit_to": None, "twin": None}


@dataclass(frozen=True)
class Live:
    """What scores: the fits, the rows they saw, and the columns of a version that tell of a second fit.

    because: what the version says of it; None where there was one fit.
    """

    fitted: Mapping[str, Fitted]
    rows: Relation
    columns: Mapping[str, Any]
    because: str | None = None


def all_matured(rows: Relation) -> Relation:
    """The rows of a training set, all that have a label to train on; not those that never get one."""
    return rows.with_split("case when _ml_split in ('holdout', 'embargo') then 'train' else _ml_split end")


def live_fit(
    ml_model: str, spec: MLModelSpec, algorithm: AlgorithmSpec, twin: Mapping[str, Fitted], rows: Relation
) -> Live:
    """The fits that go live: those that were evaluated, or with `training.refit` of the same algorithm on all rows.

    rows: a training set. Raises TrainingSetError or VersionError, naming why.
    """
    if not spec.training.refit:
        return Live(twin, rows, NOT_REFIT)
    everything = all_matured(rows)
    fitted = fit_all(spec, algorithm, training_rows(spec, everything, "_ml_split = 'train'"))
    fitted["self"], notice = calibrated(spec, algorithm, fitted["self"], everything)
    for scored_by, item in fitted.items():
        check_scoring(spec, scored_by, item, everything, where="_ml_split = 'train'")
    as_of = f"cast({quoted(spec.as_of)} as timestamp)"
    (found,) = everything.query(
        f"select count_if({usable_rows(spec)}) as _ml_rows, max({as_of}) as _ml_to from {everything.name}"
        " where _ml_split = 'train'"
    )
    because = (
        f"refit on all {found['rows']:,} matured rows, up to {found['to']:%Y-%m-%d}: these coefficients score; what was"
        " measured is their twin, of the same specification, fitted without the holdout"
    )
    say(f"{ml_model}: {because}")
    return Live(
        fitted,
        everything,
        {
            "refit_rows": found["rows"],
            "refit_to": found["to"],
            # The bytes of an estimator are kept once, and so its twin is not.
            "twin": None if twin["self"].fit.onnx is not None else twin["self"].scoring.to_json(),
        },
        because if notice is None else f"{because}; {notice}",
    )
