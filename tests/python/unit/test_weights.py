"""Sample weights and class weights reach the fit, as they do in scikit-learn."""

from __future__ import annotations

import json

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from customers import customers, declared, trained
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ml_ledger.errors import SpecError, TrainingSetError
from ml_ledger.training_set.weights import weights_notice
from ml_ledger.warehouse import Relation


def replaced(table: pa.Table, name: str, values: pa.Array | np.ndarray) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), name, pa.array(values))


def slopes(row) -> dict[str, float]:
    return {r["feature"]: r["slope"] for r in json.loads(row["coefficients"]) if r["feature"]}


def oracle(table: pa.Table, weight: np.ndarray | None, class_weight=None) -> dict[str, float]:
    data = table.to_pandas()
    train = data["_ml_split"] == "train"
    X, y = data.loc[train, ["a", "b"]].to_numpy(), data.loc[train, "bought"].to_numpy()
    own = np.ones(len(y)) if weight is None else weight[train]
    by_class = {0: 1.0, 1: 1.0} if class_weight is None else class_weight
    own = own * np.where(y == 1, by_class[1], by_class[0])
    fit = make_pipeline(StandardScaler(), LogisticRegression(solver="newton-cholesky", tol=1e-12))
    fit.fit(X, y, standardscaler__sample_weight=own, logisticregression__sample_weight=own)
    return dict(zip("ab", fit[1].coef_[0] / fit[0].scale_, strict=True))


def test_sample_weights():
    table = customers()
    got = slopes(trained(table, training={"sample_weight": "counts"}))
    assert got == pytest.approx(oracle(table, np.array(table["counts"])), abs=1e-8)
    assert got != pytest.approx(oracle(table, None), abs=1e-4)


def test_class_weights():
    table = customers()
    got = slopes(trained(table, training={"class_weights": {"1": 3.0}}))
    assert got == pytest.approx(oracle(table, None, {0: 1.0, 1: 3.0}), abs=1e-8)


def test_balanced_classes_weigh_the_same():
    table = customers()
    data = table.to_pandas()
    y = data.loc[data["_ml_split"] == "train", "bought"]
    share = {k: len(y) / (2 * (y == k).sum()) for k in (0, 1)}
    got = slopes(trained(table, training={"class_weights": "balanced"}))
    assert got == pytest.approx(oracle(table, None, share), abs=1e-8)


def test_weights_that_sum_to_a_population_are_no_frequencies():
    """Each row of a survey is of a person of its own and stands for so many: the errors are a sandwich (HC0)."""
    table = customers()
    columns = {"id": np.arange(len(table)), "people": np.array(table["counts"]) * 4_000}
    survey = table.drop_columns(["id"])
    for name, values in columns.items():
        survey = survey.append_column(name, pa.array(values))
    line = {"algorithm": {"family": "logistic", "hyperparameters": {"C": "none"}}}

    def tested(meaning: str) -> np.ndarray:
        training = {"sample_weight": "people", "weights_are": meaning}
        rows = json.loads(trained(survey, **line, training=training)["coefficients"])
        return np.array([[row["slope"] or row["value"], row["std_error"], row["statistic"]] for row in rows]).T

    beta, errors, z = tested("sampling")
    data = survey.to_pandas()[np.array(table["_ml_split"]) == "train"]
    X, w, y = np.column_stack([np.ones(len(data)), data[["a", "b"]]]), data["people"].to_numpy(), data["bought"]
    p = 1 / (1 + np.exp(-X @ beta))
    bread = np.linalg.inv((X * (w * p * (1 - p))[:, None]).T @ X)
    rows = X * (w * (y - p)).to_numpy()[:, None]
    assert errors == pytest.approx(np.sqrt(np.diag(bread @ (rows.T @ rows) @ bread)), rel=1e-6)
    assert np.max(np.abs(z)) < 5
    assert np.max(np.abs(tested("frequency")[2])) > 400, "as if so many people had been asked"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda t: t.drop_columns(["counts"]),
            "training.sample_weight: column 'counts' is not in the training set",
        ),
        (
            lambda t: t.set_column(t.schema.get_field_index("counts"), "counts", pa.array(-np.ones(len(t)))),
            "must be a number >= 0 on every training row; got 1000 of 1000",
        ),
        (
            lambda t: t.set_column(t.schema.get_field_index("counts"), "counts", pa.array(np.zeros(len(t)))),
            "must not be 0 on every usable training row",
        ),
        (
            lambda t: t.set_column(
                t.schema.get_field_index("counts"), "counts", pa.array(np.array(t["bought"]) * 1.0)
            ),
            "must not be 0 on every usable training row of a class; got 0",
        ),
        (
            lambda t: t.set_column(t.schema.get_field_index("counts"), "counts", pa.array(["x"] * len(t))),
            "must be a number; got VARCHAR",
        ),
    ],
)
def test_weights_that_cannot_be_used(change, message):
    with pytest.raises(TrainingSetError) as caught:
        trained(change(customers()), training={"sample_weight": "counts"})
    assert message in str(caught.value)


def test_rows_of_a_class_that_count_must_be_usable_too():
    """Where rows of a class have weights only where a feature is NULL, none is left to learn it from."""
    table = customers()
    y = np.array(table["bought"])
    weighs = np.where(y == 1, np.arange(len(y)) % 2 == 0, True)
    a = np.where((y == 1) & weighs, np.nan, np.array(table["a"]))
    table = replaced(replaced(table, "counts", weighs * 1.0), "a", pa.array(a, from_pandas=True))
    with pytest.raises(TrainingSetError, match="must not be 0 on every usable training row of a class; got 1"):
        trained(table, training={"sample_weight": "counts"})
    one = np.flatnonzero((y == 1) & ~weighs)[0]
    weighs[one] = True
    trained(replaced(table, "counts", weighs * 1.0), training={"sample_weight": "counts"})


@pytest.mark.parametrize(
    ("factor", "weights_are", "asked"),
    [
        (1.0, None, False),
        (0.5, None, True),
        (10.0, None, False),
        (11.0, None, True),
        (0.5, "frequency", False),
        (11.0, "sampling", False),
    ],
)
def test_weights_that_are_hardly_frequencies_are_asked_about(factor, weights_are, asked):
    table = customers()
    table = replaced(table, "counts", np.full(len(table), factor))
    connection = duckdb.connect()
    rows = Relation(connection.from_arrow(table), name="t")
    training = {"sample_weight": "counts"} | ({"weights_are": weights_are} if weights_are else {})
    notice = weights_notice(declared(training=training), rows)
    assert (notice is not None) == asked
    if notice and factor > 1:
        assert "1,000 training rows count as 11,000, and standard errors are so small. Fix: declare" in notice


def test_class_weights_of_classes_that_are_not_there():
    with pytest.raises(SpecError, match=r"class_weights\.yes: is not a class; got 'yes'. Allowed: 0, 1"):
        declared(training={"class_weights": {"yes": 2.0}})
    with pytest.raises(SpecError, match="class_weights: has no meaning for task 'regression'"):
        declared(
            task="regression",
            decision=None,
            algorithm={"family": "linear"},
            training={"class_weights": "balanced"},
        )


@pytest.mark.parametrize("column", ["bought", "id", "month"])
def test_a_sample_weight_is_a_column_of_its_own(column):
    with pytest.raises(SpecError, match="sample_weight: cannot be the entity"):
        declared(training={"sample_weight": column})


def test_a_sample_weight_is_none_of_our_own_columns():
    with pytest.raises(
        SpecError, match="sample_weight: is a name that ml_ledger keeps for itself; got '_ml_weight'"
    ):
        declared(training={"sample_weight": "_ml_weight"})
