"""Labels that are probably wrong, by confident learning or by residuals, the most suspicious first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.declaration.quality import QualityLimits
from ml_ledger.number_words import number, percent
from ml_ledger.quality.fences import fences
from ml_ledger.quality.finding import Finding, Severity
from ml_ledger.quality.sample import Rows, TrainingSet
from ml_ledger.quality.sample_out_of_fold import SMALLEST_PROBABILITY, predicted_out_of_fold

INSPECTED = 100
LEVELS_OF_PREDICTION = 20
# Predictions err, too, most of all where features are extreme: residuals may lie farther out than values.
RESIDUAL_DISTANCE = 2.0
# A likelihood-ratio statistic that chance reaches in one of 40 training sets; overfitting makes it seldomer.
SURE = 4.0


@dataclass(frozen=True)
class Suspects:
    """Positions of rows whose label is doubtful, the most suspicious first, how far it is off, and a likelier
    label.

    clear: whether they are too many, and too far off, to be chance.
    """

    positions: NDArray[np.intp]
    margins: Vector
    likelier: Vector
    clear: bool


def confident_learning(label: Vector, probabilities: Matrix) -> Suspects:
    """The rows of n whose given class is not the one that they are confidently counted to.

    A row is counted to the likeliest of the classes whose probability is at least its threshold, the mean
    probability of that class over the rows that are labelled with it; ranked by the normalised margin, the
    probability of the given class minus the largest of the others (Northcutt, Jiang and Chuang
    2021, "Confident learning").
    """
    given = label.astype(int)
    classes = probabilities.shape[1]
    thresholds = np.array(
        [probabilities[given == k, k].mean() if (given == k).any() else np.inf for k in range(classes)]
    )
    confident = np.where(probabilities >= thresholds, probabilities, -1.0)
    counted = np.where(confident.max(axis=1) >= 0, confident.argmax(axis=1), given)
    own = probabilities[np.arange(len(given)), given]
    others = probabilities.copy()
    others[np.arange(len(given)), given] = -1.0
    margins = own - others.max(axis=1)
    found = np.flatnonzero((counted != given) & (margins < 0))
    found = found[np.argsort(margins[found], kind="stable")]
    _, sure = share_by_accident(label, probabilities)
    return Suspects(found, margins[found], counted[found].astype(float), sure > SURE)


def share_by_accident(label: Vector, probabilities: Matrix) -> tuple[float, float]:
    """What share of labels were exchanged whatever the features, and how sure that is.

    Of the two likeliest classes of a row, the first has the label with the probability e + (1 - 2 e) / (1 +
    exp(-b x)), x being the difference of their log probabilities: a share e is exchanged, b makes probabilities
    calibrated that are too sure of themselves. Returns e, by maximum likelihood, and the likelihood-ratio
    statistic against e = 0.
    """
    given = label.astype(int)
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :2]
    among = (order == given[:, None]).any(axis=1)
    top = np.take_along_axis(np.clip(probabilities, SMALLEST_PROBABILITY, 1), order, axis=1)[among]
    x = np.log(top[:, 0] / top[:, 1])
    first = (order[among, 0] == given[among]).astype(float)
    # Rows with about the same x count together.
    cuts = np.unique(np.round(x, 2), return_inverse=True)[1]
    n = np.bincount(cuts).astype(float)
    x, k = np.bincount(cuts, weights=x) / n, np.bincount(cuts, weights=first)

    def loss(share: float) -> float:
        def at(log_slope: float) -> float:
            p = share + (1 - 2 * share) / (1 + np.exp(-np.exp(log_slope) * x))
            p = np.clip(p, 1e-12, 1 - 1e-12)
            return float(-(k * np.log(p) + (n - k) * np.log1p(-p)).sum())

        return float(minimize_scalar(at, bounds=(-5.0, 3.0), method="bounded").fun)

    none = loss(0.0)
    best = minimize_scalar(
        lambda log_share: loss(float(np.exp(log_share))), bounds=(-14.0, -1.0), method="bounded"
    )
    return float(np.exp(best.x)), 2 * (none - float(best.fun))


def far_residuals(label: Vector, predicted: Vector, distance: float) -> Suspects:
    """The rows of n whose label lies far from its out-of-fold prediction, in units of the spread at such
    predictions.

    The spread is the median absolute residual of the rows with a similar prediction (20 groups of equal size).
    A margin is minus the scaled residual's size.
    """
    residual = label - predicted
    order = np.argsort(predicted, kind="stable")
    spread = np.empty(len(label))
    for part in np.array_split(order, min(LEVELS_OF_PREDICTION, max(1, len(label) // 50))):
        spread[part] = np.median(np.abs(residual[part]))
    usual = float(np.median(np.abs(residual)))
    scaled = residual / np.maximum(spread, max(usual * 1e-3, np.finfo(float).tiny))
    low, high = fences(scaled, distance)
    found = np.flatnonzero((scaled < low) | (scaled > high))
    found = found[np.argsort(-np.abs(scaled[found]), kind="stable")]
    return Suspects(found, -np.abs(scaled[found]), predicted[found], len(found) > 0)


def mislabels(
    rows: TrainingSet, looked_at: Rows, limits: QualityLimits, *, fitted_rows: int, is_level: NDArray[np.bool_]
) -> Iterator[Finding]:
    """A finding that ranks the rows whose label is doubtful.

    looked_at: with the context of each row. fitted_rows: how many of these are fitted on.
    """
    spec = rows.spec
    classes = spec.classes or ("0", "1")
    design = np.hstack([looked_at.design, looked_at.context])
    predicted = predicted_out_of_fold(
        spec.task,
        design,
        looked_at.label,
        looked_at.entities,
        is_level=np.concatenate([is_level, np.zeros(looked_at.context.shape[1], dtype=bool)]),
        classes=len(classes),
        seed=spec.training.seed,
        fitted_rows=fitted_rows,
    )
    if spec.task == "regression":
        suspects = far_residuals(looked_at.label, predicted[:, 0], RESIDUAL_DISTANCE * limits.outlier_distance)
    else:
        suspects = confident_learning(looked_at.label, predicted)
    count, total = len(suspects.positions), len(looked_at)
    if not count:
        return
    first = suspects.positions[:INSPECTED]
    inspected = rows.inspect(looked_at.ids[first], [str(spec.label), *spec.features])
    share = count / total
    severity: Severity = "info" if not suspects.clear else "error" if share > limits.mislabelled_share else "warn"
    yield Finding(
        "mislabels",
        severity,
        str(spec.label),
        share,
        limits.mislabelled_share,
        count,
        total,
        _evidence(rows, count, total, suspects.clear, looked_at.context.shape[1] > 0),
        "Look at the rows in the order given, until most labels are right; correct the others at their"
        " source, so that the"
        " next training set has them."
        if suspects.clear
        else "Look at the first few; if their labels are right, the outcome is partly chance, and there is"
        " nothing to fix.",
        [
            {
                **row,
                "likelier": classes[int(likelier)] if spec.task != "regression" else float(likelier),
                "margin": float(margin),
            }
            for row, likelier, margin in zip(inspected, suspects.likelier, suspects.margins, strict=False)
        ],
    )


def _evidence(rows: TrainingSet, count: int, total: int, clear: bool, by_context: bool) -> str:
    how = (
        "lies far from what a model that saw no row of the same entity predicts"
        if rows.spec.task == "regression"
        else "is not the class that a model which saw no row of the same entity is confident of"
    )
    text = f"In {number(count)} of {number(total)} rows looked at ({percent(count / total)}) the label {how}"
    text += ", from the features and from the entity's rows at neighbouring as-of dates." if by_context else "."
    if not clear:
        text += " There are no more of them than chance may make; only a look at them tells."
    return text
