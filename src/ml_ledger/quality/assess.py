"""What the node <ml_model>_training_quality does: every check on a training set, one row per finding."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from ml_ledger.declaration import parse_spec
from ml_ledger.declaration.quality import TrainingQualitySpec
from ml_ledger.progress import say
from ml_ledger.quality.checks.balance import class_imbalance
from ml_ledger.quality.checks.benchmark import benchmark
from ml_ledger.quality.checks.collinearity import collinearity
from ml_ledger.quality.checks.columns import constant_columns, duplicate_columns
from ml_ledger.quality.checks.duplicates import duplicates
from ml_ledger.quality.checks.learning_curve import learning_curve
from ml_ledger.quality.checks.mislabels import mislabels
from ml_ledger.quality.checks.outliers import joint_outliers, outliers
from ml_ledger.quality.checks.shift import domain_classifier, shift
from ml_ledger.quality.checks.weak_slices import weak_slices
from ml_ledger.quality.context import with_context
from ml_ledger.quality.finding import SCHEMA, SEVERITIES, Finding, findings_table
from ml_ledger.quality.sample import Rows, TrainingSet, read
from ml_ledger.quality.sample_out_of_fold import losses, predicted_out_of_fold
from ml_ledger.sql_literals import literal
from ml_ledger.training.fit_version import fingerprint_of
from ml_ledger.training_set.validation import validate_columns, validate_rows
from ml_ledger.warehouse import Relation
from ml_ledger.without_stopping import without_stopping

# Labels are judged on so many times the rows that are fitted on, since scoring costs little, and on so many
# numbers at most.
LOOKED_AT_PER_FITTED = 15
MOST_NUMBERS = 30_000_000


@without_stopping(SCHEMA)
def assess_training_set(
    *, ml_model: str, spec: Mapping[str, Any], training_set: Any, history: Any = None
) -> pa.Table:
    """Assess the training set of an ML model.

    Parameters
    ----------
    ml_model : str
        Name under `vars.ml_models`.
    spec : mapping
        Declaration of the ML model, as written there.
    training_set : duckdb.DuckDBPyRelation
        What the macro `training_set` selects.
    history : duckdb.DuckDBPyRelation, optional
        Findings of the last time. The same rows under the same declaration are not assessed again.

    Returns
    -------
    pyarrow.Table
        One row per finding, in order of `rank`: look at 1 first. docs/training_quality.md explains each check and its
        limit. They replace the findings so far. No row where `training_quality` is not declared, where the train or
        the holdout split has no row yet, and where nothing has changed since the last time.

    Notes
    -----
    An `MLLedgerError` is logged as an error and gives a table without rows rather than being raised, so that dbt does
    not skip the nodes over all ML models. It is a `SpecError` where the declaration is not valid,
    and a `TrainingSetError` where the training set cannot be trained on as declared.
    The same rows and declaration give the same findings.
    """
    import sklearn.ensemble  # noqa: F401  (its threads can be limited once it is loaded)

    declared = parse_spec(ml_model, spec)
    if declared.training_quality is None:
        return SCHEMA.empty_table()
    relation = Relation(training_set, name="_ml_training_set")
    validate_columns(ml_model, declared, relation)
    (found,) = relation.query(
        "select max(_ml_known_at) as _ml_known_at, count_if(_ml_split = 'train') as _ml_train,"
        f" count_if(_ml_split = 'holdout') as _ml_holdout from {relation.name}"
    )
    if not found["train"] or not found["holdout"]:
        say(f"{ml_model}: no training set to assess yet")
        return SCHEMA.empty_table()
    fingerprint = fingerprint_of(declared, relation)
    spec_hash = hashlib.sha256(declared.canonical_json().encode()).hexdigest()
    if history is not None and _is_known(Relation(history, name="_ml_findings"), fingerprint, spec_hash):
        say(f"{ml_model}: the training set is the one that was assessed before")
        return SCHEMA.empty_table()
    validate_rows(ml_model, declared, relation)
    rows = read(declared, relation)
    # Fits are small, and threads that wait for each other on a busy machine take many times as long as one alone.
    with threadpool_limits(1):
        findings = list(_findings(rows, declared.training_quality))
    counts = ", ".join(f"{sum(f.severity == severity for f in findings)} {severity}" for severity in SEVERITIES)
    say(f"{ml_model}: findings about the training set: {counts}")
    return findings_table(
        findings,
        ml_model=ml_model,
        known_at=found["known_at"],
        fingerprint=fingerprint,
        spec_hash=spec_hash,
        rows=found["train"],
    )


def _is_known(findings: Relation, fingerprint: str, spec_hash: str) -> bool:
    (found,) = findings.query(
        f"select count(*) as _ml_n from {findings.name} where training_set_fingerprint = {literal(fingerprint)}"
        f" and spec_hash = {literal(spec_hash)}"
    )
    return bool(found["n"])


def _findings(rows: TrainingSet, settings: TrainingQualitySpec) -> Iterator[Finding]:
    limits, task = settings.limits, rows.spec.task
    is_level = np.array([column.levels is not None for column in rows.columns])
    (counted,) = rows.relation.query(f"select count(*) as _ml_n from {rows.relation.name} where {rows.train}")
    looked_at = _looked_at(rows, settings.sample_rows)
    sample = looked_at.first(settings.sample_rows)
    held_out = rows.rows(rows.part(rows.holdout, settings.sample_rows))
    yield from class_imbalance(rows, limits)
    yield from constant_columns(rows, limits)
    yield from duplicate_columns(rows, sample, limits)
    yield from collinearity(rows, sample, limits)
    yield from outliers(rows, sample, limits)
    yield from joint_outliers(rows, sample, limits)
    yield from duplicates(rows, sample, limits)
    yield from shift(rows, sample, held_out, limits)
    yield from domain_classifier(rows, sample, held_out, limits, is_level)
    if task == "clustering":
        return
    yield from mislabels(rows, looked_at, limits, fitted_rows=settings.sample_rows, is_level=is_level)
    classes = len(rows.spec.classes or ("0", "1"))
    seed = rows.spec.training.seed
    predicted = predicted_out_of_fold(
        task, sample.design, sample.label, sample.entities, is_level=is_level, classes=classes, seed=seed
    )
    loss = losses(task, sample.label, predicted)
    yield from weak_slices(rows, sample, loss, predicted, is_level=is_level)
    yield from learning_curve(rows, sample, loss, all_rows=int(counted["n"]), is_level=is_level)
    yield from benchmark(rows, sample, predicted)


def _looked_at(rows: TrainingSet, sample_rows: int) -> Rows:
    """The rows whose labels are judged, the first of which are the sample."""
    if rows.spec.task == "clustering":
        return rows.rows(rows.part(rows.train, sample_rows))
    most = max(sample_rows, min(LOOKED_AT_PER_FITTED * sample_rows, MOST_NUMBERS // (100 + len(rows.columns))))
    where = rows.part(rows.train, most)
    with with_context(rows, where) as (relation, context):
        return rows.rows(where, relation, context)
