"""Calibrate a version: a function from its link score to the log-odds that were observed, kept as rows.

Learned out of fold: each of the last as-of dates is scored by a fit on those before it (the folds of
cross-validation), so that the scores are as far off as those of new rows will be. Class weights do not count here:
calibrated probabilities are those of the classes as they occur.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ml_ledger.coefficients import CALIBRATION, Coefficient
from ml_ledger.errors import VersionError
from ml_ledger.families.base import Fit, Matrix, TrainingRows, Vector
from ml_ledger.families.objectives import LOGISTIC
from ml_ledger.scoring.compile import compile_scoring
from ml_ledger.scoring.onnx import Scorer
from ml_ledger.spec import AlgorithmSpec, MLModelSpec
from ml_ledger.training.fitting import Fitted
from ml_ledger.training.newton import minimise
from ml_ledger.training.out_of_fold import out_of_fold
from ml_ledger.warehouse import Relation

# Isotonic regression starts from this many quantiles of the link score at most.
QUANTILES = 1000


def calibrated(spec: MLModelSpec, algorithm: AlgorithmSpec, fitted: Fitted, rows: Relation) -> Fitted:
    """The fitted algorithm with calibrating rows, where the declaration asks for them.

    Raises VersionError where nothing can be predicted out of fold.
    """
    if spec.calibration is None:
        return fitted
    with out_of_fold(spec, algorithm, rows) as together:
        if together is None:
            raise VersionError(
                "calibration: no as-of date can be predicted from those before it. Nothing was written. Fix: remove"
                " calibration until there are two as-of dates with both classes to train on."
            )
        (found,) = together.query(
            f"select count(distinct _ml_label) as _ml_n from {together.name} where _ml_weight > 0"
        )
        if found["n"] < 2:
            raise VersionError(
                "calibration: the rows that are predicted out of fold have one class. Nothing was written. Fix: remove"
                " calibration until there are as-of dates with both classes that can be predicted from earlier ones."
            )
        found = _platt(together) if spec.calibration == "platt" else _isotonic(together)
    coefficients = [*fitted.fit.coefficients, *found]
    estimator = fitted.scoring.estimator
    # Of an estimator its ONNX form, whose difference from it is known: where a step begins, the last bit decides.
    uncalibrated = fitted.fit.predict if estimator is None else Scorer(estimator.onnx, outputs=1)

    def predict(design: Matrix) -> Vector:
        return applied(found, np.asarray(uncalibrated(design), dtype=float), fitted.fit)

    fit = replace(fitted.fit, coefficients=coefficients, predict=predict)
    scoring = compile_scoring(
        coefficients, link=fit.link, dialect=rows.dialect, nodes=fit.nodes, estimator=estimator
    )
    return replace(fitted, fit=fit, scoring=scoring)


def _platt(rows: Relation) -> list[Coefficient]:
    """A line from link score to log-odds, by logistic regression without a penalty (Platt, 1999)."""
    training = TrainingRows(rows, where="true", label="_ml_label", key=("_ml_link", "_ml_label"))
    solution = minimise(training, ["_ml_link"], LOGISTIC)
    return [_row(slope=float(solution.weights[0]), value=float(solution.intercept))]


def _isotonic(rows: Relation) -> list[Coefficient]:
    """Steps that never go down, by pooling adjacent violators (Zadrozny and Elkan, 2002).

    A first step without a positive and a last one without a negative, whose log-odds are infinite, are pooled with
    their neighbour.
    """
    steps = rows.query(
        "select min(_ml_link) as _ml_lowest, max(_ml_link) as _ml_highest, sum(_ml_weight) as _ml_weight,"
        " sum(_ml_weight * _ml_label) as _ml_positive"
        f" from (select *, ceil(cume_dist() over (order by _ml_link) * {QUANTILES}) as _ml_part from"
        f" {rows.name}) as _ml_parts"
        " where _ml_weight > 0 group by _ml_part order by _ml_lowest"
    )
    blocks: list[_Block] = []
    for step in steps:
        blocks.append(_Block(*(float(step[name]) for name in ("lowest", "highest", "weight", "positive"))))
        while len(blocks) > 1 and blocks[-2].share >= blocks[-1].share:
            blocks[-2:] = [blocks[-2].pooled(blocks[-1])]
    if blocks[0].share == 0:
        blocks[:2] = [blocks[0].pooled(blocks[1])]
    if blocks[-1].share == 1:
        blocks[-2:] = [blocks[-2].pooled(blocks[-1])]
    edges = [None, *((one.highest + other.lowest) / 2 for one, other in pairwise(blocks)), None]
    return [
        _row(lower=edges[number], upper=edges[number + 1], value=math.log(block.share / (1 - block.share)))
        for number, block in enumerate(blocks)
    ]


@dataclass(frozen=True)
class _Block:
    """Rows with neighbouring link scores, and the weight of those with label 1."""

    lowest: float
    highest: float
    weight: float
    positive: float

    @property
    def share(self) -> float:
        return self.positive / self.weight

    def pooled(self, other: _Block) -> _Block:
        return _Block(self.lowest, other.highest, self.weight + other.weight, self.positive + other.positive)


def _row(**fields: float | None) -> Coefficient:
    return Coefficient(output=CALIBRATION, term=1, feature=None, applies_to="link", **fields)  # type: ignore[arg-type]


def applied(rows: Sequence[Coefficient], score: Vector, fit: Fit) -> Vector:
    """The calibrated probabilities of n scores."""
    with np.errstate(divide="ignore"):
        link = np.log(score) - np.log1p(-score) if fit.link == "logit" else score
    edges = [row.lower for row in rows[1:]]
    position = np.searchsorted(np.array(edges, dtype=float), link, side="right")
    slope = np.array([row.slope or 0.0 for row in rows])[position]
    value = np.array([row.value or 0.0 for row in rows])[position]
    with np.errstate(invalid="ignore", over="ignore"):
        line = np.where(slope == 0, value, slope * link + value)
        line = np.where(np.isnan(link), np.nan, line)
        return 1 / (1 + np.exp(-line))
