"""Classes of task multiclass: which can be declared, and how many levels boosting takes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from customers import customers, declared, trained

from ml_ledger.declaration.checks import class_columns
from ml_ledger.errors import SpecError, TrainingSetError

MULTICLASS = {"task": "multiclass", "label": "kind", "decision": None}


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (["a", "b"], "classes: must be three or more; got ['a', 'b']. Fix: declare task: binary"),
        (["a", 'o"ne', "c"], "classes: has a name that cannot be used"),
        (["a", "calibration", "c"], "which is the name of other rows"),
        (["a", "", "c"], "classes: has a name that cannot be used; got ''"),
        (["a", "a", "c"], "two would share a column probability_<class>"),
        ([1, 2, 3], "classes.0: must be text; got 1. Fix: write it in quotes"),
        (None, "classes: a required key is missing for task 'multiclass'"),
    ],
)
def test_classes_that_cannot_be_declared(classes, message):
    with pytest.raises(SpecError) as caught:
        declared(**MULTICLASS, classes=classes)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "classes", [("A+", "A", "A-"), ("да", "нет", "жаль"), ("是", "否", "也"), ("a b", "a_b", "a-b")]
)
def test_classes_of_any_letters_have_columns_of_their_own(classes):
    columns = class_columns(classes).values()
    assert len(set(columns)) == 3
    assert all(column.isidentifier() for column in columns)
    table = customers(months=4)
    kind = pa.array([classes[k % 3] for k in range(len(table))])
    assert trained(table.append_column("kind", kind), **MULTICLASS, classes=list(classes))["version"] == 1


def test_classes_have_no_meaning_elsewhere():
    with pytest.raises(SpecError, match="classes: has no meaning for task 'binary'"):
        declared(classes=["a", "b", "c"])


@pytest.mark.parametrize("family", ["boosting", "additive_boosting"])
def test_too_many_levels_are_refused(family):
    table = customers(months=4)
    levels = pa.array([f"level {k % 70}" for k in range(len(table))])
    features = {"many": {"kind": "categorical"}, "a": {"kind": "numeric"}}
    algorithm = {"family": family, "hyperparameters": {"bins": 60}}
    with pytest.raises(TrainingSetError, match=r"features.many: has more levels than the family takes; got 7\d"):
        trained(table.append_column("many", levels), features=features, algorithm=algorithm)


@pytest.mark.parametrize("kind", [pa.decimal128(5, 2), pa.float64(), pa.float32()])
def test_a_category_has_one_text_per_level(kind):
    table = customers(months=4)
    tier = pa.array(np.arange(len(table)) % 3 * 1.5).cast(kind)
    with pytest.raises(
        TrainingSetError, match=r"features\.tier: a feature of kind categorical must have one text"
    ):
        trained(table.append_column("tier", tier), features={"tier": {"kind": "categorical"}})
