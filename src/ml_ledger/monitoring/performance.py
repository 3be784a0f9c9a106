"""How versions do in use: metrics of decisions whose labels have matured, and what is to be expected of all of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
import pyarrow as pa

from ml_ledger.declaration import MLModelSpec, parse_spec
from ml_ledger.errors import SpecError, listed
from ml_ledger.evaluation.estimates import Measured
from ml_ledger.evaluation.measure import Metric, measure
from ml_ledger.evaluation.moments import CLUSTER, ROW_WEIGHT
from ml_ledger.fitting.measuring import measure_options, measured_groups, measured_outputs, per_exposure
from ml_ledger.monitoring.decided import (
    cluster_of,
    feature_texts,
    label_and_scores,
    labelled_predictions,
    measured_so_far,
    rows_hash,
    sql_type,
    weight_of,
)
from ml_ledger.monitoring.estimated.draws import widened
from ml_ledger.monitoring.estimated.estimated_binary import estimated_binary
from ml_ledger.monitoring.estimated.estimated_multiclass import estimated_multiclass
from ml_ledger.monitoring.estimated.estimated_value import estimated_value, estimated_value_of_classes
from ml_ledger.monitoring.performance_schema import PERFORMANCE_SCHEMA
from ml_ledger.progress import say
from ml_ledger.scoring.compile import CompiledScoring
from ml_ledger.sql_literals import literal
from ml_ledger.training_set.declared_slices import measured_slices, slice_columns, slice_conditions
from ml_ledger.training_set.design_effects import Resemblance, cluster_size
from ml_ledger.training_set.protected_groups import attributes_of, group_columns
from ml_ledger.warehouse import Relation, quoted
from ml_ledger.without_stopping import without_stopping

REALISED, ESTIMATED = "realised", "estimated"
WITH_PROBABILITIES = ("binary", "multiclass")


@without_stopping(PERFORMANCE_SCHEMA)
def measure_performance(
    *,
    ml_model: str,
    spec: Mapping[str, Any],
    predictions: Any,
    outcomes: Any,
    versions: Any,
    history: Any = None,
    attributes: Any = None,
) -> pa.Table:
    """Measure decisions in use, by version, slot and period of their as-of dates.

    Parameters
    ----------
    ml_model : str
        Name under `vars.ml_models`.
    spec : mapping
        Declaration of the ML model, as written there. It needs a label and the block `monitoring`.
    predictions, outcomes, versions : duckdb.DuckDBPyRelation
        Nodes `<ml_model>_predictions`, `<ml_model>_outcomes` and `<ml_model>_versions`.
    history : duckdb.DuckDBPyRelation, optional
        What was measured so far. Groups of predictions (a version, slot and period) whose labels are the same as then
        are not measured again.
    attributes : duckdb.DuckDBPyRelation, optional
        Protected attributes, one row per entity and as-of date; needed where `fairness` is declared.

    Returns
    -------
    pyarrow.Table
        One row per group, `kind`, `slice`, `scored_by` and `metric`, with the 95 % confidence interval; docs/metrics.md
        describes each metric. Kind `realised` covers predictions whose label has matured, scored by the
        version (`self`) and its baselines, over all of them and per declared slice. Kind `estimated` (tasks `binary`
        and `multiclass`) is what to expect of all predictions of the period. What cannot be measured has no row. Rows
        of a `group_key` replace those that were measured before.

    Notes
    -----
    An `MLLedgerError` is logged as an error and gives a table without rows rather than being raised, so that dbt does
    not skip the nodes over all ML models. It is a `SpecError` where the declaration is not valid, has
    no label or no `monitoring`, or asks for attributes that were not passed.
    """
    declared = parse_spec(ml_model, spec)
    if declared.label is None or declared.monitoring is None:
        raise SpecError(
            f"ml_models.{ml_model}.monitoring: performance is measured against labels; got task {declared.task}"
            f" and {'no monitoring' if declared.monitoring is None else 'monitoring'}. Fix: declare monitoring, or"
            f" remove the node {ml_model}_performance; a clustering has no labels."
        )
    labelled = labelled_predictions(predictions, outcomes)
    if declared.fairness is not None:
        labelled = _with_attributes(labelled, ml_model, declared, attributes)
    stored = {
        row["version"]: row
        for row in Relation(versions, name="_ml_versions").query(
            "select version, spec, baselines, threshold, reference from _ml_versions order by version"
        )
    }
    groups = _changed_groups(labelled, declared, history)
    rows: list[dict[str, Any]] = []
    for version in dict.fromkeys(group["version"] for group in groups):
        of_version = stored.get(version)
        then = declared if of_version is None else MLModelSpec.from_canonical_json(of_version["spec"])
        baselines = {} if of_version is None else json.loads(of_version["baselines"] or "{}")
        changed = [group for group in groups if group["version"] == version]
        # What decisions are worth, and to whom they must be fair, is as declared now; the threshold is the version's.
        then = then.model_copy(update={"value": declared.value, "fairness": declared.fairness})
        threshold = None if of_version is None else of_version["threshold"]
        resemblance = Resemblance.of_labels(of_version["reference"] if of_version else None)
        for group, metric in _of_version(labelled, changed, then, baselines, threshold, resemblance):
            rows.append(
                {
                    **{name: group[name] for name in PERFORMANCE_SCHEMA.names if name in group},
                    "ml_model": ml_model,
                    "kind": metric.dataset,
                    "slice": metric.slice,
                    "scored_by": metric.scored_by,
                    "metric": metric.metric,
                    "value": metric.value,
                    "ci_low": metric.ci_low,
                    "ci_high": metric.ci_high,
                    "n": metric.n,
                }
            )
    say(
        f"{ml_model}: measured the performance of {len(groups)} groups of predictions that are new or have new labels"
    )
    return pa.Table.from_pylist(rows, schema=PERFORMANCE_SCHEMA)


def _changed_groups(labelled: Relation, spec: MLModelSpec, history: Any) -> list[dict[str, Any]]:
    """The groups of predictions that can be measured and were not yet, or not with these labels."""
    assert spec.monitoring is not None
    period = spec.monitoring.period
    found = labelled.query(
        f"select version, slot, {literal(period)} as _ml_period, date_trunc({literal(period)}, as_of) as"
        f" _ml_period_start,"
        " count(*) as _ml_decisions, count(coalesce(cast(label as varchar), label_class)) as _ml_matured,"
        f" {rows_hash('decision_id, label, label_class')} as _ml_fingerprint"
        f" from {labelled.name} group by all order by version nulls last, slot, _ml_period_start"
    )
    groups = [
        group
        for group in found
        if group["matured"] or (spec.task in WITH_PROBABILITIES and group["version"] is not None)
    ]
    asked = [part.model_dump_json() for part in (spec.value, spec.fairness) if part is not None]
    for group in groups:
        if asked:
            group["fingerprint"] += f":{hashlib.sha256(''.join(asked).encode()).hexdigest()}"
        group["group_key"] = "|".join(str(group[name]) for name in ("version", "slot", "period", "period_start"))
    known = measured_so_far(history)
    return [group for group in groups if (group["group_key"], group["fingerprint"]) not in known]


def _of_version(
    labelled: Relation,
    groups: Sequence[Mapping[str, Any]],
    spec: MLModelSpec,
    baselines: Mapping[str, str],
    threshold: float | None,
    resemblance: Resemblance,
) -> Iterator[tuple[Mapping[str, Any], Metric]]:
    """Metrics of groups of predictions of one version (None: of the control group)."""
    version = groups[0]["version"]
    scorings = {f"baseline:{name}": CompiledScoring.from_json(text) for name, text in baselines.items()}
    slices = {} if version is None else slice_conditions(spec)
    with ExitStack() as stack:
        typed = stack.enter_context(labelled.materialised(_typed_rows(labelled, groups, spec)))
        kept = ["_ml_label", "_ml_group", *(f"_ml_s0_{o}" for o in range(len(spec.classes or [""])))]
        others = {name: name for name in kept}
        fair = [] if version is None else _attribute_columns(spec)
        attributes = attributes_of(spec, typed, dict(fair), "1 = 1") if fair else []
        others |= slice_columns(slices) | group_columns(attributes, dict(fair))
        wanted = {
            f"_ml_s{number}_{o}": (number - 1, per_exposure(spec, sql))
            for number, scoring in enumerate(scorings.values(), 1)
            for o, sql in enumerate(measured_outputs(scoring, spec.classes or ()))
        }
        others |= {ROW_WEIGHT: ROW_WEIGHT} if weight_of(spec) else {}
        sql = typed.scored_sql(list(scorings.values()), wanted, others, "1 = 1", {CLUSTER: CLUSTER})
        scored = stack.enter_context(typed.materialised(sql))
        options = measure_options(spec, REALISED, threshold)
        for number, group in enumerate(groups):
            in_group = f"_ml_group = {number}"
            realised = scored.filtered(f"{in_group} and _ml_label is not null")
            if group["matured"]:
                for metric in measure(realised, scorers=["self", *scorings], **options):
                    yield group, metric
                for metric in measured_slices(realised, slices, scorer="self", options=options):
                    yield group, metric
                if attributes:
                    for metric in measured_groups(realised, attributes, spec, options):
                        yield group, metric
            if spec.task in WITH_PROBABILITIES and version is not None:
                rows = scored.filtered(in_group)
                effect = resemblance.at(cluster_size(rows, CLUSTER, "_ml_s0_0 is not null"))
                for measured in _estimated(rows, ["self", *scorings], spec, options["threshold"]):
                    for metric in widened(measured, effect).rows(ESTIMATED):
                        yield group, metric


def _attribute_columns(spec: MLModelSpec) -> list[tuple[str, str]]:
    """Each protected attribute, and the column with its text; a feature may have the name of the attribute."""
    attributes = spec.fairness.attributes if spec.fairness else ()
    return [(name, f"_ml_attribute_text{number}") for number, name in enumerate(attributes)]


def _with_attributes(labelled: Relation, ml_model: str, spec: MLModelSpec, attributes: Any) -> Relation:
    """The predictions with the texts of their protected attributes."""
    assert spec.fairness is not None
    where = f"ml_models.{ml_model}.fairness.attributes"
    if attributes is None:
        raise SpecError(
            f"{where}: are not handed to measure_performance. Fix: pass the features, which hold them:"
            f" attributes=dbt.ref(...) in {ml_model}_performance."
        )
    given = Relation(attributes, name="_ml_attributes")
    needed = [spec.entity, spec.as_of, *spec.fairness.attributes]
    gone = [name for name in needed if name not in given.types]
    if gone:
        raise SpecError(
            f"{where}: the relation that measure_performance was handed has no {listed(gone)}. Allowed:"
            f" {listed(given.types)}. Fix: hand it the features of the training set."
        )
    texts = {text: f"cast({quoted(name)} as varchar)" for name, text in _attribute_columns(spec)}
    key = {
        "entity_id": f"cast({quoted(spec.entity)} as varchar)",
        "as_of": f"cast({quoted(spec.as_of)} as timestamp)",
    }
    known = given.selected(key | texts)
    (found,) = known.query(
        f"select count(*) as _ml_n, count(distinct entity_id || '|' || as_of) as _ml_keys from {known.name}"
        " where entity_id is not null and as_of is not null"
    )
    if found["n"] > found["keys"]:
        raise SpecError(
            f"{where}: an entity must occur once at an as-of date in the relation that measure_performance was handed;"
            f" got {found['n'] - found['keys']} rows too many. Fix: make it unique on {spec.entity} and {spec.as_of}."
        )
    return labelled.left_join(known, on=["entity_id", "as_of"], columns=list(texts))


def _estimated(
    scored: Relation, scorers: Sequence[str], spec: MLModelSpec, threshold: float | None
) -> Iterator[Measured]:
    """What is to be expected of the rows with a score, of tasks whose scores are probabilities."""
    outputs = range(len(spec.classes or [""]))
    columns = [f"_ml_s{number}_{o}" for number in range(len(scorers)) for o in outputs]
    arrays = scored.doubles(columns, where="_ml_s0_0 is not null")
    scores = {
        scorer: np.column_stack(arrays[number * len(outputs) : (number + 1) * len(outputs)])
        for number, scorer in enumerate(scorers)
    }
    if spec.classes is not None:
        yield from estimated_multiclass(scores[scorers[0]], spec.classes)
        if spec.value is not None:
            yield from estimated_value_of_classes(scores[scorers[0]], scores, spec.value)
        return
    of_rows = {scorer: matrix[:, 0] for scorer, matrix in scores.items()}
    yield from estimated_binary(of_rows[scorers[0]], threshold)
    if spec.value is not None and threshold is not None:
        yield from estimated_value(of_rows[scorers[0]], of_rows, spec.value, threshold)


def _typed_rows(labelled: Relation, groups: Sequence[Mapping[str, Any]], spec: MLModelSpec) -> str:
    """A select of predictions: number of the group, label, scores, and the features as they were scored."""
    columns = label_and_scores(spec)
    conditions = [_in_group(group) for group in groups]
    numbers = " ".join(f"when {condition} then {number}" for number, condition in enumerate(conditions))
    columns |= {"_ml_group": f"case {numbers} end", CLUSTER: cluster_of(spec)}
    if (weight := weight_of(spec)) is not None:
        columns[ROW_WEIGHT] = weight
    for name, text in feature_texts(spec).items():
        columns[quoted(name)] = f"cast({text} as {sql_type(spec.features[name].kind)})"
    columns |= {text: text for _, text in _attribute_columns(spec)}
    selected = ", ".join(f"{sql} as {name}" for name, sql in columns.items())
    return f"select {selected} from (select * from {labelled.name} where {' or '.join(conditions)}) as _ml_decided"


def _in_group(group: Mapping[str, Any]) -> str:
    version = "version is null" if group["version"] is None else f"version = {group['version']}"
    start = f"date_trunc({literal(group['period'])}, as_of) = timestamp '{group['period_start']}'"
    return f"({version} and slot = {literal(group['slot'])} and {start})"
