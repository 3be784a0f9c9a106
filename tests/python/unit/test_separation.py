"""What an unpenalised fit makes of columns that tell the label for certain, against fits without them."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from agreement import features
from scipy.optimize import minimize, minimize_scalar
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression, PoissonRegressor

from ml_ledger.errors import VersionError
from ml_ledger.families import FAMILIES
from ml_ledger.families.family import Fit
from ml_ledger.families.linear import candidates
from ml_ledger.solvers import multinomial, newton
from ml_ledger.solvers.objectives import LOGISTIC, POISSON
from ml_ledger.solvers.separation import firth_weight
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.warehouse import Relation

TOLERANCE = 1e-8
N = 3000


@pytest.fixture(params=["in memory", "in the warehouse"])
def path(request, monkeypatch) -> None:
    """Small sets are fitted in memory; with a small sample the same set takes passes in the warehouse."""
    if request.param == "in the warehouse":
        monkeypatch.setattr(newton, "SAMPLE_ROWS", 500)


def fitted(data: dict, y: np.ndarray, declared: dict, family: str = "logistic", **hyperparameters) -> Fit:
    """A fit in DuckDB. NaN is NULL."""
    columns = {name: pa.array(values, from_pandas=True) for name, values in data.items()}
    table = pa.table(columns | {"y": y.astype(float), "_ml_weight": np.ones(len(y)), "id": np.arange(len(y))})
    chosen = FAMILIES[family]
    unpenalised = {"C": "none"} if "C" in chosen.hyperparameters else {}
    return chosen.fit(
        training=TrainingRows(
            Relation(duckdb.connect().from_arrow(table), name="t"), where="true", label="y", key=("id",)
        ),
        features=features(**declared),
        hyperparameters=chosen.complete(unpenalised | hyperparameters),
        seed=0,
    )


def by_case(fit: Fit) -> dict:
    return {(row.feature, row.level or row.applies_to): row for row in fit.coefficients}


def drawn(seed: int = 0) -> tuple[dict, np.ndarray, np.random.Generator]:
    random = np.random.default_rng(seed)
    data = {"x": random.normal(size=N), "plan": random.choice(["a", "b", "c"], N, p=[0.5, 0.3, 0.2]).astype("U4")}
    eta = 0.7 * data["x"] - (data["plan"] == "b") - 0.5
    return data, random.random(N) < 1 / (1 + np.exp(-eta)), random


PLAN = {"x": {"kind": "numeric"}, "plan": {"kind": "categorical"}}


def unpenalised(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    oracle = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(X, y)
    return np.array([oracle.intercept_[0], *oracle.coef_[0]])


@pytest.mark.parametrize("label", [0, 1])
def test_a_level_that_alone_separates_is_left_undetermined_and_the_rest_stands(path, label, monkeypatch):
    data, y, _ = drawn()
    data["plan"][:9] = "rare"
    y[:9] = label
    said: list[str] = []
    monkeypatch.setattr(candidates, "say", said.append)
    fit = fitted(data, y, PLAN)
    rows = by_case(fit)
    rare = rows["plan", "rare"]
    assert rare.std_error is rare.statistic is rare.p_value is None
    assert np.isfinite(rare.value)
    assert fit.diagnostics["undetermined.plan = rare"] == 9
    assert f"plan = rare (all its 9 rows have label {label})" in said[0]
    rest = slice(9, None)
    X = np.column_stack([data["x"], data["plan"] == "b", data["plan"] == "c"])[rest]
    got = [
        rows[None, "intercept"].value,
        rows["x", "value"].slope,
        rows["plan", "b"].value,
        rows["plan", "c"].value,
    ]
    assert np.max(np.abs(got - unpenalised(X, y[rest]))) < TOLERANCE
    without = fitted({name: values[rest] for name, values in data.items()}, y[rest], PLAN)
    for key, row in by_case(without).items():
        if row.std_error is not None:
            assert rows[key].std_error == pytest.approx(row.std_error, rel=1e-6)
    assert sum(row.std_error is not None for row in rows.values()) == 4


def test_an_undetermined_level_scores_as_if_about_half_a_row_had_the_other_label():
    data, y, _ = drawn()
    data["plan"][:9] = "rare"
    y[:9] = False
    rows = by_case(fitted(data, y, PLAN))
    eta = rows[None, "intercept"].value + rows["x", "value"].slope * data["x"][:9]

    def minus_penalised(t: float) -> float:
        p = 1 / (1 + np.exp(-eta - t))
        return -np.sum(np.log(1 - p)) - 0.5 * np.log(np.sum(p * (1 - p)))

    oracle = minimize_scalar(minus_penalised, bounds=(-20, 10), method="bounded", options={"xatol": 1e-10}).x
    assert rows["plan", "rare"].value == pytest.approx(oracle, abs=1e-6)
    assert np.sum(1 / (1 + np.exp(-eta - oracle))) == pytest.approx(0.5, abs=0.1)


def test_one_row_of_the_other_label_determines_a_level():
    data, y, _ = drawn()
    data["plan"][:9] = "rare"
    y[:9] = False
    y[0] = True
    fit = fitted(data, y, PLAN)
    assert by_case(fit)["plan", "rare"].std_error > 0
    assert not [key for key in fit.diagnostics if key.startswith("undetermined")]


def test_a_reference_level_that_alone_separates(path):
    data, y, _ = drawn()
    y[data["plan"] == "a"] = False
    fit = fitted(data, y, PLAN)
    rows, count = by_case(fit), int(np.sum(data["plan"] == "a"))
    assert fit.diagnostics["undetermined.plan = a"] == count
    assert [rows["plan", level].std_error for level in "abc"] == [None] * 3
    assert rows["x", "value"].std_error > 0
    others = data["plan"] != "a"
    oracle = unpenalised(np.column_stack([data["x"], data["plan"] == "c"])[others], y[others])
    got = [
        rows[None, "intercept"].value + rows["plan", "b"].value,
        rows["x", "value"].slope,
        rows["plan", "c"].value - rows["plan", "b"].value,
    ]
    assert np.max(np.abs(got - oracle)) < TOLERANCE
    p = 1 / (1 + np.exp(-rows[None, "intercept"].value - rows["x", "value"].slope * data["x"][~others]))
    assert np.sum(p) == pytest.approx(0.5, abs=0.01)


def test_a_number_that_tells_the_label_wherever_it_is_not_0(path):
    data, y, random = drawn()
    data["refunds"] = np.where(random.random(N) < 0.01, random.integers(1, 4, N), 0).astype(float)
    y[data["refunds"] > 0] = True
    fit = fitted(data, y, PLAN | {"refunds": {"kind": "numeric"}})
    rows = by_case(fit)
    assert fit.diagnostics["undetermined.refunds"] == np.sum(data["refunds"] > 0)
    assert rows["refunds", "value"].std_error is None
    assert rows["refunds", "value"].slope > 1
    rest = data["refunds"] == 0
    X = np.column_stack([data["x"], data["plan"] == "b", data["plan"] == "c"])[rest]
    got = [
        rows[None, "intercept"].value,
        rows["x", "value"].slope,
        rows["plan", "b"].value,
        rows["plan", "c"].value,
    ]
    assert np.max(np.abs(got - unpenalised(X, y[rest]))) < TOLERANCE


def test_a_level_that_separates_once_another_is_set_aside():
    data, y, _ = drawn()
    data["shop"] = np.where(np.arange(N) < 20, "new", "old")
    data["plan"][:8] = "rare"
    y[:8], y[8:20] = False, True
    fit = fitted(data, y, PLAN | {"shop": {"kind": "categorical"}})
    found = {key: rows for key, rows in fit.diagnostics.items() if key.startswith("undetermined")}
    assert found == {"undetermined.plan = rare": 8, "undetermined.shop = new": 12}


def test_missing_values_and_bins_that_separate():
    data, y, _ = drawn()
    data["z"] = np.where(np.arange(N) < 7, np.nan, data["x"])
    data["w"] = np.where(np.arange(N) < 12, 50.0, data["x"])
    y[:12] = True
    declared = {"z": {"kind": "numeric", "missing": "own_level"}, "w": {"kind": "numeric", "bins": [0, 10]}}
    fit = fitted(data, y, declared)
    found = {key: rows for key, rows in fit.diagnostics.items() if key.startswith("undetermined")}
    assert found == {"undetermined.z missing": 7, "undetermined.w >= 10": 5}
    assert by_case(fit)["z", "value"].std_error > 0


def test_a_constant_column_is_left_out_without_a_word():
    e = np.arange(1, 81)
    x, y = e.astype(float), e + (e * 13) % 40 >= 50
    alone = by_case(fitted({"x": x}, y, {"x": {"kind": "numeric"}}))
    both = by_case(fitted({"x": x, "k": np.ones(80)}, y, {"x": {"kind": "numeric"}, "k": {"kind": "numeric"}}))
    assert both["k", "value"].slope == 0
    assert both["k", "value"].std_error is None
    for key, row in alone.items():
        assert both[key].slope == pytest.approx(row.slope, rel=1e-9) if row.slope else True
        assert both[key].std_error == pytest.approx(row.std_error, rel=1e-9)


def test_a_column_that_tells_every_label_is_an_error_that_names_it(path):
    data, _, _ = drawn()
    y = data["x"] > 0.3
    with pytest.raises(VersionError, match=r"separate the classes: x alone tells the label of every row.*penalty"):
        fitted(data, y, PLAN)


def test_a_level_that_tells_every_label_is_an_error_that_names_it():
    data, _, _ = drawn()
    with pytest.raises(VersionError, match=r"plan = b alone tells the label of every row"):
        fitted(data, data["plan"] == "b", PLAN)


def test_features_that_separate_only_together_are_named(path):
    data, _, random = drawn()
    data["z"], data["noise"] = random.normal(size=N), random.normal(size=N)
    y = data["x"] + 2 * data["z"] > 0.3
    declared = {name: {"kind": "numeric"} for name in ("noise", "x", "z")}
    with pytest.raises(VersionError, match=r"the features separate the classes by z and x together"):
        fitted(data, y, declared)


def test_some_rows_that_two_features_tell_together_are_an_error_that_names_them(path):
    """No single column tells a label for certain, but all rows where x > z have label 1."""
    random = np.random.default_rng(3)
    x = random.integers(0, 4, N).astype(float)
    z = np.maximum(x - random.integers(0, 2, N) * (random.random(N) < 0.3), 0)
    noise = random.normal(size=N)
    y = (random.random(N) < 1 / (1 + np.exp(-noise))) | (x > z)
    declared = {name: {"kind": "numeric"} for name in ("noise", "x", "z")}
    with pytest.raises(VersionError, match=r"the features separate the classes by (x and z|z and x) together"):
        fitted({"x": x, "z": z, "noise": noise}, y, declared)


def test_a_penalty_needs_none_of_it():
    data, y, _ = drawn()
    data["plan"][:9] = "rare"
    y[:9] = False
    fit = fitted(data, y, PLAN, C=1.0)
    assert not [key for key in fit.diagnostics if key.startswith("undetermined")]


def test_a_level_of_counts_that_are_all_0(path):
    data, _, random = drawn()
    y = random.poisson(np.exp(0.3 * data["x"] + 0.2 * (data["plan"] == "b"))).astype(float)
    data["plan"][:15] = "rare"
    y[:15] = 0.0
    fit = fitted(data, y, PLAN, family="poisson")
    rows = by_case(fit)
    assert fit.diagnostics["undetermined.plan = rare"] == 15
    X = np.column_stack([data["x"], data["plan"] == "b", data["plan"] == "c"])[15:]
    oracle = PoissonRegressor(alpha=0, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(X, y[15:])
    got = [
        rows[None, "intercept"].value,
        rows["x", "value"].slope,
        rows["plan", "b"].value,
        rows["plan", "c"].value,
    ]
    assert np.max(np.abs(got - np.array([oracle.intercept_, *oracle.coef_]))) < TOLERANCE
    eta = got[0] + got[1] * data["x"][:15] + rows["plan", "rare"].value
    assert np.sum(np.exp(eta)) == pytest.approx(0.5, abs=1e-9)


def test_a_level_whose_counts_are_all_above_0_is_no_separation():
    data, _, random = drawn()
    y = random.poisson(np.exp(0.3 * data["x"])).astype(float)
    y[data["plan"] == "c"] += 1
    fit = fitted(data, y, PLAN, family="poisson")
    assert not [key for key in fit.diagnostics if key.startswith("undetermined")]


@pytest.mark.parametrize("objective", [LOGISTIC, POISSON])
def test_the_weight_of_one_direction_is_firths(objective):
    random = np.random.default_rng(5)
    s, eta, w = random.uniform(0.1, 3, 40), random.normal(size=40), random.uniform(0.5, 2, 40)
    y = np.zeros(40)

    def minus_penalised(t: float) -> float:
        score = eta + t * s
        return np.sum(w * objective.loss(score, y)) - 0.5 * np.log(
            np.sum(w * s**2 * objective.curvature(score, y))
        )

    oracle = minimize_scalar(minus_penalised, bounds=(-30, 10), method="bounded", options={"xatol": 1e-11}).x
    assert firth_weight(s, eta, y, w, objective) == pytest.approx(oracle, abs=1e-6)


def classes_fitted(data: dict, y: np.ndarray, declared: dict) -> Fit:
    table = pa.table(data | {"y": y.astype(float), "_ml_weight": np.ones(len(y)), "id": np.arange(len(y))})
    chosen = FAMILIES["logistic"]
    return chosen.fit(
        training=TrainingRows(
            Relation(duckdb.connect().from_arrow(table), name="t"),
            where="true",
            label="y",
            key=("id",),
            task="multiclass",
            classes=("one", "two", "three"),
        ),
        features=features(**declared),
        hyperparameters=chosen.complete({"C": "none"}),
        seed=0,
    )


@pytest.mark.parametrize("sample", [None, 500])
def test_a_class_that_no_row_of_a_level_has(sample, monkeypatch):
    """The other weights are those of a fit by hand that leaves the class out of the choice in these rows."""
    if sample:
        monkeypatch.setattr(multinomial, "SAMPLE_ROWS", sample)
    data, _, random = drawn()
    data["plan"][:40] = "rare"
    eta = np.column_stack([np.zeros(N), 0.5 * data["x"], -0.4 * data["x"] + (data["plan"] == "b")])
    y = np.argmax(eta + random.gumbel(size=eta.shape), axis=1)
    y[:40] = np.arange(40) % 2  # never three
    fit = classes_fitted(data, y, PLAN)
    rows = {(row.output, row.feature, row.level): row for row in fit.coefficients}
    assert {key: n for key, n in fit.diagnostics.items() if "undetermined" in key} == {
        "undetermined.plan = rare, class three": 40
    }
    assert rows["three", "plan", "rare"].std_error is None
    X = np.column_stack([np.ones(N), data["x"], *(data["plan"] == level for level in ("b", "c", "rare"))])
    X = X.astype(float)
    never = np.zeros((N, 3))
    never[:40, 2] = -1e4

    def loss(beta: np.ndarray) -> tuple[float, np.ndarray]:
        b = np.column_stack([np.zeros(5), *beta.reshape(2, 5)])
        score = X @ b + never
        logs = score - logsumexp(score, axis=1, keepdims=True)
        residual = np.exp(logs)
        residual[np.arange(N), y] -= 1
        return -logs[np.arange(N), y].sum(), (X.T @ residual)[:, 1:].T.ravel()

    oracle = minimize(loss, np.zeros(10), jac=True, method="BFGS", options={"gtol": 1e-6}).x.reshape(2, 5)
    for name, weights in zip(("two", "three"), oracle, strict=True):
        got = [rows[name, None, None].value, rows[name, "x", None].slope]
        got += [rows[name, "plan", level].value for level in ("b", "c", "rare")]
        used = slice(None, 4 if name == "three" else 5)
        assert np.array(got[used]) == pytest.approx(weights[used], abs=1e-5)
        assert all(rows[name, "plan", level].std_error > 0 for level in ("b", "c"))
    assert rows["two", "plan", "rare"].std_error > 0
    b = np.array([[0.0] * 5, oracle[0], oracle[1]])
    b[2, 4] = rows["three", "plan", "rare"].value
    score = X[:40] @ b.T
    assert np.exp(score[:, 2] - logsumexp(score, axis=1)).sum() == pytest.approx(0.5, abs=0.02)


def test_classes_that_features_separate_are_an_error_that_names_them():
    data, _, _ = drawn()
    y = np.digitize(data["x"], [-0.5, 0.5])
    with pytest.raises(VersionError, match="the features separate the classes by x"):
        classes_fitted(data, y, PLAN)


@pytest.mark.parametrize("family", ["gamma", "linear"])
def test_a_level_per_row_leaves_no_row_to_test_it_by(family):
    """Without degrees of freedom there is no dispersion, and so no test; a row more gives one."""
    level = np.array(list("abcdef"))
    y = np.array([1.0, 2.0, 4.0, 3.0, 5.0, 2.5])
    declared = {"plan": {"kind": "categorical", "min_share": 0.0}}
    saturated = fitted({"plan": level}, y, declared, family, alpha=0)
    assert not [name for name in saturated.diagnostics if name.startswith("lr_test")]
    one_more = fitted({"plan": np.append(level, "a")}, np.append(y, 1.5), declared, family, alpha=0)
    assert one_more.diagnostics["lr_test.plan.df"] == 5
