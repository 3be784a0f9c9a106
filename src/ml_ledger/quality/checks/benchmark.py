"""How far predictions are from what a person reaches at the same task."""

from __future__ import annotations

from collections.abc import Iterator

from ml_ledger.arrays import Matrix
from ml_ledger.declaration.gate import LIMITED_METRICS
from ml_ledger.number_words import number
from ml_ledger.quality.finding import Finding
from ml_ledger.quality.metrics_in_memory import metrics_of
from ml_ledger.quality.sample import Rows, TrainingSet


def benchmark(rows: TrainingSet, sample: Rows, predicted: Matrix) -> Iterator[Finding]:
    """One finding, a warning where the interval of the out-of-fold metric ends before the declared benchmark."""
    spec = rows.spec
    declared = spec.training_quality.benchmark if spec.training_quality else None
    if declared is None:
        return
    found = metrics_of(
        spec.task,
        sample.label,
        predicted[:, 1:] if spec.task == "binary" else predicted,
        classes=spec.classes or (),
        threshold=spec.declared_threshold,
    ).get(declared.metric)
    if found is None:
        return
    limited = LIMITED_METRICS[declared.metric]
    value = abs(found.value) if declared.metric == "bias" else found.value
    sign = 1.0 if limited.at_least else -1.0
    behind = sign * (declared.value - value)
    best = found.ci_high if limited.at_least else found.ci_low
    best = value if best is None or declared.metric == "bias" else best
    surely = sign * (declared.value - best) > 0
    interval = (
        ""
        if found.ci_low is None or found.ci_high is None
        else f" ({number(found.ci_low)} to {number(found.ci_high)})"
    )
    yield Finding(
        "benchmark",
        "warn" if surely else "info",
        declared.metric,
        value,
        declared.value,
        len(sample),
        len(sample),
        f"{declared.metric} is {number(declared.value)} for {declared.who}; out-of-fold predictions from"
        f" these features reach"
        f" {number(value)}{interval}"
        + (f", {number(behind)} behind." if behind > 0 else f", {number(-behind)} ahead."),
        "Ask what the benchmark knows that no feature says: that is the next feature. If it knows no more,"
        " look at the rows"
        " under the other findings, then at the algorithm."
        if surely
        else "Nothing: from here on, gains must come from rows that the benchmark gets wrong, too.",
    )
