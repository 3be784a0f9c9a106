"""Weak slices: parts of the training set with worse predictions than the rest, which a good average hides."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.number_words import number, percent
from ml_ledger.quality.checks.slice_search import FEWEST_ROWS, WeakSlice, find_weak_slices, groupings
from ml_ledger.quality.finding import Finding
from ml_ledger.quality.sample import Rows, TrainingSet
from ml_ledger.quality.sample_out_of_fold import SMALLEST_PROBABILITY, estimator, fitted_on, predict

ROWS_OF_PROMISE = 4_000
LEVELS_OF_PREDICTION = 20
INSPECTED = 10


def excess_over_promise(
    task: str,
    sample: Rows,
    loss: Vector,
    predicted: Matrix,
    members: NDArray[np.bool_],
    *,
    is_level: NDArray[np.bool_],
    seed: int,
) -> Vector:
    """Per row of a slice, what it loses beyond what the other rows promise. Where labels or features of the
    slice are spoilt, that is much; where the slice is only hard, little.

    loss, predicted: of all rows, out of fold. The promise is the entropy of the probabilities that a model
    gives which saw no row of the slice; of a regression, the mean loss of the other rows with a similar
    prediction.
    """
    others = np.flatnonzero(~members)
    if task == "regression":
        return loss[members] - _usual_at(predicted[others, 0], loss[others], predicted[members, 0])
    train = others[:ROWS_OF_PROMISE]
    if len(np.unique(sample.label[train])) < 2:
        return np.zeros(int(members.sum()))
    # Smaller than the other fits, as an overfitted model promises too much.
    smaller = estimator(task, is_level, seed).set_params(max_iter=40, max_leaf_nodes=8)
    fitted = fitted_on(smaller, sample.design[train], sample.label[train])
    promised: Matrix = np.clip(
        predict(fitted, task, sample.design[members], predicted.shape[1]), SMALLEST_PROBABILITY, 1
    )
    promise: Vector = -(promised * np.log(promised)).sum(axis=1)
    return loss[members] - promise


def _usual_at(predicted: Vector, loss: Vector, at: Vector) -> Vector:
    """The mean loss of rows with about the same prediction, in 20 groups; of amounts, also what a power of the
    prediction says, whichever is more: errors grow with amounts, and the largest may all be in the slice.
    """
    order = np.argsort(predicted, kind="stable")
    parts = np.array_split(order, max(1, min(LEVELS_OF_PREDICTION, len(order) // FEWEST_ROWS)))
    means = np.array([loss[part].mean() for part in parts])
    group = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    usual = means[group[np.minimum(np.searchsorted(predicted[order], at), len(order) - 1)]]
    centres = np.array([predicted[part].mean() for part in parts])
    if len(parts) < 3 or predicted.min() <= 0 or at.min() <= 0 or means.min() <= 0:
        return usual
    power, level = np.polyfit(np.log(centres), np.log(means), 1)
    expected: Vector = np.maximum(usual, np.exp(level + power * np.log(at)))
    return expected


def weak_slices(
    rows: TrainingSet, sample: Rows, loss: Vector, predicted: Matrix, *, is_level: NDArray[np.bool_]
) -> Iterator[Finding]:
    """A finding per weak slice, a warning, and per hard one, for information.

    loss, predicted: out of fold, of each row of the sample.
    """
    task = rows.spec.task
    excess = partial(
        excess_over_promise,
        task,
        sample,
        loss,
        predicted,
        is_level=is_level,
        seed=rows.spec.training.seed,
    )
    for part in find_weak_slices(groupings(rows.columns, sample.design), loss, sample.entities, excess):
        worst = np.flatnonzero(part.members)
        worst = worst[np.argsort(-loss[worst], kind="stable")][:INSPECTED]
        inspected = rows.inspect(sample.ids[worst], [str(rows.spec.label), *rows.spec.features])
        yield Finding(
            "weak_slice",
            "warn" if part.is_weak else "info",
            part.words,
            part.difference,
            0.0,
            int(part.members.sum()),
            len(sample),
            _evidence(task, part, loss),
            "Look at the rows first: are their labels and features what they should be? If so, add a feature"
            " that tells them"
            " apart, collect more of them, or declare the slice under `slices` with a limit."
            if part.is_weak
            else "Nothing is wrong; only a feature that tells these rows apart would help.",
            [{**row, "loss": float(loss[place])} for row, place in zip(inspected, worst, strict=True)],
        )


def _evidence(task: str, part: WeakSlice, loss: Vector) -> str:
    kind = "squared error" if task == "regression" else "log loss"
    count, total = int(part.members.sum()), len(loss)
    mean = float(loss[part.members].mean())
    text = (
        f"Where {part.words}, {number(count)} of {number(total)} rows looked at ({percent(count / total)}),"
        f" the out-of-fold"
        f" {kind} is {number(mean)} per row against {number(mean - part.difference)} on the rest: worse by"
        f" {number(part.difference)} ({number(part.low)} to {number(part.high)}, an interval that holds for all"
        f" {number(part.tried)} slices tried)."
    )
    if part.is_weak:
        return text + " By what the other rows promise, it should be easier there."
    return text + " Outcomes are more even there, or spread wider, and the other rows promise no better."
