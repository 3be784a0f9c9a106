"""Score the declared smoke cases by the SQL of a version, as production would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml_ledger.declaration import FeatureSpec, MLModelSpec
from ml_ledger.evaluation.estimates import Metric
from ml_ledger.fitting.estimating import with_estimates
from ml_ledger.scoring.compile import CompiledScoring
from ml_ledger.scoring.words import LARGEST
from ml_ledger.sql_literals import double, literal
from ml_ledger.warehouse import Relation, quoted

DATASET = "smoke"


def measured_smoke_cases(spec: MLModelSpec, rows: Relation, scoring: CompiledScoring) -> list[Metric]:
    """Per case `scored_share`, 1 or 0, and where it is 1 the `score`; the slice is the name of the case.

    rows: of the training set, whose types the inputs get where they are no numbers and no texts.
    """
    if spec.smoke_cases is None:
        return []
    names = list(spec.smoke_cases)
    cases = " union all ".join(
        _row(spec, rows, number, spec.smoke_cases[name].inputs) for number, name in enumerate(names)
    )
    with (
        rows.materialised(cases) as inputs,
        with_estimates(spec, inputs, [scoring], "true") as (known, scorings),
    ):
        sql = known.scored_sql(
            scorings, {"_ml_case_score": (0, "_ml_score")}, {"_ml_case": quoted(spec.entity)}, "true"
        )
        scores = {int(row["case"]): row["case_score"] for row in known.query(sql)}
    metrics = []
    for number, name in enumerate(names):
        score = scores[number]
        is_scored = score is not None and abs(score) <= LARGEST
        metrics.append(Metric(DATASET, name, "self", "scored_share", float(is_scored), None, None, 1))
        if is_scored:
            metrics.append(Metric(DATASET, name, "self", "score", score, None, None, 1))
    return metrics


def _row(spec: MLModelSpec, rows: Relation, number: int, inputs: Mapping[str, Any]) -> str:
    """A select of one row: the number of the case as its entity, any as-of date, and the features."""
    columns = {spec.entity: str(number), spec.as_of: "timestamp '2000-01-01'"}
    for name, feature in spec.features.items():
        columns[name] = _value(feature, inputs.get(name), rows.types[name])
    return "select " + ", ".join(f"{sql} as {quoted(name)}" for name, sql in columns.items())


def _value(feature: FeatureSpec, value: Any, column_type: str) -> str:
    """SQL of an input. Numbers are doubles and levels texts, so that none is rounded to the type of a column."""
    kinds = {"numeric": "double", "categorical": "varchar"}
    if value is None:
        sql = "null"
    elif isinstance(value, bool):
        sql = "true" if value else "false"
    elif feature.kind == "numeric":
        sql = double(float(value))
    else:
        sql = literal(str(value))
    return f"cast({sql} as {kinds.get(feature.kind, column_type)})"
