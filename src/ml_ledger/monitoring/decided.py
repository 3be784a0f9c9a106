"""What monitoring reads: decisions with the labels that have matured, and features as they were when it was decided."""

from __future__ import annotations

from typing import Any

from ml_ledger.declaration import MLModelSpec
from ml_ledger.declaration.checks import class_columns
from ml_ledger.sql_literals import literal
from ml_ledger.training_set.labels import class_position
from ml_ledger.warehouse import Relation, quoted

SQL_TYPES = {"numeric": "double", "boolean": "boolean", "date": "timestamp"}


def labelled_predictions(predictions: Any, outcomes: Any) -> Relation:
    """Predictions with `label` and `label_class`, NULL where none has matured. outcomes: None where there are none."""
    given = Relation(predictions, name="_ml_predictions")
    if outcomes is None:
        none = {"label": "cast(null as double)", "label_class": "cast(null as varchar)"}
        return given.selected({name: quoted(name) for name in given.types} | none)
    known = Relation(outcomes, name="_ml_outcomes")
    return given.left_join(known, on=["decision_id"], columns=["label", "label_class"])


def measured_so_far(history: Any) -> set[tuple[str, str]]:
    """Keys and fingerprints of the groups of decisions that were measured. history: None where none was."""
    if history is None:
        return set()
    found = Relation(history, name="_ml_history").query("select distinct group_key, fingerprint from _ml_history")
    return {(row["group_key"], row["fingerprint"]) for row in found}


def rows_hash(columns: str) -> str:
    """SQL of a text, over a group of rows, that changes when any of them does, in whatever order they come.

    columns: comma-separated. The engine's hash joins its last argument by exclusive or: without a hash around it, equal
    values would cancel out.
    """
    return f"cast(bit_xor(hash(hash({columns}))) as varchar)"


def cluster_of(spec: MLModelSpec) -> str:
    """SQL, over predictions, of what says which of them belong together: the declared cluster where it is a feature."""
    cluster = spec.evaluation.cluster
    return feature_texts(spec)[cluster] if cluster in spec.features else "entity_id"


def weight_of(spec: MLModelSpec) -> str | None:
    """SQL, over predictions, of how much they count when they are measured; None where all count as one."""
    weight = spec.measured_weight
    return _number_of(spec, weight) if weight in spec.features else None


def _number_of(spec: MLModelSpec, feature: str) -> str:
    return f"try_cast({feature_texts(spec)[feature]} as double)"


def label_and_scores(spec: MLModelSpec) -> dict[str, str]:
    """SQL of what `measure` reads, over labelled predictions: the label, and the scores of the version's outputs."""
    if spec.exposure is not None:  # what is measured are rates
        exposure = _number_of(spec, spec.exposure)
        return {"_ml_label": f"label / {exposure}", "_ml_s0_0": f"score / {exposure}"}
    if spec.classes is None:
        return {"_ml_label": "label", "_ml_s0_0": "score"}
    columns = class_columns(spec.classes).values()
    scores = {f"_ml_s0_{number}": quoted(column) for number, column in enumerate(columns)}
    return {"_ml_label": class_position(spec.classes, "label_class"), **scores}


def feature_texts(spec: MLModelSpec) -> dict[str, str]:
    """SQL of each feature as text; the engine parses the JSON of a row once for all of them."""
    paths = ", ".join(literal(_pointer(name)) for name in spec.features)
    return {name: f"json_extract_string(features, [{paths}])[{n}]" for n, name in enumerate(spec.features, 1)}


def _pointer(name: str) -> str:
    """Where a name is in a JSON object (RFC 6901); in a path of JSONPath, quotes and stars would mean something."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def sql_type(kind: str) -> str:
    """The type in which a feature of a declared kind is computed with."""
    return SQL_TYPES.get(kind, "varchar")
