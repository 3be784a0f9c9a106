"""Train a version from the rows of a training set: what the versions node appends, and what a reproduction compares."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ml_ledger import coefficients
from ml_ledger.declaration import MLModelSpec
from ml_ledger.finite_json import finite_json
from ml_ledger.fitting.calibrating import calibrated
from ml_ledger.fitting.choosing import Choice, choose
from ml_ledger.fitting.deciding import Threshold, decide_threshold
from ml_ledger.fitting.fitting import Fitted, fit_all, training_rows
from ml_ledger.fitting.refitting import Live, live_fit
from ml_ledger.progress import say
from ml_ledger.warehouse import Relation


@dataclass(frozen=True)
class FittedVersion:
    """What follows from a declaration and the rows of a training set alone.

    choice: of the algorithm. evaluated: the fits that are measured, by scorer: 'self', calibrated where declared, and
    'baseline:<name>'. threshold: of a positive decision. live: what scores.
    """

    spec: MLModelSpec
    fingerprint: str
    choice: Choice
    evaluated: Mapping[str, Fitted]
    threshold: Threshold
    live: Live

    def because(self) -> list[str]:
        """Why this algorithm and this threshold, as far as there is something to say."""
        return [text for text in (self.choice.because, self.threshold.because) if text]

    def row(self) -> dict[str, Any]:
        """The columns of the version that say what it is."""
        own = self.live.fitted["self"]
        onnx = own.fit.onnx
        return {
            "algorithm": self.choice.algorithm.family,
            "hyperparameters": finite_json(
                own.hyperparameters, what="hyperparameters", sort_keys=True, ensure_ascii=True
            ),
            "features": json.dumps(own.scoring.features),
            "link": own.scoring.link,
            **self.live.columns,
            "training_set_fingerprint": self.fingerprint,
            "seed": self.spec.training.seed,
            "threshold": self.threshold.value,
            "coefficients": coefficients.to_json(own.fit.coefficients),
            "nodes": coefficients.to_json(own.fit.nodes),
            "scoring": own.scoring.to_json(),
            "baselines": json.dumps(_scorings_of_baselines(self.live.fitted), ensure_ascii=False),
            "onnx": onnx,
            "estimator_sha256": None if onnx is None else hashlib.sha256(onnx).hexdigest(),
            "spec": self.spec.canonical_json(),
            "spec_hash": self.spec.fingerprint(),
        }


def fit_version(ml_model: str, spec: MLModelSpec, rows: Relation) -> FittedVersion:
    """Choose the algorithm, fit it and the baselines, set the threshold, and fit what goes live.

    rows: a training set. Nothing is written, so that a version can be trained again from rows that were kept.
    Raises TrainingSetError or VersionError, naming why.
    """
    choice = choose(ml_model, spec, rows)
    fitted = fit_all(spec, choice.algorithm, training_rows(spec, rows, "_ml_split = 'train'"))
    fitted["self"], notice = calibrated(spec, choice.algorithm, fitted["self"], rows)
    if notice is not None:
        say(f"{ml_model}: {notice}")
        choice = replace(choice, because="; ".join(filter(None, [choice.because, notice])))
    return FittedVersion(
        spec=spec,
        fingerprint=fingerprint_of(spec, rows),
        choice=choice,
        evaluated=fitted,
        threshold=decide_threshold(spec, choice.algorithm, fitted["self"], rows),
        live=live_fit(ml_model, spec, choice.algorithm, fitted, rows),
    )


def fingerprint_of(spec: MLModelSpec, rows: Relation) -> str:
    """The fingerprint of what a version is trained and measured on (the macro `training_rows` computes it as well)."""
    splits = "('train', 'holdout')" if not spec.training.refit else "('train', 'holdout', 'embargo')"
    used = [
        spec.entity,
        spec.as_of,
        spec.label,
        "_ml_split",
        "_ml_weight",
        spec.training.sample_weight,
        spec.evaluation.cluster,
        spec.evaluation.weight,
        *spec.features,
    ]
    return rows.fingerprint([column for column in used if column is not None], where=f"_ml_split in {splits}")


def _scorings_of_baselines(fitted: Mapping[str, Fitted]) -> dict[str, str]:
    """What each baseline scores with, by its name; but for estimators, which are kept of the version alone."""
    return {
        name.partition(":")[2]: item.scoring.to_json()
        for name, item in fitted.items()
        if name != "self" and item.fit.onnx is None
    }
