"""Metrics of an amount, in units of the label."""

from __future__ import annotations

from collections.abc import Iterator

from ml_ledger.evaluation.estimates import Estimate, Measured, without_interval
from ml_ledger.evaluation.moments import Moments
from ml_ledger.evaluation.ranks import deciles
from ml_ledger.evaluation.rows import ScoredRows, is_earlier_version, is_scored
from ml_ledger.sql_literals import double

PINBALL = {"pinball_10": 0.1, "pinball_50": 0.5, "pinball_90": 0.9}


def measure_regression(rows: ScoredRows, judged_by: str | None = None) -> Iterator[Measured]:
    """Metrics of each scorer, and how far the first one beats the others on the same rows.

    rows: one output per scorer. judged_by: the deviance by which scorers are compared, None for squared errors alone.
    """
    numbers = range(len(rows.scorers))
    rows = rows.with_columns({f"_ml_error{i}": f"_ml_s{i}_0 - _ml_label" for i in numbers})
    if judged_by is not None:
        rows = rows.with_columns({f"_ml_deviance{i}": deviances(f"_ml_s{i}_0")[judged_by] for i in numbers})
    values = {("label", "mean_label"): "_ml_label"}
    for i, scorer in enumerate(rows.scorers):
        for metric, sql in _per_row(i).items():
            values[scorer, metric] = sql
        if is_earlier_version(scorer):
            values[scorer, "score_shift"] = f"abs(_ml_s{i}_0 - _ml_s0_0)"
        if judged_by is not None and i > 0:
            values[scorer, "deviance_reduction"] = f"_ml_deviance{i} - _ml_deviance0"
    moments = rows.moments(values)
    for (scorer, metric), found in moments.items():
        if metric == "rmse":
            yield Measured(scorer, metric, found.root())
            yield Measured(scorer, "r2", _r2(found, moments[scorer, "label"]))
        elif metric == "scored_share":
            yield Measured(scorer, metric, found.share())
        elif metric == "deviance_reduction":
            # Of a scorer that says 0 or less to some row, which no amount can be, squares of errors must do.
            of_both = moments[scorer, "squared_error_reduction"]
            yield Measured(scorer, metric, found.average() if found.n == of_both.n else None)
        elif metric.endswith("_deviance"):
            yield Measured(scorer, metric, found.average() if found.n == moments[scorer, "mae"].n else None)
        elif metric != "label":
            yield Measured(scorer, metric, found.average())
    yield from _median_absolute_error(rows)
    for i, scorer in enumerate(rows.scorers):
        for decile in () if is_earlier_version(scorer) else deciles(rows, score=f"_ml_s{i}_0"):
            part = f"score decile {decile.number}"
            yield Measured(scorer, "mean_score", decile.score.average(), part)
            yield Measured(scorer, "mean_label", decile.label.average(), part)


def _per_row(i: int) -> dict[str, str]:
    """SQL per row of what scorer number i's metrics are means of; `label` is that of the rows it scores."""
    score, error = f"_ml_s{i}_0", f"_ml_error{i}"
    values = {
        "scored_share": is_scored(score),
        "mae": f"abs({error})",
        "rmse": f"{error} * {error}",
        "mape": f"case when _ml_label <> 0 then abs({error} / _ml_label) end",
        "bias": error,
        "mean_score": score,
        "label": f"case when {score} is not null then _ml_label end",
    }
    for metric, quantile in PINBALL.items():
        above, below = double(1 - quantile), double(-quantile)
        values[metric] = f"case when {error} > 0 then {above} * {error} else {below} * {error} end"
    values |= {f"{name}_deviance": sql for name, sql in deviances(score).items()}
    if i > 0:
        values["squared_error_reduction"] = f"{error} * {error} - _ml_error0 * _ml_error0"
    return values


def deviances(score: str) -> dict[str, str]:
    """SQL per row of twice what a law of a mean `score` loses in log likelihood to one of the label itself.

    NULL where the law has no such mean or label. Tweedie's is of power 1.5 (Jørgensen, The Theory of Dispersion Models,
    1997); all as scikit-learn has them.
    """
    y = "_ml_label"
    likely = f"case when {y} > 0 then {y} * ln({y} / {score}) else 0e0 end"
    return {
        "poisson": f"case when {score} > 0 and {y} >= 0 then 2 * ({likely} - {y} + {score}) end",
        "gamma": f"case when {score} > 0 and {y} > 0 then 2 * (ln({score} / {y}) + {y} / {score} - 1) end",
        "tweedie": f"case when {score} > 0 and {y} >= 0"
        f" then 4 * ({y} / sqrt({score}) - 2 * sqrt({y}) + sqrt({score})) end",
    }


def _r2(squared_error: Moments, label: Moments) -> Estimate | None:
    """1 - mean squared error / variance of the labels that are scored; None where these are all equal."""
    if squared_error.mean is None or not label.spread or label.constant:
        return None
    return without_interval(1 - squared_error.mean / label.spread, label.n)


def _median_absolute_error(rows: ScoredRows) -> Iterator[Measured]:
    if rows.design.weighted:
        yield from _weighted_medians(rows)
        return
    errors = [f"abs(_ml_error{i})" for i in range(len(rows.scorers))]
    aggregates = ", ".join(
        f"median({error}) as _ml_m{i}, count({error}) as _ml_n{i}" for i, error in enumerate(errors)
    )
    (row,) = rows.query(f"select {aggregates} from _ml_scored_rows")
    for i, scorer in enumerate(rows.scorers):
        if row[f"n{i}"] > 0:
            yield Measured(scorer, "median_absolute_error", without_interval(row[f"m{i}"], row[f"n{i}"]))


def _weighted_medians(rows: ScoredRows) -> Iterator[Measured]:
    """The smallest error up to which rows of half the weight lie."""
    for i, scorer in enumerate(rows.scorers):
        error, weight = f"abs(_ml_error{i})", rows.design.weight
        (row,) = rows.query(
            f", _ml_ordered as (select {error} as _ml_size, sum({weight}) over (order by {error}) as _ml_up_to,"
            f" sum({weight}) over () as _ml_total from _ml_scored_rows where {error} is not null)"
            " select min(case when _ml_up_to >= _ml_total / 2 then _ml_size end) as _ml_median, count(*) as _ml_n"
            " from _ml_ordered"
        )
        if row["n"] > 0:
            yield Measured(scorer, "median_absolute_error", without_interval(row["median"], row["n"]))
