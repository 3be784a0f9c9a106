"""Standard errors against the formulas written out on raw design matrices, which share no code with the fits."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from scipy import stats
from test_terms import features

from ml_ledger.coefficients import Coefficient
from ml_ledger.declaration import parse_spec
from ml_ledger.errors import SpecError
from ml_ledger.families import FAMILIES
from ml_ledger.solvers import newton
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.warehouse import Relation

TOLERANCE = 1e-6
N = 3000
UNPENALISED = {"linear": {"alpha": 0}, "logistic": {"C": "none"}}


@pytest.fixture(params=["in memory", "in the warehouse"], autouse=True)
def path(request, monkeypatch) -> None:
    """Small sets are fitted in memory; with a small sample the same set takes passes in the warehouse."""
    if request.param == "in the warehouse":
        monkeypatch.setattr(newton, "SAMPLE_ROWS", 500)


@pytest.fixture(params=["linear", "logistic"])
def family(request) -> str:
    return request.param


def columns() -> dict[str, np.ndarray]:
    """Features of every kind, NaN for NULL, and whole weights."""
    random = np.random.default_rng(7)
    x = random.normal(10, 3, N)
    x[random.random(N) < 0.15] = np.nan
    return {
        "x": x,
        "amount": np.exp(random.normal(3, 1, N)),
        "code": random.choice(4, N, p=[0.4, 0.3, 0.2, 0.1]).astype(float),
        "_ml_weight": random.integers(1, 4, N).astype(float),
    }


def label(family: str, data: dict[str, np.ndarray]) -> np.ndarray:
    random = np.random.default_rng(8)
    eta = 0.2 * (np.nan_to_num(data["x"], nan=12) - 10) + 0.3 * np.log1p(data["amount"]) - data["code"] / 3 - 0.6
    if family == "linear":
        return eta + random.normal(size=N)
    return (random.random(N) < 1 / (1 + np.exp(-eta))).astype(float)


def fitted(
    family: str, declared: dict, data: dict[str, np.ndarray], y: np.ndarray, **hyperparameters
) -> list[Coefficient]:
    """Coefficient rows of a fit in DuckDB."""
    table = pa.table(
        {name: pa.array(values, mask=np.isnan(values)) for name, values in data.items()}
        | {"y": y, "id": np.arange(len(y))}
    )
    relation = Relation(duckdb.connect().from_arrow(table), name="t")
    chosen = FAMILIES[family]
    task = "regression" if family == "linear" else "binary"
    return list(
        chosen.fit(
            training=TrainingRows(relation, where="true", label="y", key=("id",), task=task),
            features=features(**declared),
            hyperparameters=chosen.complete(UNPENALISED[family] | hyperparameters),
            seed=0,
        ).coefficients
    )


def by_hand(
    family: str, X: np.ndarray, y: np.ndarray, weight: np.ndarray, contrasts: list[list[float]]
) -> list[tuple[float, float, float, float]]:
    """Estimate, standard error, statistic and p-value of c'b per contrast c, from raw columns, the constant first.

    Least squares: b = (X'WX)^-1 X'Wy, V = s^2 (X'WX)^-1, s^2 = sum(w e^2) / (sum(w) - p). Logistic: b by iteratively
    reweighted least squares, V = (X'WX)^-1 with W = w p (1 - p).
    """
    b = np.zeros(X.shape[1])
    if family == "linear":
        V = np.linalg.inv((X.T * weight) @ X)
        b = V @ X.T @ (weight * y)
        degrees = np.sum(weight) - X.shape[1]
        V = V * np.sum(weight * (y - X @ b) ** 2) / degrees
        tail = stats.t(degrees).sf
    else:
        for _ in range(30):
            p = 1 / (1 + np.exp(-X @ b))
            V = np.linalg.inv((X.T * (weight * p * (1 - p))) @ X)
            b = b + V @ X.T @ (weight * (y - p))
        tail = stats.norm.sf
    C = np.array(contrasts, dtype=float)
    estimate, error = C @ b, np.sqrt(np.diag(C @ V @ C.T))
    statistic = estimate / error
    return list(zip(estimate, error, statistic, 2 * tail(np.abs(statistic)), strict=True))


def agree(rows: list[Coefficient], expected: list) -> None:
    assert len(rows) == len(expected)
    for row, numbers in zip(rows, expected, strict=True):
        estimate = row.slope if row.slope is not None else row.value
        if numbers is None:
            assert (row.std_error, row.statistic, row.p_value) == (None, None, None), row
        else:
            got = (estimate, row.std_error, row.statistic, row.p_value)
            assert got == pytest.approx(tuple(map(float, numbers)), rel=TOLERANCE), row


def filled(data: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, float]:
    """x with its weighted mean for NaN, where it is NaN, and that mean."""
    missing = np.isnan(data["x"])
    mean = float(np.average(data["x"][~missing], weights=data["_ml_weight"][~missing]))
    return np.where(missing, mean, data["x"]), missing.astype(float), mean


def test_a_number_and_log1p(family):
    data = columns()
    y = label(family, data)
    rows = fitted(
        family, {"code": {"kind": "numeric"}, "amount": {"kind": "numeric", "transform": "log1p"}}, data, y
    )
    X = np.column_stack([np.ones(N), data["code"], np.log1p(data["amount"])])
    agree(rows, by_hand(family, X, y, data["_ml_weight"], np.eye(3).tolist()))


def test_a_missing_value_with_a_level_of_its_own(family):
    data = columns()
    y = label(family, data)
    rows = fitted(family, {"x": {"kind": "numeric", "missing": "own_level"}}, data, y)
    x, missing, mean = filled(data)
    contrasts = [[1, 0, 0], [0, 1, 0], [0, mean, 1]]
    agree(rows, by_hand(family, np.column_stack([np.ones(N), x, missing]), y, data["_ml_weight"], contrasts))


def test_a_missing_value_that_counts_as_the_mean(family):
    data = columns()
    y = label(family, data)
    rows = fitted(family, {"x": {"kind": "numeric", "missing": "impute"}}, data, y)
    x, _, mean = filled(data)
    contrasts = [[1, 0], [0, 1], [0, mean]]
    agree(rows, by_hand(family, np.column_stack([np.ones(N), x]), y, data["_ml_weight"], contrasts))


def test_knots_and_clipped_ends(family):
    data = columns()
    y = label(family, data)
    declared = {"kind": "numeric", "missing": "own_level", "knots": [9, 12], "bounds": [5, None]}
    rows = fitted(family, {"x": declared | {"out_of_bounds": "clip"}}, data, y)
    x, missing, mean = filled(data | {"x": np.maximum(data["x"], 5)})
    X = np.column_stack([np.ones(N), x, np.maximum(0, x - 9), np.maximum(0, x - 12), missing])
    contrasts = [
        [1, 0, 0, 0, 0],
        [0, 5, 0, 0, 0],
        [0, 1, 0, 0, 0],
        [0, 1, 1, 0, 0],
        [0, 1, 1, 1, 0],
        [0, mean, max(0, mean - 9), max(0, mean - 12), 1],
    ]
    agree(rows, by_hand(family, X, y, data["_ml_weight"], contrasts))


def test_levels_and_their_reference(family):
    data = columns()
    y = label(family, data)
    declared = {"kind": "categorical", "levels": ["0.0", "1.0", "2.0", "3.0"], "unknown": "reference"}
    rows = fitted(family, {"code": declared}, data, y)
    X = np.column_stack([np.ones(N), *(data["code"] == level for level in (1, 2, 3))])
    head, *others = by_hand(family, X, y, data["_ml_weight"], np.eye(4).tolist())
    assert [row.level for row in rows] == [None, "0.0", "1.0", "2.0", "3.0", None]
    agree(rows, [head, None, *others, None])


def test_bins(family):
    data = columns()
    y = label(family, data)
    rows = fitted(family, {"code": {"kind": "numeric", "bins": [1, 3]}}, data, y)
    X = np.column_stack([np.ones(N), data["code"] < 1, data["code"] >= 3])
    head, low, high = by_hand(family, X, y, data["_ml_weight"], np.eye(3).tolist())
    agree(rows, [head, low, None, high])


def test_far_from_zero(family):
    data = columns()
    y = label(family, data)
    far = data | {"amount": np.log(data["amount"]) + 1e6}
    rows = fitted(family, {"amount": {"kind": "numeric"}}, far, y)
    near = np.column_stack([np.ones(N), far["amount"] - 1e6])
    (slope,) = by_hand(family, near, y, data["_ml_weight"], [[0, 1]])
    (intercept,) = by_hand(family, near, y, data["_ml_weight"], [[1, -1e6]])
    agree(rows, [intercept, slope])


def test_a_weight_counts_rows(family):
    data = columns()
    y = label(family, data)
    copies = np.repeat(np.arange(N), data["_ml_weight"].astype(int))
    repeated = {name: values[copies] for name, values in data.items()} | {"_ml_weight": np.ones(len(copies))}
    declared = {"code": {"kind": "numeric"}}
    weighted, counted = fitted(family, declared, data, y), fitted(family, declared, repeated, y[copies])
    for one, other in zip(weighted, counted, strict=True):
        assert one.std_error == pytest.approx(other.std_error, rel=TOLERANCE)
        assert one.p_value == pytest.approx(other.p_value, rel=TOLERANCE)


def test_constant_and_collinear_columns_have_none(family):
    data = columns()
    y = label(family, data)
    data |= {"constant": np.full(N, 3.3), "twin": 2 * data["code"] + 1}
    X = np.column_stack([np.ones(N), data["code"]])
    expected = by_hand(family, X, y, data["_ml_weight"], np.eye(2).tolist())
    constant = {"constant": {"kind": "numeric"}, "code": {"kind": "numeric"}}
    agree(fitted(family, constant, data, y), [expected[0], None, expected[1]])
    rows = fitted(family, {"code": {"kind": "numeric"}, "twin": {"kind": "numeric"}}, data, y)
    assert [row.std_error for row in rows] == [None] * 3, "twin + 1 moves between intercept and slopes"
    rows = fitted(
        family, {"code": {"kind": "numeric"}, "amount": {"kind": "numeric"}, "twin": {"kind": "numeric"}}, data, y
    )
    X = np.column_stack([np.ones(N), data["code"], data["amount"]])
    (amount,) = by_hand(family, X, y, data["_ml_weight"], [[0, 0, 1]])
    agree(rows[1:], [None, amount, None])


def test_a_perfect_fit_and_a_fit_without_rows_to_spare_have_none():
    x = np.array([1.0, 2.0, 4.0])
    data = {"x": x, "_ml_weight": np.ones(3)}
    assert [row.std_error for row in fitted("linear", {"x": {"kind": "numeric"}}, data, 0 * x + 7)] == [None] * 2
    two = {"x": x[:2], "_ml_weight": np.ones(2)}
    assert [row.std_error for row in fitted("linear", {"x": {"kind": "numeric"}}, two, x[:2])] == [None] * 2


@pytest.mark.parametrize(
    ("family", "penalty"), [("linear", {"alpha": 0.1}), ("logistic", {"C": 1.0}), ("logistic", {"C": 1e9})]
)
def test_penalised_fits_have_none(family, penalty):
    data = columns()
    rows = fitted(family, {"code": {"kind": "numeric"}}, data, label(family, data), **penalty)
    assert {(row.std_error, row.statistic, row.p_value) for row in rows} == {(None, None, None)}


def test_only_none_and_numbers_are_allowed():
    spec = {
        "task": "binary",
        "entity": "id",
        "as_of": "day",
        "label": "y",
        "features": {"x": {"kind": "numeric"}},
        "algorithm": {"family": "logistic", "hyperparameters": {"C": "none"}},
        "baselines": {"constant": {"family": "constant"}},
        "decision": {"threshold": 0.5, "positive": "a", "negative": "b", "fallback": "c"},
    }
    assert parse_spec("m", spec).algorithm.hyperparameters == {"C": "none"}
    for wrong in ("None", None, 0):
        spec["algorithm"]["hyperparameters"]["C"] = wrong
        with pytest.raises(SpecError, match=r"got .*Allowed: a number > 0.*; or none: no penalty"):
            parse_spec("m", spec)
