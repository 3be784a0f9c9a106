"""What columns of nodes hold, for the properties that `ml-ledger sync` writes: what the package says of its views."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from ml_ledger.declaration import MLModelSpec

# The view that shows a node of every ML model, with the node's columns.
VIEWS = {
    "versions": "ml_versions",
    "training_quality": "ml_training_quality",
    "deployments": "ml_deployment_events",
    "predictions": "ml_predictions",
    "batches": "ml_batches",
    "outcomes": "ml_outcomes",
    "performance": "ml_performance",
    "drift": "ml_drift",
    "alerts": "ml_alert_checks",
    "review_queue": "ml_review_queue",
    "feedback": "ml_feedback",
}
# Columns of a view that are no column of the node.
ADDED_BY_VIEW = {
    "performance": ("expected_value", "expected_low", "expected_high", "as_expected"),
    "review_queue": (
        *("entity_id", "as_of", "slot", "version", "status", "score", "predicted", "threshold", "decision", "reasons"),
        "reviewed",
    ),
}  # fmt: skip
# Columns of a node that its view leaves out, or shows as rows.
_MEASURED = {
    "period": "The length of the period, as declared.",
    "group_key": "What is measured, and replaced, together.",
    "fingerprint": "Of all that the rows of the group were measured from: they are measured again when it changes.",
}
_HIDDEN = {
    "versions": {
        "coefficients": "JSON array, the rows of `ml_coefficients`.",
        "nodes": "JSON array, the rows of `ml_tree_nodes`.",
        "metrics": "JSON array, the rows of `ml_metrics`.",
        "reference": "JSON array, the rows of `ml_reference`.",
        "baselines": "JSON object: baseline to its compiled expressions.",
        "twin": "The compiled expressions of the first fit, which saw no holdout, as JSON; NULL without a second.",
        "onnx": "The estimator as ONNX, if it is one of your own.",
        "hash_format": "Number of the way in which the hashes of the row were computed.",
    },
    "training_quality": {"spec_hash": "Hash of the declaration by which the training set was looked at."},
    "predictions": {"values_salt": "Random text in `values_hash`, which `ml_erase` deletes."},
    "performance": _MEASURED,
    "drift": _MEASURED,
    "review_queue": {"predicted_by": "dbt's identifier of the run whose decisions were drawn from."},
    "feedback": {"reason_salt": "Random text in `reason_hash`, which is deleted with the reason."},
}
_OF_TRAINING_SET = {
    "_ml_matured_at": "From when the label could be known.",
    "_ml_split": "How the row is used: train, holdout, embargo, or never.",
    "_ml_weight": "Weight of the row in the fit.",
    "_ml_known_at": "The clock for which the set was assembled.",
    "_ml_invocation_id": "dbt's identifier of the run that assembled it.",
    "_ml_run_by": "Who ran the build that assembled it.",
}
_OF_TRAINING_ROWS = {
    "_ml_version": "Number of the version that was trained or measured on the row.",
    "_ml_entity_id": "The entity, as text.",
    "_ml_as_of": "The as-of date, as a timestamp.",
}
# Ten times as fast as the other, where PyYAML was built with it.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DOC = re.compile(r"\{%\s*docs\s+(\w+)\s*%\}(.*?)\{%\s*enddocs\s*%\}", re.DOTALL)
_REFERENCE = re.compile(r"\{\{\s*doc\(\s*['\"](\w+)['\"]\s*\)\s*\}\}")


def described_columns(
    ml_model_spec: MLModelSpec, node: str, views: Mapping[str, Mapping[str, str]]
) -> dict[str, str]:
    """The columns of a node with what each holds, in one sentence.

    Parameters
    ----------
    ml_model_spec
        The declaration, which names the columns that are the user's own.
    node
        What follows the ML model's name in the node's.
    views
        Columns of the package's views, as `columns_of_views` gives them; empty where the package is not installed.
    """
    if node == "training_set":
        return {**_own_columns(ml_model_spec), **_OF_TRAINING_SET}
    if node == "training_rows":
        kept = described_columns(ml_model_spec, "training_set", views)
        return _OF_TRAINING_ROWS | (
            kept if ml_model_spec.keep_training_set == "full" else {"_ml_split": kept["_ml_split"]}
        )
    shown = views.get(VIEWS.get(node, ""), {})
    added = ADDED_BY_VIEW.get(node, ())
    found = {column: text for column, text in shown.items() if column not in added}
    return found | _HIDDEN.get(node, {}) if found else {}


def columns_of_views(package: Path | None) -> dict[str, dict[str, str]]:
    """The first sentence of what the package says of each column of each of its views, by view and column."""
    if package is None:
        return {}
    folder = package / "models"
    blocks: dict[str, str] = {}
    for path in sorted(folder.rglob("*.md")):
        blocks.update(_DOC.findall(path.read_text(encoding="utf-8")))
    models = [
        model
        for path in sorted(folder.rglob("_*__models.yml"))
        for model in (yaml.load(path.read_text(encoding="utf-8"), LOADER) or {}).get("models") or []
    ]
    return {
        model["name"]: {
            column["name"]: _first_sentence(
                _REFERENCE.sub(lambda found: blocks.get(found[1], ""), column["description"])
            )
            for column in model.get("columns") or []
            if column.get("description")
        }
        for model in models
        if model["name"] in VIEWS.values()
    }


def _own_columns(spec: MLModelSpec) -> dict[str, str]:
    labels = {} if spec.label is None else {spec.label: "The label."}
    features = dict.fromkeys(spec.features, "A feature, as it was then.")
    return (
        {spec.entity: "Whom the row is about.", spec.as_of: "The moment that the features describe."}
        | features
        | labels
    )


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[.?!])\s", " ".join(text.split()), maxsplit=1)[0]
