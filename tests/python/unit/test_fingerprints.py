"""Fingerprints of declarations: the same for ever, changed by what changes a fit or a decision, and only by that."""

import copy
from typing import Any

import pytest
from pydantic import Field

from ml_ledger.declaration import parse_spec
from ml_ledger.declaration.key_types import LATER, TRAINS_NOTHING, Strict, later_at_default, trains_nothing
from ml_ledger.declaration.ml_model import MLModelSpec

# Nearly every key that counts. What a version keeps of it must not change: else all versions would be due.
DECLARATION: dict[str, Any] = {
    "task": "binary",
    "description": "b",
    "owner": "a",
    "entity": "id",
    "as_of": "day",
    "label": "y",
    "never": "gone",
    "features": {
        "age": {
            "kind": "numeric",
            "bounds": [0, None],
            "out_of_bounds": "clip",
            "transform": "log1p",
            "knots": [0.5, 2.0],
            "description": "years",
            "written_at": "known",
            "known_in_time": "it is",
        },
        "plan": {"kind": "categorical", "min_share": 0.01, "unknown": "rare", "missing": "own_level"},
        "trial": {"kind": "boolean", "missing": "impute"},
        "since": {"kind": "date", "parts": ["month", "weekday"]},
    },
    "candidates": {
        "a": {"family": "logistic", "hyperparameters": {"C": 0.1}},
        "b": {"family": "logistic"},
    },
    "cross_validation": {"folds": 4, "of": "month"},
    "calibration": "platt",
    "baselines": {"constant": {"family": "constant"}},
    "evaluation": {"holdout": {"days": 90}, "cluster": "home", "weight": "w"},
    "training": {
        "seed": 3,
        "sample_weight": "w",
        "weights_are": "sampling",
        "class_weights": {"0": 1.0, "1": 5.0},
        "refit": True,
    },
    "gate": {"maximum_calibration_error": 0.1, "value_hurdle": 0.5, "signs": {"age": "positive"}},
    "slices": {"young": {"where": "age < 30", "limits": {"roc_auc": 0.6}}},
    "smoke_cases": {"old": {"inputs": {"age": 90}, "score": [0.2, None]}},
    "decision": {"threshold": "best_value", "positive": "yes", "negative": "no", "fallback": "no"},
    "value": {"unit": "euros", "true_positive": 4, "false_positive": -1},
    "fairness": {"attributes": {"region": {"reference": "north"}}, "limits": {"calibration_gap": 0.2}},
    "monitoring": {"period": "week"},
    "review": {},
    "training_quality": {},
    "keep_training_set": "full",
}
FINGERPRINT = "9e1fdf2525ccf134cf36a43eae62fe13cc65b7f199aedcfc0e8e3e0bc0641ed2"


def fingerprint(**changes: Any) -> str:
    return parse_spec("m", copy.deepcopy(DECLARATION) | changes).fingerprint()


def test_a_declaration_has_the_fingerprint_that_it_had():
    assert fingerprint() == FINGERPRINT


@pytest.mark.parametrize(
    "changes",
    [
        {"description": "another"},
        {"owner": "b"},
        {"governance": {"purpose": "p"}},
        {"deployment": {"policy": "approval"}},
        {"experiment": {"salt": "s"}},
        {"retention": {"predictions_months": 12}},
        {"monitoring": {"drift": {}}},
        {"retraining": {"new_rows": 10}},
        {"review": {"rejected": 3}},
        {"training_quality": {"limits": {"vif": 5}}},
        {"keep_training_set": "none"},
        {"value": DECLARATION["value"] | {"unit": "dollars"}},
        {"fairness": DECLARATION["fairness"] | {"allowed_as_features": ["region"]}},
        {"features": DECLARATION["features"] | {"age": DECLARATION["features"]["age"] | {"description": "c"}}},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_trains_nothing_does_not_change_it(changes):
    assert fingerprint(**changes) == FINGERPRINT


@pytest.mark.parametrize(
    "changes",
    [
        {"task": "binary", "label": "z"},
        {"calibration": "isotonic"},
        {"cross_validation": {"folds": 5, "of": "month"}},
        {"training": DECLARATION["training"] | {"refit": False}},
        {"training": DECLARATION["training"] | {"seed": 4}},
        {"gate": DECLARATION["gate"] | {"maximum_calibration_error": 0.2}},
        {"decision": DECLARATION["decision"] | {"positive": "maybe"}},
        {"value": DECLARATION["value"] | {"true_positive": 5}},
        {"reasons": 4},
    ],
    ids=lambda changes: next(reversed(changes)),
)
def test_what_changes_a_fit_or_a_decision_changes_it(changes):
    assert fingerprint(**changes) != FINGERPRINT


def test_keys_of_the_first_level_that_train_nothing_are_marked():
    assert trains_nothing(MLModelSpec) == {
        "description", "owner", "example",
        "governance", "deployment", "experiment", "retention", "keep_training_set",
        "monitoring", "retraining", "review",
        "training_quality", "relations",
    }  # fmt: skip


def test_a_key_that_came_later_counts_only_where_it_is_not_at_its_default():
    class Block(Strict):
        """A block with a key of each kind."""

        first: int = 1
        later: int = Field(2, json_schema_extra=LATER)
        nothing: int = Field(3, json_schema_extra=TRAINS_NOTHING)

    assert later_at_default(Block()) == {"later"}
    assert later_at_default(Block(first=5, nothing=6)) == {"later"}
    assert later_at_default(Block(later=7)) == set()
    assert trains_nothing(Block) == {"nothing"}
