"""Numbers whose squares are no numbers are a problem that names the column, and those just within the limits train."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from agreement import features
from test_validation import DECLARATION, GOOD, validate

from ml_ledger.errors import TrainingSetError
from ml_ledger.families import FAMILIES
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.warehouse import Relation

REGRESSION = {"task": "regression", "algorithm": {"family": "linear"}, "decision": None}
ONE = """
    select * replace (case when id = 7 and _ml_split = 'train' then {value} else {column} end as {column}) from ({good})
"""


def checked(column: str, value: str, **changes) -> None:
    declared = {key: given for key, given in (DECLARATION | changes).items() if given is not None}
    validate(declared, ONE.format(column=column, value=f"({value})::double", good=GOOD))


@pytest.mark.parametrize("value", ["1.001e100", "-1e160", "1.7976931348623157e308"])
@pytest.mark.parametrize("family", ["logistic", "scorecard", "tree", "additive_boosting"])
def test_one_value_that_cannot_be_squared_is_one_problem_that_names_the_column(value, family):
    with pytest.raises(
        TrainingSetError, match=r"1 problem.*\n.*features.age: is too large to be squared; got \d"
    ) as e:
        checked("age", value, algorithm={"family": family})
    assert "Allowed: up to 1e+100" in str(e.value)


@pytest.mark.parametrize("value", ["1e100", "-1e100", "9.9e99", "1e-300", "-1e-320"])
def test_values_up_to_the_limit_pass(value):
    checked("age", value)


def test_infinity_is_a_problem_once():
    with pytest.raises(TrainingSetError, match=r"1 problem.*\n.*features.age: must be finite"):
        checked("age", "'inf'")


@pytest.mark.parametrize("policy", ["clip", "reject"])
def test_a_value_beyond_declared_bounds_is_none(policy):
    bounds = {"kind": "numeric", "bounds": [0, 100], "out_of_bounds": policy}
    checked("age", "1e160", features={"age": bounds, "gap": DECLARATION["features"]["gap"]})
    with pytest.raises(TrainingSetError, match=r"features.age: is too large"):
        checked("age", "1e160", features={"age": bounds | {"bounds": [0, None]}, "gap": {"kind": "numeric"}})


def test_labels_and_weights_count_too():
    with pytest.raises(TrainingSetError, match=r"label bought: is too large to be squared"):
        checked("bought", "1e160", **REGRESSION)
    checked("bought", "1e100", **REGRESSION)
    weighted = {"features": {"age": {"kind": "numeric"}}, "training": {"sample_weight": "gap"}}
    with pytest.raises(TrainingSetError, match=r"training.sample_weight: is too large to be squared"):
        checked("gap", "1e160", **weighted)
    with pytest.raises(TrainingSetError, match=r"evaluation.weight: is too large to be squared"):
        checked("gap", "1e160", **weighted | {"training": {}, "evaluation": {"weight": "gap"}})


@pytest.mark.parametrize(
    ("unit", "passes"), [("1.7e-101", True), ("1.6e-101", False), ("1e-170", False), ("5e-324", False)]
)
def test_differences_whose_squares_are_0_are_a_problem(unit, passes):
    """Ages go from 20 to 26, so that the largest difference is six units."""
    sql = f"select * replace (age * {unit}::double as age) from ({GOOD})"
    if passes:
        validate(DECLARATION, sql)
        return
    with pytest.raises(TrainingSetError, match=r"features.age: differs by too little to be squared"):
        validate(DECLARATION, sql)


def test_a_constant_however_small_is_no_problem():
    validate(DECLARATION, f"select * replace (1e-200::double as age) from ({GOOD})")


@pytest.mark.parametrize("scale", [1e100, 1e-100])
@pytest.mark.parametrize("family", ["logistic", "linear", "poisson", "gamma", "scorecard", "boosting"])
def test_the_extremes_that_pass_can_be_fitted(family, scale):
    random = np.random.default_rng(0)
    x, y = random.normal(size=300), random.integers(0, 2, 300).astype(float)
    x[0] = 8.0
    data = {"x": x / 8 * scale, "y": y + (family == "gamma"), "_ml_weight": np.ones(300), "id": np.arange(300)}
    connection = duckdb.connect()
    chosen = FAMILIES[family]
    selected = ", ".join(f"unnest(?::{'int' if name == 'id' else 'double'}[]) as {name}" for name in data)
    rows = connection.sql(f"select {selected}", params=[values.tolist() for values in data.values()])
    fit = chosen.fit(
        training=TrainingRows(Relation(rows, name="t"), where="true", label="y", key=("id",)),
        features=features(x={"kind": "numeric"}),
        hyperparameters=chosen.complete({}),
        seed=0,
    )
    for row in fit.coefficients:
        assert all(np.isfinite(number) for number in (row.slope or 0.0, row.value or 0.0, row.reference))
