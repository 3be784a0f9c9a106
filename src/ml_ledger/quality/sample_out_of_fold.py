"""Predictions of rows by an estimator that saw no row of the same entity.

The estimator is scikit-learn's HistGradientBoosting, whatever the family of the ML model: it takes NULL and
levels as they are, finds interactions that a weak slice may hide in, and fits 20,000 rows in a third of a second.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.quality.sample import Ids

SMALLEST_PROBABILITY = 1e-6
MANY_ROWS = 5_000


def estimator(task: str, is_level: NDArray[np.bool_], seed: int) -> Any:
    """The unfitted estimator."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingRegressor if task == "regression" else HistGradientBoostingClassifier
    return kind(
        max_iter=60,
        max_leaf_nodes=15,
        min_samples_leaf=20,
        l2_regularization=1.0,
        categorical_features=is_level if is_level.any() else None,
        early_stopping=False,
        random_state=seed,
    )


def fitted_on(unfitted: Any, design: Matrix, label: Vector) -> Any:
    """The estimator, fitted. A column without any value is taken for a constant, since scikit-learn refuses it."""
    empty = np.isnan(design).all(axis=0)
    return unfitted.fit(np.where(empty, 0.0, design) if empty.any() else design, label)


def entity_folds(entities: Ids, seed: int, *, rows: int) -> NDArray[np.int64]:
    """The fold of each row: all rows of an entity are in the same one. Five, or three of many rows."""
    names, codes = np.unique(entities, return_inverse=True)
    count = min(len(names), 3 if rows > MANY_ROWS else 5)
    return (np.random.default_rng(seed).permutation(len(names)) % count)[codes]


def predict(fitted: Any, task: str, design: Matrix, classes: int) -> Matrix:
    """n × 1 amounts, or n × classes probabilities: of classes that the fit never saw, 0."""
    if task == "regression":
        amounts: Vector = fitted.predict(design)
        return amounts[:, None]
    probabilities = np.zeros((len(design), classes))
    probabilities[:, fitted.classes_.astype(int)] = fitted.predict_proba(design)
    return probabilities


def predicted_out_of_fold(
    task: str,
    design: Matrix,
    label: Vector,
    entities: Ids,
    *,
    is_level: NDArray[np.bool_],
    classes: int,
    seed: int,
    fitted_rows: int | None = None,
) -> Matrix:
    """Predictions of n rows, as `predict`. fitted_rows: how many of the first rows are fitted on, in all folds."""
    fitted_rows = len(label) if fitted_rows is None else min(fitted_rows, len(label))
    fold = entity_folds(entities, seed, rows=fitted_rows)
    predicted = np.full((len(label), 1 if task == "regression" else classes), np.nan)
    for number in np.unique(fold):
        train = np.flatnonzero(fold[:fitted_rows] != number)
        if not len(train):  # a single entity
            train = np.arange(fitted_rows)
        elif task != "regression" and len(np.unique(label[train])) < 2:
            predicted[fold == number] = np.bincount(label[train].astype(int), minlength=classes) / len(train)
            continue
        fitted = fitted_on(estimator(task, is_level, seed), design[train], label[train])
        predicted[fold == number] = predict(fitted, task, design[fold == number], classes)
    return predicted


def losses(task: str, label: Vector, predicted: Matrix) -> Vector:
    """What each row loses: squared error, or log loss in nats."""
    if task == "regression":
        return (label - predicted[:, 0]) ** 2
    given = predicted[np.arange(len(label)), label.astype(int)]
    clipped: Vector = np.clip(given, SMALLEST_PROBABILITY, None)
    return -np.log(clipped)
