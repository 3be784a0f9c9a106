"""Fit the families that a declaration names, on the rows that it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ml_ledger.coefficients import require_finite
from ml_ledger.declaration import AlgorithmSpec, FeatureSpec, MLModelSpec, by_part
from ml_ledger.families import FAMILIES
from ml_ledger.families.family import Fit
from ml_ledger.scoring.compile import CompiledScoring, compile_scoring
from ml_ledger.scoring.onnx import OnnxScoring
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.training_set.exposure import by_exposure, with_offset
from ml_ledger.training_set.labels import label_as_double
from ml_ledger.training_set.validation import usable_rows
from ml_ledger.training_set.weights import sample_weight, weight_of_rows
from ml_ledger.warehouse import Relation, quoted


@dataclass(frozen=True)
class Fitted:
    """A fit with the SQL that scores like it. uncalibrated: of a calibrated one, which has its `predict`, the other."""

    algorithm: str
    hyperparameters: Mapping[str, Any]
    fit: Fit
    scoring: CompiledScoring
    uncalibrated: Fitted | None = None


def training_rows(spec: MLModelSpec, rows: Relation, where: str) -> TrainingRows:
    """The usable rows among those that satisfy `where`, with the declared weights. A row of weight 0 is none."""
    usable = f"{where} and {sample_weight(spec)} > 0 and {usable_rows(spec)}"
    return TrainingRows(
        rows.with_weight(weight_of_rows(spec, rows, usable)),
        where=usable,
        label=label_as_double(spec),
        key=(quoted(spec.entity), quoted(spec.as_of)),
        task=spec.task,
        classes=spec.classes or (),
        memory_mb=spec.training.memory_mb,
        may_sample=spec.training.too_large == "sample",
        weights_are=spec.training.weights_are or "frequency",
        cluster=quoted(spec.evaluation.cluster or spec.entity),
        with_tests=False,
    )


def fit_algorithm(
    spec: MLModelSpec, algorithm: AlgorithmSpec, features: Mapping[str, FeatureSpec], training: TrainingRows
) -> Fitted:
    """Fit one family and compile its rows.

    Raises TrainingSetError or VersionError, naming why.
    """
    family = FAMILIES[algorithm.family]
    hyperparameters = family.complete(algorithm.hyperparameters)
    rows = by_exposure(spec, algorithm, training)
    fitted_on = {name: feature for name, feature in features.items() if name != spec.exposure}
    fit = family.fit(
        training=rows, features=by_part(fitted_on), hyperparameters=hyperparameters, seed=spec.training.seed
    )
    fit = with_offset(spec, fit, rows)
    require_finite(fit.coefficients)
    estimator = None if fit.onnx is None else OnnxScoring(fit.onnx, fit.design, fit.accepts, fit.outputs)
    scoring = compile_scoring(
        fit.coefficients,
        link=fit.link,
        dialect=training.relation.dialect,
        nodes=fit.nodes,
        estimator=estimator,
    )
    return Fitted(algorithm.family, hyperparameters, fit, scoring)


def fit_all(spec: MLModelSpec, algorithm: AlgorithmSpec, training: TrainingRows) -> dict[str, Fitted]:
    """Fit the ML model ('self') and its baselines ('baseline:<name>') on the same training rows.

    Only the coefficients of the ML model are kept, and so only they are tested.
    """
    fitted = {"self": fit_algorithm(spec, algorithm, spec.features, replace(training, with_tests=True))}
    for name, baseline in spec.baselines.items():
        chosen = spec.features if baseline.features is None else baseline.features
        features = {feature: spec.features[feature] for feature in chosen}
        fitted[f"baseline:{name}"] = fit_algorithm(spec, baseline, features, training)
    return fitted
