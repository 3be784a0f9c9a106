"""Firth's penalty, against the penalised likelihood maximised by scipy, and against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from test_separation import PLAN, N, by_case, drawn, fitted

from ml_ledger.declaration import parse_spec
from ml_ledger.errors import SpecError, TrainingSetError, VersionError
from ml_ledger.solvers import firth

TOLERANCE = 1e-6


def oracle(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights, and their standard errors, of the penalised likelihood as it is written down."""
    X = np.column_stack([np.ones(len(X)), X])

    def information(beta: np.ndarray) -> np.ndarray:
        p = 1 / (1 + np.exp(-X @ beta))
        return (X * (p * (1 - p))[:, None]).T @ X

    def minus(beta: np.ndarray) -> float:
        eta = X @ beta
        return np.sum(np.logaddexp(0, eta) - y * eta) - 0.5 * np.linalg.slogdet(information(beta))[1]

    beta = minimize(minus, np.zeros(X.shape[1]), method="BFGS", options={"gtol": 1e-9}).x
    beta = minimize(minus, beta, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-14}).x
    return beta, np.sqrt(np.diag(np.linalg.inv(information(beta))))


def test_weights_and_errors_are_those_of_the_penalised_likelihood():
    data, y, _ = drawn()
    data = {name: values[:300] for name, values in data.items()}
    data["plan"][:4] = "rare"
    y = y[:300]
    y[:4] = False  # without a penalty it has no weight
    fit = fitted(data, y, PLAN, penalty="firth")
    X = np.column_stack([data["x"], *(data["plan"] == level for level in ("b", "c", "rare"))])
    beta, errors = oracle(X, y)
    rows = by_case(fit)
    got = [rows[None, "intercept"], rows["x", "value"], *(rows["plan", level] for level in ("b", "c", "rare"))]
    estimates = [row.slope if row.slope is not None else row.value for row in got]
    # The row of the intercept says the score where x is 0 and the plan is the reference.
    assert estimates == pytest.approx(beta.tolist(), abs=TOLERANCE)
    assert [row.std_error for row in got] == pytest.approx(errors.tolist(), rel=TOLERANCE)
    assert got[-1].ci_low < got[-1].value < got[-1].ci_high


def test_cells_of_a_table_get_half_a_row_of_either_label():
    level = np.repeat(["a", "b"], [40, 7]).astype("U1")
    y = np.r_[np.arange(40) < 12, np.zeros(7)]  # b has no event
    rows = by_case(fitted({"plan": level}, y, {"plan": {"kind": "categorical"}}, penalty="firth"))
    of_a, of_b = np.log(12.5 / 28.5), np.log(0.5 / 7.5)
    assert rows[None, "intercept"].value == pytest.approx(of_a, abs=TOLERANCE)
    assert rows["plan", "b"].value == pytest.approx(of_b - of_a, abs=TOLERANCE)


@pytest.mark.parametrize("rows_of_a", [20, 40, 1000])
def test_a_level_with_a_row_of_its_own_gets_half_a_row_of_either_label(rows_of_a):
    level = np.array(["a"] * rows_of_a + ["b"] + ["c"] * 6)
    y = np.r_[np.zeros(rows_of_a), 1, 0, 0, 0, 1, 1, 1]
    fit = fitted({"level": level}, y, {"level": {"kind": "categorical"}}, penalty="firth")
    rows, of_a = by_case(fit), np.log(0.5 / (rows_of_a + 0.5))
    assert rows[None, "intercept"].value == pytest.approx(of_a, abs=TOLERANCE)
    assert rows["level", "b"].value == pytest.approx(np.log(1.5 / 0.5) - of_a, abs=TOLERANCE)
    assert rows["level", "c"].value == pytest.approx(-of_a, abs=TOLERANCE)
    assert fit.diagnostics["gradient"] < firth.ACCEPTABLE


def test_a_step_that_leads_too_far_is_halved():
    """Whole steps do not come nearer: rows far out stand against rows that count a thousand times."""
    x, z, label, times = np.array(
        [
            *([-2, 0, 0, 1000], [2, 1, 1, 1000], [1, 2, 0, 1000], [0, -1, 0, 1], [1, -2, 1, 1], [0, 0, 0, 1]),
            *([-2, 2, 1, 2], [-50, 100, 1, 2]),
        ]
    ).T
    x, z, y = (np.repeat(values, times).astype(float) for values in (x, z, label))
    rows = by_case(fitted({"x": x, "z": z}, y, {name: {"kind": "numeric"} for name in "xz"}, penalty="firth"))
    beta, _ = oracle(np.column_stack([x, z]), y)
    assert [rows[name, "value"].slope for name in "xz"] == pytest.approx(beta[1:].tolist(), rel=1e-4)


def test_features_that_separate_only_together_have_a_fit():
    x = np.linspace(-1, 1, 60)
    z = np.sin(np.arange(60))
    fit = fitted({"x": x, "z": z}, (x + z > 0.2), {n: {"kind": "numeric"} for n in "xz"}, penalty="firth")
    beta, _ = oracle(np.column_stack([x, z]), x + z > 0.2)
    rows = by_case(fit)
    assert [rows[name, "value"].slope for name in "xz"] == pytest.approx(beta[1:].tolist(), rel=1e-4)


def test_collinear_and_constant_columns_change_no_score():
    data, y, _ = drawn()
    alone = fitted({"x": data["x"]}, y, {"x": {"kind": "numeric"}}, penalty="firth")
    declared = {name: {"kind": "numeric"} for name in ("x", "twice", "one")}
    fit = fitted(data | {"twice": 2 * data["x"], "one": np.ones(N)}, y, declared, penalty="firth")
    rows, x = by_case(fit), data["x"]
    score = rows["x", "value"].slope * x + rows["twice", "value"].slope * 2 * x
    assert score == pytest.approx(by_case(alone)["x", "value"].slope * x, abs=1e-8)
    assert rows["one", "value"].slope == 0
    assert rows["x", "value"].std_error is rows["one", "value"].std_error is None


def test_a_fit_that_begins_at_its_maximum_takes_no_iteration():
    x, y = np.tile([-1.0, -1.0, 1.0, 1.0], 5), np.tile([0.0, 1.0], 10)
    fit = fitted({"x": x}, y, {"x": {"kind": "numeric"}}, penalty="firth")
    assert fit.diagnostics["iterations"] == 0
    assert by_case(fit)["x", "value"].slope == pytest.approx(0, abs=1e-12)


def test_the_last_of_its_iterations_is_needed(monkeypatch):
    monkeypatch.setattr(firth, "ACCEPTABLE", firth.TOLERANCE)
    data, y, _ = drawn()
    data = {"x": data["x"]}
    fit = fitted(data, y, {"x": {"kind": "numeric"}}, penalty="firth")
    taken = fit.diagnostics["iterations"]
    again = fitted(data, y, {"x": {"kind": "numeric"}}, penalty="firth", max_iter=taken)
    assert again.diagnostics == fit.diagnostics
    with pytest.raises(VersionError, match=f"after {taken - 1} iterations"):
        fitted(data, y, {"x": {"kind": "numeric"}}, penalty="firth", max_iter=taken - 1)


def test_more_rows_than_fit_into_memory_are_refused(monkeypatch):
    data, y, _ = drawn()
    monkeypatch.setattr(firth, "MOST_VALUES", 3 * N)
    fitted({"x": data["x"]}, y, {"x": {"kind": "numeric"}}, penalty="firth")
    monkeypatch.setattr(firth, "MOST_VALUES", 3 * N - 1)
    with pytest.raises(TrainingSetError, match=r"got 3,000 rows of 1 design columns. Allowed: up to 2,999 rows"):
        fitted({"x": data["x"]}, y, {"x": {"kind": "numeric"}}, penalty="firth")


def test_what_it_does_not_go_with_is_refused():
    declared = {
        "task": "multiclass",
        "entity": "id",
        "as_of": "day",
        "label": "y",
        "classes": ["a", "b", "c"],
        "features": {"x": {"kind": "numeric"}},
        "algorithm": {"family": "logistic", "hyperparameters": {"penalty": "firth", "C": 1.0, "l1_ratio": 0.5}},
        "baselines": {"constant": {"family": "constant"}},
        "decision": {"actions": {"a": "x", "b": "y", "c": "z"}, "fallback": "x"},
    }
    with pytest.raises(SpecError) as found:
        parse_spec("m", declared)
    for key in ("C", "l1_ratio", "penalty"):
        assert f"algorithm.hyperparameters.{key}: " in str(found.value)
