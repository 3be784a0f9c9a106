"""Train / holdout shift: does the holdout look like what is trained on?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from ml_ledger.arrays import Vector
from ml_ledger.declaration.quality import QualityLimits
from ml_ledger.evaluation.distances import stability_index
from ml_ledger.number_words import number, percent
from ml_ledger.quality.finding import Finding, Severity
from ml_ledger.quality.metrics_in_memory import metrics_of
from ml_ledger.quality.sample import Column, Rows, TrainingSet
from ml_ledger.quality.sample_out_of_fold import predicted_out_of_fold

BINS = 10
SIGNIFICANCE = 0.01
# Rows of each side that the domain classifier sees.
ROWS_OF_CLASSIFIER = 5_000
FEWEST_ROWS = 50


def shift_of(train: Vector, holdout: Vector, *, is_level: bool) -> tuple[float, int]:
    """The population stability index over quantile bins of `train` (levels, where these are codes), and how
    many groups.

    NULL is a group.
    """
    known = train[np.isfinite(train)]
    distinct = np.unique(known)
    if is_level or len(distinct) <= BINS:
        values = np.unique(np.concatenate([known, holdout[np.isfinite(holdout)]]))
        p, q = (_counts(np.searchsorted(values, side), side, len(values)) for side in (train, holdout))
    else:
        # Above the largest value is nothing: where a quantile is there, the group below it ends one value earlier.
        edges = np.unique(np.minimum(np.quantile(known, np.arange(1, BINS) / BINS), distinct[-2]))
        p, q = (
            _counts(np.searchsorted(edges, side, side="left"), side, len(edges) + 1) for side in (train, holdout)
        )
    return stability_index(q, p), int(np.sum(p + q > 0))


def _counts(groups: NDArray[np.intp], side: Vector, groups_of_values: int) -> Vector:
    codes = np.where(np.isfinite(side), groups, groups_of_values)
    return np.bincount(codes, minlength=groups_of_values + 1).astype(float)


def by_chance(groups: int, train: int, holdout: int, features: int) -> float:
    """The index that chance alone stays below in all of so many features, 99 times of 100.

    Of two samples of the same distribution it is, times n m / (n + m), chi-squared with groups - 1 degrees of
    freedom.
    """
    return float(chi2.isf(SIGNIFICANCE / features, max(groups - 1, 1)) * (1 / train + 1 / holdout))


def shift(rows: TrainingSet, sample: Rows, held_out: Rows, limits: QualityLimits) -> Iterator[Finding]:
    """A finding per feature (or part of a date) whose distribution in the holdout is another one."""
    if min(len(sample), len(held_out)) < FEWEST_ROWS:
        return
    shifted = []
    for position, column in enumerate(rows.columns):
        one, other = sample.design[:, position], held_out.design[:, position]
        index, groups = shift_of(one, other, is_level=column.levels is not None)
        allowed = max(limits.shift, by_chance(groups, len(one), len(other), len(rows.columns)))
        if index > allowed:
            shifted.append((index, allowed, column, one, other))
    for index, allowed, column, one, other in sorted(shifted, key=lambda item: (-item[0], item[2].name)):
        gone = np.isnan(other).all() and not np.isnan(one).all()
        severity: Severity = "error" if gone else "warn"
        yield Finding(
            "shift",
            severity,
            column.name,
            index,
            allowed,
            len(other),
            len(one) + len(other),
            f"{column.name} is distributed otherwise in the holdout than in training: population stability index"
            f" {number(index)}, of which chance and the limit allow {number(allowed)}."
            f" {_in_words(column, one, other)}",
            "Find out what changed between the as-of dates: the source, the unit, or the business. A feature"
            " that only grows with"
            " time (an age, a running total) is better as a ratio or a difference.",
        )


def _in_words(column: Column, one: Vector, other: Vector) -> str:
    before, after = np.isnan(one).mean(), np.isnan(other).mean()
    if after - before > 0.05:
        return f"NULL in {percent(before)} of the training rows, in {percent(after)} of the holdout."
    if column.levels is not None:
        changes = [float((other == code).mean() - (one == code).mean()) for code in range(len(column.levels))]
        code = int(np.argmax(np.abs(changes)))
        return (
            f"{column.levels[code]} in {percent((one == code).mean())} of the training rows, in"
            f" {percent((other == code).mean())} of the holdout."
        )
    return f"Median {number(np.nanmedian(one))} in training, {number(np.nanmedian(other))} in the holdout."


def domain_classifier(
    rows: TrainingSet, sample: Rows, held_out: Rows, limits: QualityLimits, is_level: NDArray[np.bool_]
) -> Iterator[Finding]:
    """A finding where a model can tell rows of the holdout from training rows, of entities that it never saw."""
    one, other = sample.first(ROWS_OF_CLASSIFIER), held_out.first(ROWS_OF_CLASSIFIER)
    if min(len(one), len(other)) < FEWEST_ROWS:
        return
    design = np.vstack([one.design, other.design])
    entities = np.concatenate([one.entities, other.entities])
    is_held_out = np.concatenate([np.zeros(len(one)), np.ones(len(other))])
    predicted = predicted_out_of_fold(
        "binary", design, is_held_out, entities, is_level=is_level, classes=2, seed=rows.spec.training.seed
    )
    area = metrics_of("binary", is_held_out, predicted[:, 1:]).get("roc_auc")
    if area is None or area.ci_low is None or area.ci_low <= limits.domain_auc:
        return
    yield Finding(
        "domain_classifier",
        "warn",
        "all features",
        area.value,
        limits.domain_auc,
        len(other),
        len(one) + len(other),
        f"From the features alone a model tells holdout rows from training rows with an area under the ROC"
        f" curve of"
        f" {number(area.value)} ({number(area.ci_low)} to {number(area.ci_high or 1.0)}); 0.5 is chance.",
        "See the findings of check `shift` for the features that changed. The holdout is then another"
        " population than the rows"
        " that are trained on: trust it more than cross-validation, and watch production as closely.",
    )
