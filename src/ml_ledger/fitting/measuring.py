"""Measure scorers on the same rows, by their SQL, as production scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np

from ml_ledger.declaration import MLModelSpec
from ml_ledger.declaration.ml_model import judged_by
from ml_ledger.errors import VersionError
from ml_ledger.evaluation.fairness import Attribute, measure_fairness
from ml_ledger.evaluation.measure import Metric, measure
from ml_ledger.evaluation.moments import CLUSTER, ROW_WEIGHT
from ml_ledger.families.own.onnx_conversion import ONNX_TOLERANCE
from ml_ledger.fitting.calibration_rows import applied, calibrating_rows
from ml_ledger.fitting.estimating import with_estimates
from ml_ledger.fitting.fitting import Fitted
from ml_ledger.scoring.compile import CompiledScoring
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.training_set.declared_slices import measured_slices, slice_columns, slice_conditions
from ml_ledger.training_set.exposure import exposure_of
from ml_ledger.training_set.labels import label_as_double
from ml_ledger.training_set.protected_groups import attributes_of, group_columns
from ml_ledger.warehouse import Relation, quoted

# The SQL of a version must give its estimator's own scores to within this (relative to scores above 1), or the version
# is refused.
SCORING_TOLERANCE = 1e-9
CHECKED_ROWS = 200_000


def measured(
    spec: MLModelSpec,
    rows: Relation,
    scorers: Mapping[str, CompiledScoring],
    datasets: Mapping[str, str],
    *,
    slices_of: str | None = None,
    threshold: float | None = None,
) -> list[Metric]:
    """Metrics of all scorers on each dataset; the first scorer is what the others are compared with.

    datasets: by name SQL of its rows; no row is in two. All are scored by one query, since planning the SQL of many
    trees takes longer than running it on few rows. slices_of: the dataset on whose declared slices the first scorer is
    measured, too. threshold: of a positive decision; None is the declared one, if that is a number.
    """
    slices = {} if slices_of is None else slice_conditions(spec)
    columns = (
        {} if slices_of is None or spec.fairness is None else {a: quoted(a) for a in spec.fairness.attributes}
    )
    attributes = attributes_of(spec, rows, columns, datasets[slices_of]) if columns and slices_of else []
    numbered = enumerate(datasets.values())
    number_of = f"case {' '.join(f'when {where} then {number}e0' for number, where in numbered)} end"
    anywhere = " or ".join(f"({where})" for where in datasets.values())
    wanted = {
        f"_ml_s{number}_{output}": (number, per_exposure(spec, sql))
        for number, scoring in enumerate(scorers.values())
        for output, sql in enumerate(measured_outputs(scoring, spec.classes or ()))
    }
    with ExitStack() as stack:
        known, scorings = stack.enter_context(with_estimates(spec, rows, list(scorers.values()), anywhere))
        others = {"_ml_label": per_exposure(spec, label_as_double(spec)), "_ml_dataset": number_of}
        others |= slice_columns(slices) | group_columns(attributes, columns)
        if spec.measured_weight is not None:
            others[ROW_WEIGHT] = quoted(spec.measured_weight)
        sql = known.scored_sql(
            scorings, wanted, others, f"({anywhere})", {CLUSTER: quoted(spec.evaluation.cluster or spec.entity)}
        )
        scored = stack.enter_context(known.materialised(sql))
        metrics: list[Metric] = []
        for number, dataset in enumerate(datasets):
            of_dataset = scored.filtered(f"_ml_dataset = {number}")
            options = measure_options(spec, dataset, threshold)
            metrics += measure(of_dataset, scorers=list(scorers), **options)
            if dataset == slices_of:
                metrics += measured_slices(of_dataset, slices, scorer=next(iter(scorers)), options=options)
                metrics += measured_groups(of_dataset, attributes, spec, options)
        return metrics


def measure_options(spec: MLModelSpec, dataset: str, threshold: float | None = None) -> dict[str, Any]:
    """What `measure` is told of an ML model. threshold: of a version; None is the declared one, if that is a number."""
    return {
        "task": spec.task,
        "dataset": dataset,
        "classes": spec.classes or (),
        "threshold": spec.declared_threshold if threshold is None else threshold,
        "value": spec.value,
        "judged_by": judged_by(spec),
    }


def per_exposure(spec: MLModelSpec, sql: str) -> str:
    """SQL of a label or a score per unit of exposure, where one is declared: what is measured are rates."""
    exposure = exposure_of(spec)
    return sql if exposure is None else f"({sql}) / {exposure}"


def measured_groups(
    scored: Relation, attributes: Sequence[Attribute], spec: MLModelSpec, options: Mapping[str, Any]
) -> Iterator[Metric]:
    """How the first scorer's decisions differ by group. scored: with `group_columns`. options: as of `measure`."""
    if spec.fairness is None or options["threshold"] is None:
        return
    yield from measure_fairness(
        scored,
        attributes,
        minimum_group=spec.fairness.minimum_group,
        threshold=options["threshold"],
        dataset=options["dataset"],
    )


def measured_outputs(scoring: CompiledScoring, classes: Sequence[str]) -> list[str]:
    """SQL of what is measured: the score; a probability per declared class; or the two smallest distances."""
    names = [output.name for output in scoring.outputs]
    if scoring.link in ("softmax", "shares"):
        unknown = "case when _ml_score is not null then 0e0 end"
        return [f"_ml_output{names.index(name) + 1}" if name in names else unknown for name in classes]
    if scoring.link == "distance":
        others = [f"case when _ml_predicted <> '{name}' then _ml_output{o} end" for o, name in enumerate(names, 1)]
        return ["_ml_score", f"least({', '.join(others)})" if len(others) > 1 else "null"]
    return ["_ml_output1"]


def check_scoring(spec: MLModelSpec, scored_by: str, fitted: Fitted, rows: Relation, where: str) -> None:
    """Refuse a version whose SQL (or ONNX) scores other rows than it should, or other than its estimator does.

    Of a calibrated one the estimator is compared without the calibration, and this with its rows: a score near 1 does
    not tell its link score to the last digits. Of more than CHECKED_ROWS rows, about that many are looked at, the same
    ones every time.
    Raises VersionError.
    """
    if fitted.uncalibrated is not None:
        _check_calibration(spec, scored_by, fitted, rows, where)
        fitted = fitted.uncalibrated
    key = (quoted(spec.entity), quoted(spec.as_of))
    where = TrainingRows(rows, where, label_as_double(spec), key).part(CHECKED_ROWS)
    accepts = f"case when {fitted.fit.accepts} then 1 else 0 end"
    with with_estimates(spec, rows, [fitted.scoring], where) as (known, scorings):
        (from_sql,), (accepted, *columns) = known.scores(scorings, [accepts, *fitted.fit.design], where=where)
    scored = np.asarray(np.isfinite(from_sql).all(axis=1))
    design = np.column_stack(columns) if columns else np.empty((len(scored), 0))
    worst = float("inf")
    usable, estimated = accepted == 1, np.full_like(from_sql, np.nan)
    if usable.any():
        estimated[usable] = np.reshape(fitted.fit.predict(design[usable]), estimated[usable].shape)
    if np.array_equal(scored, np.isfinite(estimated).all(axis=1)):
        expected = estimated[scored]
        differences = np.abs(from_sql[scored] - expected) / np.maximum(1.0, np.abs(expected))
        worst = float(np.max(differences, initial=0.0))
    tolerance = SCORING_TOLERANCE if fitted.fit.onnx is None else ONNX_TOLERANCE
    if worst > tolerance and fitted.fit.onnx is not None:
        raise VersionError(
            f"{scored_by}: the ONNX form of the version does not reproduce its estimator; got a difference of"
            f" {worst:.3g}. Allowed: {tolerance:.0e}. Nothing was written. Fix: choose another estimator, or other"
            " settings of it."
        )
    if worst > tolerance:
        raise VersionError(
            f"{scored_by}: the SQL of the version does not reproduce its estimator; got a difference of"
            f" {worst:.3g}. Allowed: {tolerance:.0e}. Nothing was written. Fix: where a feature lies"
            " millions of deviations from zero, subtract a constant from it in the feature model; otherwise"
            " report this as a bug of ml_ledger with the declaration of the ML model."
        )


def _check_calibration(spec: MLModelSpec, scored_by: str, fitted: Fitted, rows: Relation, where: str) -> None:
    """Refuse a version whose SQL gives other probabilities than its calibrating rows make of its link scores."""
    key = (quoted(spec.entity), quoted(spec.as_of))
    where = TrainingRows(rows, where, label_as_double(spec), key).part(CHECKED_ROWS)
    outputs = range(1, len(fitted.scoring.outputs) + 1)
    wanted = {f"_ml_{of}{o}": (0, f"_ml_{of}{o}") for of in ("link", "output") for o in outputs}
    with with_estimates(spec, rows, [fitted.scoring], where) as (known, scorings):
        sql = known.scored_sql(scorings, wanted, {}, where)
        with known.materialised(f"select * from ({sql}) as _ml_c where _ml_output1 is not null") as scored:
            columns = np.column_stack(scored.doubles(list(wanted), where="true"))
    links, probabilities = np.split(columns, 2, axis=1)
    expected = applied(calibrating_rows(fitted.fit), links, fitted.scoring.link)
    worst = float(np.max(np.abs(probabilities - expected), initial=0.0))
    if not worst <= SCORING_TOLERANCE:
        raise VersionError(
            f"{scored_by}: the SQL of the version does not follow its calibrating rows; got a difference of"
            f" {worst:.3g}. Allowed: {SCORING_TOLERANCE:.0e}. Nothing was written. Fix: report this as a bug of"
            " ml_ledger with the declaration of the ML model."
        )
