"""Would more rows help? How the loss falls as more of them are fitted on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ml_ledger.arrays import Vector
from ml_ledger.number_words import number
from ml_ledger.quality.finding import Finding
from ml_ledger.quality.sample import Rows, TrainingSet
from ml_ledger.quality.sample_out_of_fold import entity_folds, estimator, fitted_on, losses, predict

SHARES = (0.125, 0.25, 0.5)
FEWEST_ROWS = 200
# Of the loss, what doubling the rows must save to be worth the while.
WORTH = 0.01
STANDARD_ERRORS = 2.0
UNSURE = "too few rows to tell whether more would help"


def learning_curve(
    rows: TrainingSet, sample: Rows, loss: Vector, *, all_rows: int, is_level: NDArray[np.bool_]
) -> Iterator[Finding]:
    """One finding: what the last doubling of the rows saved, on rows of other entities.

    loss: out of fold, of each row of the sample, by fits on all other folds. Smaller fits are on random
    entities of these.
    """
    if len(sample) < FEWEST_ROWS:
        return
    task, seed = rows.spec.task, rows.spec.training.seed
    classes = len(rows.spec.classes or ("0", "1"))
    fold = entity_folds(sample.entities, seed, rows=len(sample))
    names, codes = np.unique(sample.entities, return_inverse=True)
    turn = np.random.default_rng(seed + 1).permutation(len(names))[codes] / len(names)
    tested = fold == 0
    means, sizes, half = [], [], loss
    for share in SHARES:
        train = np.flatnonzero(~tested & (turn < share))
        if task != "regression" and len(np.unique(sample.label[train])) < 2:
            continue
        fitted = fitted_on(estimator(task, is_level, seed), sample.design[train], sample.label[train])
        half = losses(task, sample.label[tested], predict(fitted, task, sample.design[tested], classes))
        means.append(float(half.mean()))
        sizes.append(len(train))
    if not means:
        return
    sizes.append(int((~tested).sum()))
    means.append(float(loss[tested].mean()))
    gain = half - loss[tested]
    units = np.unique(sample.entities[tested], return_inverse=True)[1]
    sums = np.bincount(units, weights=gain - gain.mean())
    error = float(np.sqrt((sums**2).sum())) / len(gain)
    saved, low = float(gain.mean()), float(gain.mean()) - STANDARD_ERRORS * error
    high = saved + STANDARD_ERRORS * error
    helps = low > 0 and saved > WORTH * means[-1]
    unsure = not helps and high > 3 * WORTH * means[-1]
    kind = "squared error" if task == "regression" else "log loss"
    curve = ", ".join(f"{number(mean)} on {number(size)}" for mean, size in zip(means, sizes, strict=True))
    sampled = len(sample) < all_rows
    verdict = f"The last doubling saved {number(saved)} ({number(low)} to {number(high)}): " + (
        "more rows help" if helps else UNSURE if unsure else "more rows of the same kind would hardly help"
    )
    beyond = f"; the training set has {number(all_rows)}" if sampled else ""
    yield Finding(
        "learning_curve",
        "info",
        "number of training rows",
        saved,
        None,
        sizes[-1],
        len(sample),
        f"Out-of-fold {kind} by rows fitted on: {curve}. {verdict}{beyond}.",
        _next_step(helps, unsure, sampled),
    )


def _next_step(helps: bool, unsure: bool, sampled: bool) -> str:
    if (helps or unsure) and sampled:
        return "Raise training_quality.sample_rows to see whether the whole training set is enough."
    if helps:
        return "Collect more rows: further entities, or earlier as-of dates where these are like today's."
    if unsure:
        return "Nothing yet: assess again when there are more rows."
    return "Do not wait for more rows: look for more informative features, and fix what the other findings show."
