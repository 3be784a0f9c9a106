"""What decisions are expected to be worth before labels mature, if the scores are the probabilities that they claim."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from ml_ledger.evaluation.estimates import Measured, normal
from ml_ledger.evaluation.value import EVERYBODY, NOBODY, in_all
from ml_ledger.spec.value import ValueSpec
from ml_ledger.warehouse import Vector


def estimated_value(
    probability: Vector, scores: Mapping[str, Vector], value: ValueSpec, threshold: float
) -> Iterator[Measured]:
    """Expected value of the decisions about n rows, of each scorer and without a model (task binary).

    probability: of a label 1, without NaN: every label is an independent draw with it. scores: by scorer n scores, NaN
    where there is none; the first one is what is compared with the others, on the rows that both score.
    """
    p = np.clip(probability, 0.0, 1.0)
    if not len(p):
        return
    nobody, everybody = np.zeros(len(p)), np.ones(len(p))
    acts = {name: np.where(np.isnan(score), np.nan, score >= threshold) for name, score in scores.items()}
    worth = {
        name: (_worth(decided, value.true_positive, value.false_negative),
               _worth(decided, value.false_positive, value.true_negative))
        for name, decided in (acts | {NOBODY: nobody, EVERYBODY: everybody}).items()
    }  # fmt: skip
    first, *others = worth
    for name, (if_positive, if_negative) in worth.items():
        per_row = _expected(p, if_positive, if_negative, name, "value_per_row")
        yield per_row
        yield Measured(name, "value", in_all(per_row.estimate))
    for name in others:
        gains = (of_first - of_other for of_first, of_other in zip(worth[first], worth[name], strict=True))
        yield _expected(p, *gains, name, "value_gain")


def _worth(decided: Vector, if_acting: float | None, if_leaving: float | None) -> Vector:
    """What each row is worth given its label; NaN where nothing was decided."""
    return decided * (if_acting or 0.0) + (1 - decided) * (if_leaving or 0.0)


def _expected(p: Vector, if_positive: Vector, if_negative: Vector, scorer: str, metric: str) -> Measured:
    known = np.isfinite(if_positive)
    n = int(known.sum())
    if not n:
        return Measured(scorer, metric, None)
    p, if_positive, if_negative = p[known], if_positive[known], if_negative[known]
    mean = float((p * if_positive + (1 - p) * if_negative).sum()) / n
    variance = float((p * (1 - p) * (if_positive - if_negative) ** 2).sum()) / n**2
    return Measured(scorer, metric, normal(mean, variance, n))
