"""Concept drift: whether labels still follow from scores as they did when the version was released."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import chi2

from ml_ledger.declaration import MLModelSpec
from ml_ledger.declaration.monitoring import DriftSpec
from ml_ledger.evaluation.estimates import Z95
from ml_ledger.evaluation.measure import Metric, measure
from ml_ledger.evaluation.moments import CLUSTER, ROW_WEIGHT
from ml_ledger.fitting.measuring import measure_options
from ml_ledger.monitoring.decided import cluster_of, label_and_scores, weight_of
from ml_ledger.monitoring.drift.column_drift import Test
from ml_ledger.monitoring.drift.significance import difference_test, rows_worth
from ml_ledger.number_words import number, percent
from ml_ledger.warehouse import Relation

# What says how well a version does, by task: the metric, its name in words, and whether more is better.
WATCHED = {
    "binary": (("roc_auc", "AUC", True),),
    "multiclass": (("log_loss", "log loss", False),),
    "regression": (("rmse", "RMSE", False), ("bias", "mean score less mean label", None)),
}
RELEASED = "holdout"
DECILE = re.compile(r"score decile (\d+)")


@dataclass(frozen=True)
class Concept:
    """One metric in use, against the same at release. p_value: None where it cannot be compared."""

    metric: str
    value: float
    ci_low: float | None
    ci_high: float | None
    reference_value: float | None
    n: int
    reference_n: int | None
    p_value: float | None
    effect: bool
    cause: str
    is_worse: bool


def concepts(spec: MLModelSpec, labelled: Relation, released: str, limits: DriftSpec) -> Iterator[Concept]:
    """Metrics of decisions whose label has matured.

    labelled: with `label` and scores as `measure` reads them, by the scorer 'self'. released: the version's metrics, as
    JSON.
    """
    now = [
        m for m in measure(labelled, scorers=["self"], **measure_options(spec, "realised")) if _own(m.scored_by)
    ]
    then = [
        Metric(**row)
        for row in json.loads(released or "[]")
        if row["dataset"] == RELEASED and _own(row["scored_by"])
    ]
    overall = {m.metric: m for m in then if m.slice == "all"}
    for name, words, more_is_better in WATCHED.get(spec.task, ()):
        found = next((m for m in now if m.metric == name and m.slice == "all"), None)
        if found is not None:
            scale = _scale(name, overall)
            yield _compared(found, overall.get(name), words, more_is_better, limits.smallest_metric_change * scale)
    if spec.task == "binary":
        yield from _calibration(_deciles(now), _deciles(then), limits)


def concept_rows(spec: MLModelSpec, labelled: Relation, released: str, limits: DriftSpec) -> list[dict[str, Any]]:
    """A row per metric of labelled decisions; tests are beside them, as `_tests`. released: as `concepts` takes it."""
    columns = {name: f"cast({sql} as double)" for name, sql in label_and_scores(spec).items()}
    columns[CLUSTER] = cluster_of(spec)
    if (weight := weight_of(spec)) is not None:
        columns[ROW_WEIGHT] = weight
    selected = ", ".join(f"{sql} as {name}" for name, sql in columns.items())
    with labelled.materialised(f"select {selected} from {labelled.name}") as scored:
        with_label = scored.filtered("_ml_label is not null")
        return [_concept_row(concept) for concept in concepts(spec, with_label, released, limits)]


def _concept_row(found: Concept) -> dict[str, Any]:
    row = {
        "part": "concept",
        "metric": found.metric,
        "n": found.n,
        "reference_n": found.reference_n,
        "value": found.value,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "reference_value": found.reference_value,
    }
    if found.p_value is None:
        return {**row, "status": "not_measured", "cause": f"{found.cause}; without an interval at release"}
    p_value = found.p_value if found.effect else 1.0
    test = Test(p_value, f"concept drift: {found.cause}", "warn" if found.is_worse else "info")
    return {**row, "p_value": p_value, "_tests": [test]}


def _own(scored_by: str) -> bool:
    return scored_by == "self"


def _scale(name: str, released: Mapping[str, Metric]) -> float:
    """What the smallest change is a share of: errors have the unit of the label."""
    error = released.get("rmse")
    return error.value if name in ("rmse", "bias") and error is not None else 1.0


def _compared(
    now: Metric, then: Metric | None, words: str, more_is_better: bool | None, smallest: float
) -> Concept:
    text = f"{words} {_with_interval(now)}"
    p_value, error, other_error = None, _error(now), _error(then)
    if then is not None:
        text += f", {number(then.value)} at release"
        if error is not None and other_error is not None:
            p_value = difference_test(now.value, error, then.value, other_error)
    change = 0.0 if then is None else now.value - then.value
    return Concept(
        metric=now.metric,
        value=now.value,
        ci_low=now.ci_low,
        ci_high=now.ci_high,
        reference_value=None if then is None else then.value,
        n=now.n,
        reference_n=None if then is None else then.n,
        p_value=p_value,
        effect=abs(change) >= smallest,
        cause=text,
        is_worse=more_is_better is None or (change < 0) is more_is_better,
    )


def _error(metric: Metric | None) -> float | None:
    """The standard error of which the interval was made."""
    if metric is None or metric.ci_low is None or metric.ci_high is None:
        return None
    return (metric.ci_high - metric.ci_low) / (2 * Z95)


def _with_interval(metric: Metric) -> str:
    if metric.ci_low is None or metric.ci_high is None:
        return number(metric.value)
    return f"{metric.value:.3g} ({metric.ci_low:.3g} to {metric.ci_high:.3g})"


def _deciles(metrics: Sequence[Metric]) -> dict[int, tuple[float, float, float]]:
    """By decile: what its rows are worth, share of positive labels, mean score."""
    found: dict[int, dict[str, Any]] = {}
    for metric in metrics:
        match = DECILE.fullmatch(metric.slice)
        if match and metric.metric in ("base_rate", "mean_score"):
            row = found.setdefault(int(match[1]), {"n": float(metric.n)})
            row[metric.metric] = metric.value
            if metric.metric == "base_rate" and metric.ci_low is not None and metric.ci_high is not None:
                worth = rows_worth(metric.value, metric.ci_low, metric.ci_high)
                row["n"] = min(row["n"], worth or row["n"])
    return {
        decile: (row["n"], row["base_rate"], row["mean_score"])
        for decile, row in found.items()
        if {"base_rate", "mean_score"} <= set(row)
    }


def _calibration(
    now: Mapping[int, tuple[float, float, float]],
    then: Mapping[int, tuple[float, float, float]],
    limits: DriftSpec,
) -> Iterator[Concept]:
    """Hosmer and Lemeshow's statistic of how far labels are from scores, less how far they were at release.

    A score is taken for the probability that it claims to be, so that a decile's labels are Bernoulli draws.
    """
    both = sorted(set(now) & set(then))
    if not both:
        return
    n, rate, score = np.array([now[decile] for decile in both]).T
    m, rate_then, score_then = np.array([then[decile] for decile in both]).T
    off, off_then = rate - score, rate_then - score_then
    spread = np.maximum(score * (1 - score), 1e-9) / n + np.maximum(score_then * (1 - score_then), 1e-9) / m
    change = off - off_then
    largest = int(np.argmax(np.abs(change) * n))
    error = float((n * np.abs(off)).sum() / n.sum())
    error_then = float((m * np.abs(off_then)).sum() / m.sum())
    yield Concept(
        metric="calibration_error",
        value=error,
        ci_low=None,
        ci_high=None,
        reference_value=error_then,
        n=int(n.sum()),
        reference_n=int(m.sum()),
        p_value=float(chi2.sf((change**2 / spread).sum(), len(both))),
        effect=float((n * np.abs(change)).sum() / n.sum()) >= limits.smallest_metric_change,
        cause=(
            f"scores are off by {percent(error)} on average, {percent(error_then)} at release: in score decile"
            f" {both[largest]}, {percent(rate[largest])} are positive and {percent(score[largest])} were expected"
        ),
        is_worse=error > error_then,
    )
