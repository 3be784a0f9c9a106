"""What decisions are expected to be worth before labels mature."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.declaration.decision import ValueSpec
from ml_ledger.evaluation.estimates import Measured
from ml_ledger.evaluation.value import EVERYBODY, NOBODY, in_all
from ml_ledger.monitoring.estimated.draws import expected_mean


def estimated_value(
    probability: Vector, scores: Mapping[str, Vector], value: ValueSpec, threshold: float
) -> Iterator[Measured]:
    """Expected value of the decisions about n rows, of each scorer and without a model (task binary).

    probability: of a label 1, without NaN. scores: by scorer n scores, NaN where there is none; the first one is what
    is compared with the others, on the rows that both score.
    """
    p = np.clip(probability, 0.0, 1.0)
    acts = {name: np.where(np.isnan(score), np.nan, score >= threshold) for name, score in scores.items()}
    acts |= {NOBODY: np.zeros(len(p)), EVERYBODY: np.ones(len(p))}
    acting = np.array([value.false_positive or 0.0, value.true_positive or 0.0])
    leaving = np.array([value.true_negative or 0.0, value.false_negative or 0.0])
    worth = {name: np.outer(does, acting) + np.outer(1 - does, leaving) for name, does in acts.items()}
    yield from _compared(np.column_stack([1 - p, p]), worth)


def estimated_value_of_classes(
    probability: Matrix, scores: Mapping[str, Matrix], value: ValueSpec
) -> Iterator[Measured]:
    """Expected value of the predicted classes of n rows, of each scorer (task multiclass).

    probability: n rows × classes, without NaN, each row adding up to 1. scores: by scorer n rows × classes of
    probabilities, NaN where there is none; the first one is compared with the others, as of `estimated_value`.
    """
    p = np.clip(probability, 0.0, 1.0)
    worth = {}
    for name, score in scores.items():
        decided = np.eye(p.shape[1])[np.nan_to_num(score, nan=-np.inf).argmax(axis=1)]  # the first of equals
        decided[np.isnan(score).any(axis=1)] = np.nan
        worth[name] = decided * (value.correct or 0.0) + (1 - decided) * (value.wrong or 0.0)
    yield from _compared(p, worth)


def _compared(p: Matrix, worth: Mapping[str, Matrix]) -> Iterator[Measured]:
    """Value of each scorer, and how much more the first one's decisions are worth on the same rows.

    p: n rows × labels. worth: by scorer, of the decision about each row under each label; NaN where nothing is decided.
    """
    if not len(p):
        return
    first, *others = worth
    for name, of_label in worth.items():
        per_row = _expected(p, of_label, name, "value_per_row")
        yield per_row
        yield Measured(name, "value", in_all(per_row.estimate))
    for name in others:
        yield _expected(p, worth[first] - worth[name], name, "value_gain")


def _expected(p: Matrix, of_label: Matrix, scorer: str, metric: str) -> Measured:
    known = np.isfinite(of_label).all(axis=1)
    return Measured(scorer, metric, expected_mean(p[known], of_label[known]))
