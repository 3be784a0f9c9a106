"""What the versions node does: validate, train when due, measure, and return the one row to append."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from ml_ledger import coefficients
from ml_ledger.errors import VersionError
from ml_ledger.evaluation.metrics import Metric, binary_metrics, regression_metrics
from ml_ledger.families import FAMILIES
from ml_ledger.families.base import Fit, TrainingRows
from ml_ledger.progress import say
from ml_ledger.scoring.compile import CompiledScoring, compile_scoring
from ml_ledger.spec import AlgorithmSpec, FeatureSpec, MLModelSpec, parse_spec
from ml_ledger.training.due import why_due
from ml_ledger.training.provenance import git_commit, library_versions
from ml_ledger.training.validation import usable_rows, validate_algorithms, validate_columns, validate_rows
from ml_ledger.training.version import version_table
from ml_ledger.warehouse import Relation, quoted

# The SQL of a version must give its estimator's own scores to within this (relative to scores above 1), or the version
# is refused.
SCORING_TOLERANCE = 1e-9


def train_if_due(*, ml_model: str, spec: Mapping[str, Any], training_set: Any, history: Any) -> pa.Table:
    """Train a version of an ML model if one is due.

    ml_model: its name under `vars.ml_models`. spec: its declaration, as written there.
    training_set: the relation that the macro `training_set` built. history: the versions so far, or None.

    Returns an Arrow table with one row to append, or none when no version is due.
    Raises SpecError or TrainingSetError, naming every problem, before anything is trained or written.
    """
    declared = parse_spec(ml_model, spec)
    rows = Relation(training_set, name="training_set")
    versions = [] if history is None else _versions(Relation(history, name="history"))
    latest = versions[-1] if versions else None
    validate_columns(ml_model, declared, rows)
    clock, invocation_id = _run_of(rows)
    # Without a row there is no clock: nothing has matured, which is an error only before the first version.
    reason = "first version" if latest is None else clock and why_due(declared, latest, clock)
    if not reason:
        say(f"{ml_model}: no new version is due" + (f" at {clock:%Y-%m-%d}" if clock else ""))
        return version_table(None)
    validate_algorithms(ml_model, declared)
    validate_rows(ml_model, declared, rows)
    number = 1 if latest is None else latest["version"] + 1
    say(f"{ml_model}: training version {number}: {reason}")
    fitted = _fit_all(declared, rows)
    metrics = _measure(declared, rows, fitted, versions)
    window = _window(declared, rows)
    row = {
        "ml_model": ml_model,
        "version": number,
        "task": declared.task,
        "algorithm": declared.algorithm.family,
        "hyperparameters": json.dumps(fitted["self"].hyperparameters, sort_keys=True),
        "features": json.dumps(fitted["self"].scoring.features),
        "link": fitted["self"].scoring.link,
        "trained_because": reason,
        "trained_at": clock,
        **window,
        "training_set_fingerprint": rows.fingerprint(
            [declared.entity, declared.as_of, declared.label, "split", "weight", *declared.features],
            where="split in ('train', 'holdout')",
        ),
        "seed": declared.training.seed,
        "threshold": None if declared.decision is None else float(declared.decision.threshold),
        "coefficients": coefficients.to_json(fitted["self"].fit.coefficients),
        "metrics": json.dumps([asdict(metric) for metric in metrics], allow_nan=False),
        "scoring": fitted["self"].scoring.to_json(),
        "diagnostics": json.dumps(dict(fitted["self"].fit.diagnostics), sort_keys=True),
        "spec": declared.canonical_json(),
        "spec_hash": declared.fingerprint(),
        "library_versions": library_versions(),
        "git_commit": git_commit(),
        "invocation_id": invocation_id,
        "recorded_at": datetime.now(UTC).replace(tzinfo=None),
    }
    say(f"{ml_model}: trained version {number} on {window['train_rows']:,} rows; {_headline(metrics)}")
    return version_table(row)


@dataclass(frozen=True)
class Fitted:
    """A fit with the SQL that scores like it."""

    fit: Fit
    hyperparameters: Mapping[str, Any]
    scoring: CompiledScoring


def _versions(history: Relation) -> list[dict[str, Any]]:
    return history.query(f"select version, spec_hash, trained_at, scoring from {history.name} order by version")


def _run_of(rows: Relation) -> tuple[datetime | None, str | None]:
    """The clock for which the training set was assembled, and the dbt invocation; None where it has no row."""
    (row,) = rows.query(f"select max(known_at) as clock, max(invocation_id) as invocation_id from {rows.name}")
    return row["clock"], row["invocation_id"]


def _window(spec: MLModelSpec, rows: Relation) -> dict[str, Any]:
    as_of = f"cast({quoted(spec.as_of)} as timestamp)"
    (row,) = rows.query(
        f"select min(case when split = 'train' then {as_of} end) as train_from,"
        f" max(case when split = 'train' then {as_of} end) as train_to,"
        f" min(case when split = 'holdout' then {as_of} end) as holdout_from,"
        f" max(case when split = 'holdout' then {as_of} end) as holdout_to,"
        f" max(case when split = 'train' then matured_at end)"
        f" > min(case when split = 'holdout' then {as_of} end) as labels_overlap_holdout,"
        f" count_if(split = 'train' and {usable_rows(spec)}) as train_rows,"
        f" count_if(split = 'holdout') as holdout_rows"
        f" from {rows.name}"
    )
    return row


def _fit_all(spec: MLModelSpec, rows: Relation) -> dict[str, Fitted]:
    """Fit the ML model ('self') and its baselines ('baseline:<name>') on the same training rows."""
    training = TrainingRows(
        rows,
        where=f"split = 'train' and {usable_rows(spec)}",
        label=quoted(spec.label),
        key=(quoted(spec.entity), quoted(spec.as_of)),
        task=spec.task,
    )
    wanted: dict[str, tuple[AlgorithmSpec, Mapping[str, FeatureSpec]]] = {"self": (spec.algorithm, spec.features)}
    for name, baseline in spec.baselines.items():
        chosen = spec.features if baseline.features is None else baseline.features
        wanted[f"baseline:{name}"] = (baseline, {feature: spec.features[feature] for feature in chosen})
    fitted = {}
    for scored_by, (algorithm, features) in wanted.items():
        family = FAMILIES[algorithm.family]
        hyperparameters = family.complete(algorithm.hyperparameters)
        fit = family.fit(
            training=training, features=features, hyperparameters=hyperparameters, seed=spec.training.seed
        )
        scoring = compile_scoring(fit.coefficients, link=fit.link, dialect=rows.dialect)
        fitted[scored_by] = Fitted(fit, hyperparameters, scoring)
    return fitted


def _measure(
    spec: MLModelSpec, rows: Relation, fitted: Mapping[str, Fitted], versions: list[dict[str, Any]]
) -> list[Metric]:
    """Metrics on both splits of the version, of its baselines and of every earlier version that still can score.

    All of them are scored by their SQL, as production does, on the same rows.
    """
    scorers = {scored_by: item.scoring for scored_by, item in fitted.items()}
    metrics: list[Metric] = []
    measured = binary_metrics if spec.task == "binary" else regression_metrics
    for version in versions:
        scored_by, scoring = f"version:{version['version']}", CompiledScoring.from_json(version["scoring"])
        if set(scoring.features) <= set(rows.types):
            scorers[scored_by] = scoring
        else:  # it reads a column that is gone
            metrics.append(Metric("holdout", "all", scored_by, "scored_share", 0.0, None, None, 0))
    for split in ("train", "holdout"):
        where = f"split = '{split}'"
        *arrays, label = rows.scores(list(scorers.values()), [quoted(spec.label)], where=where)
        metrics += measured(dataset=split, label=label, scores=dict(zip(scorers, arrays, strict=True)))
        for scored_by, item in fitted.items():
            _check_scoring(scored_by, item, rows, where)
    return metrics


def _check_scoring(scored_by: str, fitted: Fitted, rows: Relation, where: str) -> None:
    """Refuse a version whose SQL scores other rows than it should, or other than its estimator does."""
    accepts = f"case when {fitted.fit.accepts} then 1 else 0 end"
    from_sql, accepted, *columns = rows.scores([fitted.scoring], [accepts, *fitted.fit.design], where=where)
    scored = np.isfinite(from_sql)
    design = np.column_stack(columns) if columns else np.empty((len(scored), 0))
    worst = float("inf")
    if np.array_equal(scored, accepted == 1):
        expected = fitted.fit.predict(design[scored]) if scored.any() else from_sql[scored]
        differences = np.abs(from_sql[scored] - expected) / np.maximum(1.0, np.abs(expected))
        worst = float(np.max(differences, initial=0.0))
    if worst > SCORING_TOLERANCE:
        raise VersionError(
            f"{scored_by}: the SQL of the version does not reproduce its estimator; got a difference of"
            f" {worst:.3g}. Allowed: {SCORING_TOLERANCE:.0e}. Nothing was written. Fix: where a feature lies"
            " millions of deviations from zero, subtract a constant from it in the feature model; otherwise"
            " report this as a bug of ml_ledger with the declaration of the ML model."
        )


def _headline(metrics: list[Metric]) -> str:
    for name, title in (("roc_auc", "AUC"), ("rmse", "RMSE")):
        parts = [
            f"{metric.scored_by} {metric.value:.4f}"
            for metric in metrics
            if metric.dataset == "holdout" and metric.metric == name
        ]
        if parts:
            return f"holdout {title}: " + ", ".join(parts)
    return "nothing in the holdout could be scored"
