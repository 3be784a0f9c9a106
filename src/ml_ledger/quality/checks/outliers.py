"""Values that lie far from all others, one feature at a time and several together."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.declaration.quality import QualityLimits
from ml_ledger.number_words import number, percent
from ml_ledger.quality.fences import fences
from ml_ledger.quality.finding import Finding
from ml_ledger.quality.sample import Rows, TrainingSet
from ml_ledger.sql_literals import double
from ml_ledger.warehouse import quoted

INSPECTED = 10
# The covariance is found on so many rows, since it takes many steps; the distances are of the whole sample.
ROWS_OF_COVARIANCE = 1_500
MOST_FEATURES = 30
FEWEST_ROWS_PER_FEATURE = 20
# A feature with one value in more rows has no spread to measure a distance in.
LARGEST_ATOM = 0.3


def outliers(rows: TrainingSet, sample: Rows, limits: QualityLimits) -> Iterator[Finding]:
    """A finding per numeric feature with values beyond the fences of the sample, counted over all training
    rows."""
    found = {
        rows.columns[position].name: fences(sample.design[:, position], limits.outlier_distance)
        for position in rows.numbers()
    }
    fenced = {name: ends for name, ends in found.items() if np.isfinite(ends).any()}
    if not fenced:
        return
    outside = {name: _outside(name, *ends) for name, ends in fenced.items()}
    aggregates = ", ".join(f"count_if({sql}) as _ml_n{place}" for place, sql in enumerate(outside.values()))
    (counts,) = rows.relation.query(
        f"select count(*) as _ml_n, {aggregates} from {rows.relation.name} where {rows.train}"
    )
    for place, (name, sql) in enumerate(outside.items()):
        count, total = counts[f"n{place}"], counts["n"]
        if not count:
            continue
        low, high = fenced[name]
        middle = float(np.nanmedian(sample.design[:, [column.name for column in rows.columns].index(name)]))
        x = f"cast({quoted(name)} as double)"
        far = rows.relation.query(
            f"select {rows.id} as _ml_id, {x} as _ml_value from {rows.relation.name} where {rows.train} and {sql}"
            f" order by abs({x} - {double(middle)}) desc, {rows.id} limit {INSPECTED}"
        )
        value = far[0]["value"]
        limit = high if value > high else low
        yield Finding(
            "outliers",
            "warn",
            name,
            value,
            limit,
            count,
            total,
            f"{name} lies outside {_range(low, high)} in {number(count)} of {number(total)} training rows"
            f" ({percent(count / total)}); the farthest is {number(value)}, the median {number(middle)}.",
            "Look at the rows: a wrong unit, a missing decimal point or a test account should be corrected or set"
            " aside in staging;"
            " for real extremes declare bounds with out_of_bounds: clip, or transform: log1p.",
            rows.inspect([row["id"] for row in far], [name]),
        )


def _outside(name: str, low: float, high: float) -> str:
    x = f"cast({quoted(name)} as double)"
    sides = [f"{x} < {double(low)}"] if np.isfinite(low) else []
    sides += [f"{x} > {double(high)}"] if np.isfinite(high) else []
    return f"coalesce({' or '.join(sides)}, false)"


def _range(low: float, high: float) -> str:
    if not np.isfinite(low):
        return f"values up to {number(high)}"
    return f"values from {number(low)}" + (f" to {number(high)}" if np.isfinite(high) else " on")


def robust_distances(design: Matrix, seed: int) -> Vector:
    """The Mahalanobis distance of each of n rows from the centre of most of them.

    By the minimum covariance determinant (Rousseeuw and Van Driessen 1999) of the first 1,500 rows, which up to
    a quarter of them cannot move. design: n × k without NaN.
    """
    from sklearn.covariance import MinCovDet

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a determinant that grew in a step, which is harmless
        fitted = MinCovDet(support_fraction=0.75, random_state=seed).fit(design[:ROWS_OF_COVARIANCE])
    squared: Vector = np.maximum(fitted.mahalanobis(design), 0)
    return np.sqrt(squared)


def normal_scores(values: Vector) -> Vector:
    """Ranks as values of a standard normal variable, NaN in the middle."""
    known = np.isfinite(values)
    scores = np.zeros(len(values))
    scores[known] = ndtri((rankdata(values[known]) - 0.5) / known.sum())
    return scores


def joint_outliers(rows: TrainingSet, sample: Rows, limits: QualityLimits) -> Iterator[Finding]:
    """A finding where rows combine values that hardly occur together, though each may be common.

    Over the numeric features as normal scores, so that a skewed feature is no outlier by itself; features with
    one value in many rows, and those that are a sum of others, are left out.
    """
    kept: list[int] = []
    scores = np.empty((len(sample), 0))
    for position in rows.numbers():
        values = sample.design[:, position]
        _, counts = np.unique(values, return_counts=True)
        if counts.max() > LARGEST_ATOM * len(values) or len(kept) == MOST_FEATURES:
            continue
        wider = np.column_stack([scores, normal_scores(values)])
        if np.linalg.matrix_rank(wider, tol=1e-3 * np.sqrt(len(wider))) == wider.shape[1]:
            scores = wider
            kept.append(position)
    if len(kept) < 2 or len(sample) < FEWEST_ROWS_PER_FEATURE * len(kept):
        return
    distances = robust_distances(scores, rows.spec.training.seed)
    _, allowed = fences(distances, limits.outlier_distance)
    far = np.flatnonzero(distances > allowed)
    if not len(far):
        return
    far = far[np.argsort(-distances[far], kind="stable")]
    names = [rows.columns[position].name for position in kept]
    first = far[:INSPECTED]
    inspected = rows.inspect(sample.ids[first], names)
    yield Finding(
        "joint_outliers",
        "warn",
        ", ".join(names),
        float(distances[far[0]]),
        float(allowed),
        len(far),
        len(sample),
        f"{number(len(far))} of {number(len(sample))} rows looked at combine values of {', '.join(names)}"
        f" that hardly occur"
        f" together: their robust Mahalanobis distance is up to {number(distances[far[0]])}, where"
        f" {number(allowed)} is the"
        f" most that was expected.",
        "Look at the rows: values of different entities or dates may have been joined; set such rows aside in"
        " staging.",
        [{**row, "distance": float(distances[place])} for row, place in zip(inspected, first, strict=True)],
    )
