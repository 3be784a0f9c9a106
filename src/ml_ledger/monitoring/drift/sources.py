"""Where the columns that are compared come from: SQL over decisions with their labels."""

from __future__ import annotations

from collections.abc import Sequence

from ml_ledger.declaration import MLModelSpec
from ml_ledger.monitoring.decided import feature_texts, sql_type
from ml_ledger.monitoring.drift.counting import Source
from ml_ledger.monitoring.drift.period_groups import Group, group_sql, rows_of
from ml_ledger.monitoring.drift.stored_reference import Column
from ml_ledger.training_set.labels import binary_level
from ml_ledger.warehouse import Relation, quoted


def typed_rows(labelled: Relation, groups: Sequence[Group], spec: MLModelSpec) -> str:
    """A select of the rows of groups: features with their declared type, and as they are counted."""
    texts = feature_texts(spec)
    columns = {
        "_ml_group": group_sql(groups[0].period),
        "_ml_now_score": "score",
        "_ml_now_predicted": "predicted",
    }
    columns |= {"_ml_now_label": "label", "_ml_now_class": "label_class", "_ml_row": "1"}
    for n, (name, feature) in enumerate(spec.features.items()):
        columns[quoted(name)] = f"try_cast({texts[name]} as {sql_type(feature.kind)})"
        columns[f"_ml_text{n}"] = texts[name]
    selected = ", ".join(f"{sql} as {name}" for name, sql in columns.items())
    return f"select {selected} from (select * from {labelled.name} where {rows_of(groups)}) as _ml_decided"


def source_of(column: Column, spec: MLModelSpec) -> Source:
    """Where `typed_rows` has a column."""
    if column.part == "feature":
        assert column.feature is not None
        name, text = quoted(column.feature), f"_ml_text{list(spec.features).index(column.feature)}"
        if column.kind == "categorical":
            return Source(column, name)
        unreadable = f"{text} is not null and {name} is null"
        return Source(column, _finite(name) if column.is_number else f"cast({name} as varchar)", None, unreadable)
    if column.part == "score":
        return Source(column, _finite("_ml_now_score"))
    if column.part == "predicted":
        return Source(column, "_ml_now_predicted")
    if spec.task == "multiclass":
        return Source(column, "_ml_now_class", "_ml_now_class is not null")
    label = "_ml_now_label" if column.is_number else binary_level("_ml_now_label")
    return Source(column, label, "_ml_now_label is not null")


def _finite(sql: str) -> str:
    return f"(case when isfinite({sql}) then {sql} end)"
