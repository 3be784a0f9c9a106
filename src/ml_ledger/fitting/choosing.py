"""Choose one of several candidates by cross-validation: in the order of time, or by entity."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ml_ledger.declaration import AlgorithmSpec, MLModelSpec
from ml_ledger.declaration.gate import WHOLE_DATASET
from ml_ledger.declaration.ml_model import judged_by
from ml_ledger.errors import MLLedgerError, VersionError, listed
from ml_ledger.evaluation.measure import Metric
from ml_ledger.fitting.fitting import fit_algorithm, training_rows
from ml_ledger.fitting.measuring import measured
from ml_ledger.progress import say
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.training_set.folds import Fold, corrected_interval, folds_of, tiny
from ml_ledger.warehouse import Relation

# What each task's candidates are compared by: smaller is better.
CRITERIA = {
    "binary": "log_loss",
    "multiclass": "log_loss",
    "regression": "rmse",
    "clustering": "mean_squared_distance",
}


@dataclass(frozen=True)
class Choice:
    """The algorithm that becomes the version, why, and how all candidates did."""

    algorithm: AlgorithmSpec
    because: str | None
    metrics: Sequence[Metric]


def choose(ml_model: str, spec: MLModelSpec, rows: Relation) -> Choice:
    """The declared algorithm, or the best of the declared candidates.

    Every candidate is fitted and measured on the same folds; a fold's rows to fit on had matured when its rows to
    predict began. A candidate that cannot be fitted is out, and says why.
    Raises VersionError when none can be fitted.
    """
    if spec.candidates is None:
        assert spec.algorithm is not None
        return Choice(spec.algorithm, None, [])
    folds = folds_of(spec, rows)
    say(f"{ml_model}: choosing among {listed(spec.candidates)} on {len(folds)} folds")
    if (notice := tiny(folds)) is not None:
        say(f"{ml_model}: {notice}")
    metrics: list[Metric] = []
    failures: dict[str, str] = {}
    used = 0
    for fold in folds:
        training = training_rows(spec, rows, fold.train)
        if not has_all_classes(spec, training):
            continue
        used += 1
        scorers = {}
        for name, algorithm in spec.candidates.items():
            if name in failures:
                continue
            try:
                scorers[f"candidate:{name}"] = fit_algorithm(spec, algorithm, spec.features, training).scoring
            except MLLedgerError as error:
                failures[name] = str(error)
                say(f"{ml_model}: candidate {name} is out: {error}")
        if scorers:
            found = measured(spec, rows, scorers, {"cross_validation": fold.predict})
            metrics += [replace(metric, slice=fold.name) for metric in found if metric.slice == "all"]
    judged = judged_by(spec)
    criterion = CRITERIA[spec.task] if judged is None else f"{judged}_deviance"
    means = {
        name: mean
        for name in spec.candidates
        if name not in failures and (mean := _mean(metrics, f"candidate:{name}", criterion)) is not None
    }
    if not used:
        raise VersionError(
            f"candidates: none of the {len(folds)} folds has a row of each class to train on. Nothing was written. Fix:"
            " declare one algorithm until there are more as-of dates or labels of each class."
        )
    # A mean over the easy rows alone is no merit, and a version that scores so few would fail the gate.
    least = spec.gate.minimum_scored_share
    shares = {name: _mean(metrics, f"candidate:{name}", "scored_share") or 0.0 for name in means}
    few = {name: share for name, share in shares.items() if share < least}
    means = {name: mean for name, mean in means.items() if name not in few}
    reasons = [f"{name}: {error}" for name, error in failures.items()]
    reasons += [f"{name} scores {share:.3g} of the rows, and {least:g} must be" for name, share in few.items()]
    if not means:
        raise VersionError(
            f"candidates: none of them could be fitted and measured. Nothing was written. {'; '.join(reasons)}"
        )
    best = min(means, key=lambda name: means[name])
    figures = ", ".join(f"{name} {mean:.6g}" for name, mean in means.items())
    because = f"{best} has the lowest {criterion.replace('_', ' ')} over {used} folds: {figures}"
    because = "; ".join(filter(None, [because, _ahead(best, means, metrics, criterion, folds), tiny(folds)]))
    if few:
        because += f"; score too few rows: {', '.join(f'{name} ({share:.3g})' for name, share in few.items())}"
    if failures:
        because += f"; could not be fitted: {listed(failures)}"
    return Choice(spec.candidates[best], because, _kept(metrics, folds))


def _kept(metrics: Sequence[Metric], folds: Sequence[Fold]) -> list[Metric]:
    """What a version keeps of its candidates: each fold's metrics, and of folds by entity their mean with an interval.

    Where all entities are split several times, the means alone.
    """
    repeats = max(fold.repeat or 0 for fold in folds)
    if not repeats:
        return list(metrics)
    count, first = len(folds) // repeats, {fold.name for fold in folds if fold.repeat == 1}
    by_figure: dict[tuple[str, str], list[Metric]] = {}
    for metric in metrics:
        by_figure.setdefault((metric.scored_by, metric.metric), []).append(metric)
    means = []
    for found in by_figure.values():
        mean, low, high = corrected_interval([metric.value for metric in found], count)
        n = sum(metric.n for metric in found if metric.slice in first)
        ci = (None, None) if math.isnan(low) else (low, high)
        means.append(replace(found[0], slice=WHOLE_DATASET, value=mean, ci_low=ci[0], ci_high=ci[1], n=n))
    return [*(metrics if repeats == 1 else []), *means]


def _ahead(
    best: str, means: Mapping[str, float], metrics: Sequence[Metric], criterion: str, folds: Sequence[Fold]
) -> str | None:
    """How far the best candidate is ahead of the next one, of folds by entity, with an interval of the differences."""
    repeats = max(fold.repeat or 0 for fold in folds)
    others = sorted((name for name in means if name != best), key=lambda name: means[name])
    if not repeats or not others:
        return None
    of = {
        name: {m.slice: m.value for m in metrics if (m.scored_by, m.metric) == (f"candidate:{name}", criterion)}
        for name in (best, others[0])
    }
    differences = [value - of[best][fold] for fold, value in of[others[0]].items() if fold in of[best]]
    mean, low, high = corrected_interval(differences, len(folds) // repeats)
    return f"ahead of {others[0]} by {mean:.3g} (95 % interval {low:.3g} to {high:.3g})"


def has_all_classes(spec: MLModelSpec, training: TrainingRows) -> bool:
    """Whether there is a row of each class to train on, where the task has classes."""
    if spec.task not in ("binary", "multiclass"):
        return True
    (found,) = training.relation.query(
        f"select count(distinct {training.label}) as _ml_n from {training.relation.name}"
        f" where {training.where} and _ml_weight > 0"
    )
    return int(found["n"]) == len(spec.classes or (0, 1))


def _mean(metrics: Sequence[Metric], scored_by: str, criterion: str) -> float | None:
    """The mean of a criterion over folds, by their rows (of a root mean square, by its squares)."""
    found = [metric for metric in metrics if metric.scored_by == scored_by and metric.metric == criterion]
    total = sum(metric.n for metric in found)
    if not total:
        return None
    if criterion == "rmse":
        root: float = (sum(metric.n * metric.value**2 for metric in found) / total) ** 0.5
        return root
    return sum(metric.n * metric.value for metric in found) / total
