"""How versions do in use: metrics of decisions whose labels have matured, and what is to be expected of all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pyarrow as pa

from ml_ledger.errors import SpecError
from ml_ledger.evaluation.metrics import Metric, measure
from ml_ledger.monitoring.estimated import estimated_binary
from ml_ledger.scoring.compile import CompiledScoring
from ml_ledger.spec import MLModelSpec, parse_spec
from ml_ledger.spec.gate import WHOLE_DATASET
from ml_ledger.terms.base import literal
from ml_ledger.training.measuring import measured_outputs
from ml_ledger.training.slices import slice_conditions
from ml_ledger.warehouse import Relation, quoted

PERFORMANCE_SCHEMA = pa.schema(
    [
        ("ml_model", pa.string()),
        ("version", pa.int64()),
        ("slot", pa.string()),
        ("period_start", pa.timestamp("us")),
        ("kind", pa.string()),
        ("slice", pa.string()),
        ("scored_by", pa.string()),
        ("metric", pa.string()),
        ("value", pa.float64()),
        ("ci_low", pa.float64()),
        ("ci_high", pa.float64()),
        ("n", pa.int64()),
        ("decisions", pa.int64()),
        ("matured", pa.int64()),
    ]
)
REALISED, ESTIMATED = "realised", "estimated"


def measure_performance(
    *, ml_model: str, spec: Mapping[str, Any], predictions: Any, outcomes: Any, versions: Any
) -> pa.Table:
    """Metrics of the predictions of an ML model by version, slot and period of their as-of dates.

    ml_model: its name under `vars.ml_models`. spec: its declaration, as written there. predictions, outcomes, versions:
    the relations of its nodes.

    Returns an Arrow table of PERFORMANCE_SCHEMA. kind realised: over predictions whose label has matured, of the
    version ('self'), its baselines and its declared slices; estimated (task binary): what is to be expected of all
    predictions of the period, matured or not. What cannot be measured has no row.
    Raises SpecError where the declaration is not valid, or has no label.
    """
    declared = parse_spec(ml_model, spec)
    if declared.label is None or declared.monitoring is None:
        raise SpecError(
            f"ml_models.{ml_model}.monitoring: performance is measured against labels; got task {declared.task}"
            f" and {'no monitoring' if declared.monitoring is None else 'monitoring'}. Fix: declare monitoring, or"
            f" remove the node {ml_model}_performance; a clustering has no labels."
        )
    labelled = Relation(predictions, name="_ml_predictions").left_join(
        Relation(outcomes, name="_ml_outcomes"), on="decision_id", columns=["label", "label_class"]
    )
    stored = {
        row["version"]: row
        for row in Relation(versions, name="_ml_versions").query(
            "select version, spec, baselines from _ml_versions order by version"
        )
    }
    rows: list[dict[str, Any]] = []
    used = labelled.query(f"select distinct version from {labelled.name} order by version nulls last")
    for version in (row["version"] for row in used):
        of_version = stored.get(version)
        then = declared if of_version is None else MLModelSpec.from_canonical_json(of_version["spec"])
        baselines = {} if of_version is None else json.loads(of_version["baselines"] or "{}")
        for group, metric in _of_version(labelled, version, then, baselines, declared.monitoring.period):
            rows.append(
                {
                    "ml_model": ml_model,
                    "version": version,
                    "slot": group["slot"],
                    "period_start": group["period"],
                    "kind": metric.dataset,
                    "slice": metric.slice,
                    "scored_by": metric.scored_by,
                    "metric": metric.metric,
                    "value": metric.value,
                    "ci_low": metric.ci_low,
                    "ci_high": metric.ci_high,
                    "n": metric.n,
                    "decisions": group["decisions"],
                    "matured": group["matured"],
                }
            )
    return pa.Table.from_pylist(rows, schema=PERFORMANCE_SCHEMA)


def _of_version(
    labelled: Relation, version: int | None, spec: MLModelSpec, baselines: Mapping[str, str], period: str
) -> Iterator[tuple[Mapping[str, Any], Metric]]:
    """Metrics of the predictions of one version (None: of the control group), each with its slot and period."""
    scorings = {f"baseline:{name}": CompiledScoring.from_json(text) for name, text in baselines.items()}
    slices = {} if version is None else slice_conditions(spec)
    with ExitStack() as stack:
        typed = stack.enter_context(labelled.materialised(_typed_rows(labelled, version, spec, period)))
        groups = typed.query(
            "select _ml_group, min(_ml_slot) as slot, min(_ml_period) as period, count(*) as decisions,"
            f" count(label) as matured from {typed.name} group by _ml_group order by _ml_group"
        )
        outputs = range(len(spec.classes or [""]))
        others = {"label": "label", "_ml_group": "_ml_group"} | {f"s0_{o}": f"s0_{o}" for o in outputs}
        others |= {f"_ml_slice{n}": f"case when {sql} then 1 end" for n, sql in enumerate(slices.values())}
        wanted = {
            f"s{number}_{o}": (number - 1, sql)
            for number, scoring in enumerate(scorings.values(), 1)
            for o, sql in enumerate(measured_outputs(scoring, spec.classes or ()))
        }
        sql = typed.scored_sql(list(scorings.values()), wanted, others, "1 = 1")
        scored = stack.enter_context(typed.materialised(sql))
        options: dict[str, Any] = {
            "task": spec.task,
            "dataset": REALISED,
            "classes": spec.classes or (),
            "threshold": None if spec.decision is None else spec.decision.threshold,
        }
        for group in groups:
            in_group = f"_ml_group = {group['_ml_group']}"
            realised = scored.filtered(f"{in_group} and label is not null")
            if group["matured"]:
                for metric in measure(realised, scorers=["self", *scorings], **options):
                    yield group, metric
            for n, name in enumerate(slices if group["matured"] else ()):
                for metric in measure(realised.filtered(f"_ml_slice{n} = 1"), scorers=["self"], **options):
                    if metric.slice == WHOLE_DATASET:
                        yield group, Metric(**{**vars(metric), "slice": name})
            if spec.task == "binary" and version is not None:
                (score,) = scored.doubles(["s0_0"], where=f"{in_group} and s0_0 is not null")
                for measured in estimated_binary(score, options["threshold"]):
                    for metric in measured.rows(ESTIMATED):
                        yield group, metric


def _typed_rows(labelled: Relation, version: int | None, spec: MLModelSpec, period: str) -> str:
    """A select of the predictions of a version: slot, period, label, scores, and the features as they were scored."""
    columns = {"label": "label", "s0_0": "score"}
    if spec.classes is not None:
        positions = " ".join(f"when {literal(name)} then {number}" for number, name in enumerate(spec.classes))
        columns["label"] = f"case label_class {positions} end"
        columns |= {f"s0_{number}": quoted(class_column(name)) for number, name in enumerate(spec.classes)}
    columns |= {
        "_ml_slot": "slot",
        "_ml_period": f"date_trunc({literal(period)}, as_of)",
        "_ml_group": f"dense_rank() over (order by slot, date_trunc({literal(period)}, as_of))",
    }
    kinds = {"numeric": "double", "boolean": "boolean", "date": "timestamp"}
    for name, feature in spec.features.items():
        path = literal('$."' + name + '"')
        text = f"json_extract_string(features, {path})"
        columns[quoted(name)] = f"cast({text} as {kinds.get(feature.kind, 'varchar')})"
    where = "version is null" if version is None else f"version = {version}"
    selected = ", ".join(f"{sql} as {name}" for name, sql in columns.items())
    return f"select {selected} from {labelled.name} where {where}"


def class_column(name: str) -> str:
    """The column of predictions that holds the probability of a class, as the macro class_column calls it."""
    return "probability_" + re.sub("[^a-z0-9_]+", "_", name.lower())
