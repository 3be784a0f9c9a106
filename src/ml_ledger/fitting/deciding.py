"""The threshold of a positive decision: as declared, or the one with the highest value on validation.

Validation rows are training rows, each predicted by a fit on earlier ones. The holdout, on which the gate looks, has no
say in it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ml_ledger.arrays import Vector
from ml_ledger.declaration import AlgorithmSpec, MLModelSpec
from ml_ledger.declaration.decision import ValueSpec
from ml_ledger.errors import VersionError
from ml_ledger.fitting.calibration_rows import applied, calibrating_rows
from ml_ledger.fitting.fitting import Fitted
from ml_ledger.fitting.out_of_fold import out_of_fold
from ml_ledger.scoring.words import LARGEST
from ml_ledger.warehouse import Relation


@dataclass(frozen=True)
class Threshold:
    """A score at or above `value` is a positive decision; None where there is no policy. diagnostics: of the choice."""

    value: float | None
    because: str | None = None
    diagnostics: Mapping[str, float] = field(default_factory=dict)


def decide_threshold(spec: MLModelSpec, algorithm: AlgorithmSpec, fitted: Fitted, rows: Relation) -> Threshold:
    """The declared threshold, or the best one where the declaration asks for it.

    rows: a training set. Raises VersionError where nothing can be predicted out of fold.
    """
    if not spec.chooses_threshold:
        return Threshold(spec.declared_threshold)
    assert spec.value is not None
    with out_of_fold(spec, algorithm, rows) as predicted:
        score, link, label = (
            (np.empty(0), np.empty(0), np.empty(0))
            if predicted is None
            else predicted.doubles(
                ["_ml_score", "_ml_link", "_ml_label"], where="_ml_score is not null and _ml_label is not null"
            )
        )
    if not len(score):
        raise VersionError(
            "decision.threshold: no training row can be predicted from earlier ones, to see which threshold is worth"
            " most. Nothing was written. Fix: declare a number until there are rows of both classes to train on."
        )
    calibration = calibrating_rows(fitted.fit)
    if calibration:
        score = applied(calibration, link[:, None], fitted.fit.link)[:, 0]
    return best_threshold(score, label, spec.value, spec.task)


def best_threshold(score: Vector, label: Vector, value: ValueSpec, task: str) -> Threshold:
    """The threshold whose decisions about n rows are worth most; of equal ones the highest, which acts least.

    It lies midway between two scores that occur, or above or below all of them.
    """
    if_acting, if_leaving = worth_of_decisions(label, value, task)
    order = np.argsort(-score, kind="stable")
    ranked, gain = score[order], (if_acting - if_leaving)[order]
    # Acting on so many of the highest scores; equal ones are decided alike.
    acted = np.r_[0, np.flatnonzero(ranked[1:] < ranked[:-1]) + 1, len(ranked)]
    per_row = (if_leaving.sum() + np.r_[0.0, np.cumsum(gain)][acted]) / len(score)
    best = int(np.argmax(per_row))
    k = int(acted[best])
    if k == 0:
        threshold = (
            (ranked[0] + 1) / 2
            if task == "binary" and ranked[0] < 1
            else min(math.nextafter(ranked[0], math.inf), LARGEST)
        )
    elif k == len(ranked):
        threshold = ranked[-1] / 2 if task == "binary" else ranked[-1]
    else:
        threshold = ranked[k - 1] / 2 + ranked[k] / 2
        if not ranked[k] < threshold:  # neighbours without a double between them
            threshold = ranked[k - 1]

    def nearby(share: float) -> float:
        """Value per row if so many more rows were acted on."""
        return float(per_row[np.argmin(np.abs(acted - k * (1 + share)))])

    diagnostics = {
        "threshold.value_per_row": float(per_row[best]),
        "threshold.value_per_row_10_percent_fewer": nearby(-0.1),
        "threshold.value_per_row_10_percent_more": nearby(0.1),
        "threshold.value_per_row_nobody": float(per_row[0]),
        "threshold.value_per_row_everybody": float(per_row[-1]),
        "threshold.positive_share": k / len(score),
        "threshold.rows": float(len(score)),
    }
    because = (
        f"threshold {threshold:.6g} is worth most of {len(score):,} training rows predicted from earlier ones:"
        f" {per_row[best]:.6g} {value.unit} per row; {nearby(-0.1):.6g} if a tenth fewer were positive,"
        f" {nearby(0.1):.6g} if a tenth more, {per_row[0]:.6g} if nobody, {per_row[-1]:.6g} if everybody"
    )
    return Threshold(float(threshold), because, diagnostics)


def worth_of_decisions(label: Vector, value: ValueSpec, task: str) -> tuple[Vector, Vector]:
    """What a positive and what a negative decision about each of n rows is worth."""
    if task == "binary":
        return (
            np.where(label == 1, value.true_positive or 0.0, value.false_positive or 0.0),
            np.where(label == 1, value.false_negative or 0.0, value.true_negative or 0.0),
        )
    return (value.positive_fixed or 0.0) + (value.positive_per_unit or 0.0) * label, np.zeros(len(label))
