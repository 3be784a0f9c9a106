"""Choose one of several candidates by time-ordered cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ml_ledger.errors import MLLedgerError, VersionError, listed
from ml_ledger.evaluation.metrics import Metric
from ml_ledger.families.base import TrainingRows
from ml_ledger.progress import say
from ml_ledger.spec import AlgorithmSpec, MLModelSpec
from ml_ledger.spec.losses import judged_by
from ml_ledger.terms.base import literal
from ml_ledger.training.fitting import fit_algorithm, training_rows
from ml_ledger.training.measuring import measured
from ml_ledger.warehouse import Relation, quoted

# What each task's candidates are compared by: smaller is better.
CRITERIA = {
    "binary": "log_loss",
    "multiclass": "log_loss",
    "regression": "rmse",
    "clustering": "mean_squared_distance",
}
ENTITY_FOLDS = 3


@dataclass(frozen=True)
class Choice:
    """The algorithm that becomes the version, why, and how all candidates did."""

    algorithm: AlgorithmSpec
    because: str | None
    metrics: Sequence[Metric]


@dataclass(frozen=True)
class Fold:
    """Rows to fit on and rows to predict, as SQL conditions."""

    name: str
    train: str
    predict: str


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
    if few:
        because += f"; score too few rows: {', '.join(f'{name} ({share:.3g})' for name, share in few.items())}"
    if failures:
        because += f"; could not be fitted: {listed(failures)}"
    return Choice(spec.candidates[best], because, metrics)


def has_all_classes(spec: MLModelSpec, training: TrainingRows) -> bool:
    """Whether there is a row of each class to train on, where the task has classes."""
    if spec.task not in ("binary", "multiclass"):
        return True
    (found,) = training.relation.query(
        f"select count(distinct {training.label}) as _ml_n from {training.relation.name}"
        f" where {training.where} and _ml_weight > 0"
    )
    return found["n"] == len(spec.classes or (0, 1))


def _mean(metrics: Sequence[Metric], scored_by: str, criterion: str) -> float | None:
    """The mean of a criterion over folds, by their rows (of a root mean square, by its squares)."""
    found = [metric for metric in metrics if metric.scored_by == scored_by and metric.metric == criterion]
    total = sum(metric.n for metric in found)
    if not total:
        return None
    if criterion == "rmse":
        return (sum(metric.n * metric.value**2 for metric in found) / total) ** 0.5
    return sum(metric.n * metric.value for metric in found) / total


def folds_of(spec: MLModelSpec, rows: Relation) -> list[Fold]:
    """The last as-of dates of the train split, each predicted from those whose labels had matured when it began.

    Where that leaves nothing to fit on: with a relaxed embargo from all earlier as-of dates, else the fold is left out.
    With one as-of date, or no fold left, the entities are split into parts instead.
    """
    as_of = f"cast({quoted(spec.as_of)} as timestamp)"
    dates = rows.query(
        f"select {as_of} as _ml_as_of, max(_ml_matured_at) as _ml_matured_at from {rows.name} where _ml_split = 'train'"
        " group by 1 order by 1"
    )
    folds = []
    for date in dates[1:][-spec.cross_validation.folds :]:
        earlier = [other for other in dates if other["as_of"] < date["as_of"]]
        matured = [other for other in earlier if other["matured_at"] <= date["as_of"]]
        used = matured or (earlier if spec.evaluation.embargo == "relaxed" else [])
        if used:
            moments = ", ".join(_moment(other["as_of"]) for other in used)
            folds.append(
                Fold(
                    name=f"as of {date['as_of']:%Y-%m-%d}",
                    train=f"_ml_split = 'train' and {as_of} in ({moments})",
                    predict=f"_ml_split = 'train' and {as_of} = {_moment(date['as_of'])}",
                )
            )
    return folds or _entity_folds(spec)


def _entity_folds(spec: MLModelSpec) -> list[Fold]:
    part = f"hash(cast({quoted(spec.entity)} as varchar)) % {ENTITY_FOLDS}"
    return [
        Fold(
            name=f"entities {number + 1} of {ENTITY_FOLDS}",
            train=f"_ml_split = 'train' and {part} <> {number}",
            predict=f"_ml_split = 'train' and {part} = {number}",
        )
        for number in range(ENTITY_FOLDS)
    ]


def _moment(at: datetime) -> str:
    return f"cast({literal(at.isoformat(sep=' '))} as timestamp)"
