"""Metrics of a probability that the label is 1."""

from __future__ import annotations

from collections.abc import Iterator

from ml_ledger.evaluation.estimates import Estimate, Measured, without_interval
from ml_ledger.evaluation.moments import Moments
from ml_ledger.evaluation.ranks import deciles, ranking
from ml_ledger.evaluation.rows import ScoredRows, is_earlier_version, is_scored, negative_log
from ml_ledger.sql_literals import double

SHARES = ("scored_share", "base_rate", "positive_share", "precision", "recall")


def measure_binary(rows: ScoredRows, threshold: float | None) -> Iterator[Measured]:
    """Metrics of each scorer, and how far the first one beats the others on the same rows.

    rows: one output per scorer. threshold: a score at or above it is a positive decision; None leaves out what
    depends on it.
    """
    rows, values = per_row(rows, threshold)
    for (scorer, metric), moments in rows.moments(values).items():
        yield mean_of(scorer, metric, moments)
    for i, scorer in enumerate(rows.scorers):
        found = ranking(rows, score=f"_ml_s{i}_0")
        if found is not None:
            yield Measured(scorer, "roc_auc", found.roc_auc)
            yield Measured(scorer, "average_precision", found.average_precision)
        if not is_earlier_version(scorer):
            yield from _by_decile(rows, i)


def per_row(rows: ScoredRows, threshold: float | None) -> tuple[ScoredRows, dict[tuple[str, str], str]]:
    """The rows with more columns, and by scorer and metric the SQL over them whose mean is the metric."""
    numbers = range(len(rows.scorers))
    of_label = {
        f"_ml_of_label{i}": f"case when _ml_label = 1 then _ml_s{i}_0 else 1 - _ml_s{i}_0 end" for i in numbers
    }
    rows = rows.with_columns(of_label)
    rows = rows.with_columns({f"_ml_loss{i}": negative_log(f"_ml_of_label{i}") for i in numbers})
    values = {("label", "base_rate"): "_ml_label"}
    for i, scorer in enumerate(rows.scorers):
        values |= {(scorer, metric): sql for metric, sql in _of_scorer(i, threshold).items()}
        if is_earlier_version(scorer):
            values[scorer, "score_shift"] = f"abs(_ml_s{i}_0 - _ml_s0_0)"
    return rows, values


def mean_of(scorer: str, metric: str, moments: Moments) -> Measured:
    """The metric of a scorer, by the moments of its values per row."""
    if metric == "overlap":
        return Measured(scorer, "f1", f1_from_overlap(moments.share()))
    return Measured(scorer, metric, moments.share() if metric in SHARES else moments.average())


def _of_scorer(i: int, threshold: float | None) -> dict[str, str]:
    """SQL per row of what scorer number i's metrics are means of."""
    score = f"_ml_s{i}_0"
    values = {
        "scored_share": is_scored(score),
        "log_loss": f"_ml_loss{i}",
        "brier": f"({score} - _ml_label) * ({score} - _ml_label)",
        "mean_score": score,
    }
    if i > 0:
        values["log_loss_reduction"] = f"_ml_loss{i} - _ml_loss0"
    if threshold is not None:
        at = double(threshold)
        decided = f"case when {score} >= {at} then 1e0 when {score} < {at} then 0e0 end"
        values |= {
            "positive_share": decided,
            "precision": f"case when {score} >= {at} then _ml_label end",
            "recall": f"case when _ml_label = 1 then {decided} end",
            "overlap": f"case when {score} >= {at} then _ml_label when _ml_label = 1 and {score} < {at} then 0e0 end",
        }
    return values


def f1_from_overlap(overlap: Estimate | None) -> Estimate | None:
    """F1 from the share J of true positives among all rows that are positive by label or by decision: 2J / (1 + J).

    That is increasing in J, so the bounds of J's interval give those of F1.
    """
    if overlap is None or overlap.ci_low is None or overlap.ci_high is None:
        return None
    value, low, high = (2 * share / (1 + share) for share in (overlap.value, overlap.ci_low, overlap.ci_high))
    return Estimate(value, low, high, overlap.n)


def _by_decile(rows: ScoredRows, i: int) -> Iterator[Measured]:
    scorer = rows.scorers[i]
    found = list(deciles(rows, score=f"_ml_s{i}_0"))
    rows_in_all = sum(decile.label.n for decile in found)
    total = sum(decile.label.weight for decile in found)
    overall = sum(decile.label.weight * (decile.label.mean or 0.0) for decile in found) / total if found else 0.0
    error = 0.0
    for decile in found:
        part, n = f"score decile {decile.number}", decile.label.n
        base_rate, mean_score = decile.label.mean or 0.0, decile.score.mean or 0.0
        error += decile.label.weight / total * abs(mean_score - base_rate)
        yield Measured(scorer, "mean_score", decile.score.average(), part)
        yield Measured(scorer, "base_rate", decile.label.share(), part)
        if overall > 0:
            yield Measured(scorer, "lift", without_interval(base_rate / overall, n), part)
    if found:
        yield Measured(scorer, "calibration_error", without_interval(error, rows_in_all))
