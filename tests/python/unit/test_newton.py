"""Fits inside DuckDB against scikit-learn, on problems that are easy and on problems that are not."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import (
    ElasticNet,
    GammaRegressor,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
)

from ml_ledger.errors import VersionError
from ml_ledger.solvers import newton
from ml_ledger.solvers.newton_steps import newton_step
from ml_ledger.solvers.objectives import GAMMA, LOGISTIC, POISSON, SQUARED
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.warehouse import Relation

TOLERANCE = 1e-8


def training(X: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None) -> tuple[TrainingRows, list[str]]:
    data = {f"x{j}": X[:, j] for j in range(X.shape[1])}
    data |= {"label": y, "_ml_weight": np.ones(len(y)) if weight is None else weight, "id": np.arange(len(y))}
    relation = Relation(duckdb.connect().from_arrow(pa.table(data)), name="training_set")
    return TrainingRows(relation, where="true", label="label", key=("id",)), [f"x{j}" for j in range(X.shape[1])]


def problem(kind: str, n: int = 4000, k: int = 5, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, k))
    eta = 0.3 + X @ (np.arange(k) - 1.5) / 3
    if kind == "logistic":
        return X, (random.random(n) < 1 / (1 + np.exp(-eta))).astype(float)
    if kind == "poisson":
        return X, random.poisson(np.exp(eta / 2)).astype(float)
    if kind == "gamma":
        return X, random.gamma(2.0, np.exp(eta / 2) / 2)
    return X, eta + random.normal(size=n)


@pytest.fixture(params=["in memory", "in the warehouse"])
def path(request, monkeypatch) -> str:
    """Small sets are fitted in memory; with a small sample the same set takes passes in the warehouse."""
    if request.param == "in the warehouse":
        monkeypatch.setattr(newton, "SAMPLE_ROWS", 500)
    return request.param


def solve(X, y, objective, *, weight=None, l2=0.0, l1=0.0, **options) -> newton.Solution:
    rows, columns = training(X, y, weight)
    ratio = l1 / (l1 + l2) if l1 else 0.0
    return newton.minimise(rows, columns, objective, strength=l1 + l2, l1_ratio=ratio, **options)


def close(solution: newton.Solution, intercept, weights) -> None:
    assert solution.intercept == pytest.approx(float(intercept), abs=TOLERANCE)
    assert np.max(np.abs(solution.weights - np.ravel(weights))) < TOLERANCE


@pytest.mark.parametrize("C", [0.01, 1.0, 100.0])
def test_logistic_with_an_l2_penalty(path, C):
    X, y = problem("logistic")
    oracle = LogisticRegression(C=C, solver="newton-cholesky", tol=1e-12).fit(X, y)
    solution = solve(X, y, LOGISTIC, l2=1 / C)
    close(solution, oracle.intercept_[0], oracle.coef_)
    assert (solution.passes > 0) == (path == "in the warehouse")
    assert solution.gradient <= newton.ACCEPTABLE


def test_weights_count(path):
    X, y = problem("logistic")
    weight = np.random.default_rng(1).uniform(0.1, 3, len(y))
    oracle = LogisticRegression(solver="newton-cholesky", tol=1e-12).fit(X, y, sample_weight=weight)
    close(solve(X, y, LOGISTIC, l2=1.0, weight=weight), oracle.intercept_[0], oracle.coef_)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_logistic_with_an_l1_penalty(path, l1_ratio):
    X, y = problem("logistic", k=8)
    C = 0.005
    oracle = LogisticRegression(C=C, l1_ratio=l1_ratio, solver="saga", tol=1e-12, max_iter=100_000).fit(X, y)
    solution = solve(X, y, LOGISTIC, l2=(1 - l1_ratio) / C, l1=l1_ratio / C)
    assert np.max(np.abs(solution.weights - oracle.coef_[0])) < 1e-6
    assert np.array_equal(solution.weights == 0, oracle.coef_[0] == 0)
    assert (solution.weights == 0).any(), "the penalty is strong enough to matter"


def test_least_squares_and_ridge(path):
    X, y = problem("linear")
    plain, ridge = LinearRegression().fit(X, y), Ridge(alpha=300.0, solver="cholesky").fit(X, y)
    close(solve(X, y, SQUARED), plain.intercept_, plain.coef_)
    close(solve(X, y, SQUARED, l2=300.0), ridge.intercept_, ridge.coef_)


def test_elastic_net(path):
    X, y = problem("linear", k=8)
    alpha, ratio, n = 0.2, 0.7, len(y)
    oracle = ElasticNet(alpha=alpha, l1_ratio=ratio, tol=1e-14, max_iter=100_000).fit(X, y)
    close(solve(X, y, SQUARED, l2=n * alpha * (1 - ratio), l1=n * alpha * ratio), oracle.intercept_, oracle.coef_)


@pytest.mark.parametrize(
    ("kind", "objective", "Oracle"), [("poisson", POISSON, PoissonRegressor), ("gamma", GAMMA, GammaRegressor)]
)
def test_log_links(path, kind, objective, Oracle):
    X, y = problem(kind)
    alpha = 0.05
    oracle = Oracle(alpha=alpha, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(X, y)
    close(solve(X, y, objective, l2=len(y) * alpha), oracle.intercept_, oracle.coef_)


def test_collinear_columns(path):
    X, y = problem("logistic", k=3)
    twin = np.column_stack([X, X[:, 0]])
    alone = solve(X, y, LOGISTIC)
    both = solve(twin, y, LOGISTIC)
    assert both.weights[0] + both.weights[3] == pytest.approx(alone.weights[0], abs=1e-6)
    none = np.array([0.3, -1.7, 0.1, -1.0])  # weights that add nothing to any score
    summed = np.column_stack([X, X @ none[:3]])
    weights = solve(summed, y, LOGISTIC).weights
    assert weights + weights[3] * none == pytest.approx([*alone.weights, 0.0], abs=1e-6)
    assert abs(none @ (weights * summed.var(axis=0))) < 0.05, "the shortest of all minimisers, but for the sample"
    penalised = LogisticRegression(solver="newton-cholesky", tol=1e-12).fit(twin, y)
    close(solve(twin, y, LOGISTIC, l2=1.0), penalised.intercept_[0], penalised.coef_)


def test_a_constant_column(path):
    X, y = problem("logistic", k=3)
    with_constant = np.column_stack([X, np.zeros(len(y))])
    solution = solve(with_constant, y, LOGISTIC, l2=1.0)
    oracle = LogisticRegression(solver="newton-cholesky", tol=1e-12).fit(X, y)
    close(solution, oracle.intercept_[0], [*oracle.coef_[0], 0.0])


def test_iterations_are_steps_in_memory_and_passes(path, monkeypatch):
    steps, in_memory = [], []

    def counted(*args):
        steps.append(1)
        return newton_step(*args)

    def first_pass(*args):
        in_memory.append(len(steps))
        return begun(*args)

    begun = newton.Problem.first_pass
    monkeypatch.setattr(newton, "newton_step", counted)
    monkeypatch.setattr(newton.Problem, "first_pass", first_pass)
    solution = solve(*problem("logistic"), LOGISTIC)
    assert solution.iterations == (in_memory[0] if in_memory else len(steps)) + solution.passes
    assert solution.iterations > 3


def test_badly_scaled_columns(path):
    X, y = problem("logistic", k=4)
    scales = np.array([1e-3, 1.0, 1e3, 30.0])
    plain, scaled = solve(X, y, LOGISTIC), solve(X * scales, y, LOGISTIC)
    assert np.max(np.abs(scaled.weights * scales - plain.weights)) < 1e-5


def test_columns_far_from_zero(path):
    """Mean 1e8, deviation 1: sums keep their digits, and so does the score as origin + design'weights."""
    X, y = problem("logistic", k=3)
    offset = np.array([1e8, 0.0, -1e6])
    far = X + offset
    rounded = far - offset
    near = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12).fit(rounded, y)
    rows, columns = training(far, y)
    solution = newton.minimise(rows, columns, LOGISTIC)
    assert np.max(np.abs(solution.weights - near.coef_[0])) < TOLERANCE
    assert solution.means == pytest.approx(rounded.mean(axis=0) + offset, rel=1e-14)
    design = np.column_stack(rows.relation.doubles(solution.design, where="true"))
    score = solution.origin + design @ solution.weights
    assert np.max(np.abs(score - near.decision_function(rounded))) < TOLERANCE
    assert solution.intercept == pytest.approx(near.intercept_[0] - near.coef_[0] @ offset, rel=1e-8)


def test_penalties_on_standardised_columns(path):
    X, y = problem("logistic", k=4)
    X = X * np.array([1e-3, 1.0, 40.0, 1.0]) + np.array([0.0, 5.0, 1000.0, 0.0])
    weight = np.random.default_rng(1).uniform(0.1, 3, len(y)) * (1 + (X[:, 1] > 5))
    flags = [True, True, True, False]
    mean = np.where(flags, np.average(X, weights=weight, axis=0), 0)
    deviation = np.where(flags, np.sqrt(np.average((X - mean) ** 2, weights=weight, axis=0)), 1)
    Z = (X - mean) / deviation
    oracle = LogisticRegression(C=0.002, solver="newton-cholesky", tol=1e-12).fit(Z, y, sample_weight=weight)
    rows, columns = training(X, y, weight)
    solution = newton.minimise(rows, columns, LOGISTIC, standardised=flags, strength=500.0)
    assert np.max(np.abs(solution.weights * deviation - oracle.coef_[0])) < TOLERANCE
    assert solution.intercept == pytest.approx(oracle.intercept_[0] - np.sum(oracle.coef_[0] * mean / deviation))
    assert solution.means == pytest.approx(np.average(X, weights=weight, axis=0), rel=1e-12)


SMALL_SAMPLE = 250


def outside_the_sample(monkeypatch, n: int, count: int) -> np.ndarray:
    """True for so many of n rows, none of which a sample of about 250 rows holds."""
    monkeypatch.setattr(newton, "SAMPLE_ROWS", SMALL_SAMPLE)
    rows, _ = training(np.empty((n, 0)), np.zeros(n))
    (bucket,) = rows.relation.doubles([rows.bucket(1 << 20)], where="true")
    chosen = np.zeros(n, dtype=bool)
    chosen[np.flatnonzero(bucket >= np.ceil((1 << 20) * SMALL_SAMPLE / n))[:count]] = True
    return chosen


def test_a_column_that_is_constant_in_the_sample(monkeypatch):
    X, y = problem("logistic", n=20_000, k=3)
    level = outside_the_sample(monkeypatch, len(y), 30)
    X = np.column_stack([X, level])
    oracle = LogisticRegression(solver="newton-cholesky", tol=1e-12).fit(X, y)
    close(solve(X, y, LOGISTIC, l2=1.0), oracle.intercept_[0], oracle.coef_)
    y[level] = 1.0
    with pytest.raises(VersionError, match="the features separate the classes"):
        solve(X, y, LOGISTIC, max_iter=60)


def test_a_label_that_the_sample_does_not_hold(monkeypatch):
    X, y = problem("logistic", n=20_000, k=3)
    y = y * outside_the_sample(monkeypatch, len(y), 20)
    assert 3 < y.sum() < 20
    for C in (1.0, np.inf):
        oracle = LogisticRegression(C=C, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(X, y)
        close(solve(X, y, LOGISTIC, l2=1 / C), oracle.intercept_[0], oracle.coef_)


def test_classes_that_only_the_sample_separates(monkeypatch):
    X, _ = problem("logistic", n=20_000, k=3)
    y = (X[:, 0] > 0) ^ outside_the_sample(monkeypatch, len(X), 600)
    oracle = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(X, y)
    solution = solve(X, y.astype(float), LOGISTIC)
    close(solution, oracle.intercept_[0], oracle.coef_)
    assert solution.passes < 20, "the sample's weights, which grow without end, are no start"


def test_counts_that_overflow_where_the_sample_has_its_optimum(monkeypatch):
    X, y = problem("poisson", n=5000, k=2)
    astray = outside_the_sample(monkeypatch, len(y), 10)
    X[astray, 0], y[astray] = -5000.0, 1.0
    oracle = PoissonRegressor(alpha=0.1, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(X, y)
    close(solve(X, y, POISSON, l2=0.1 * len(y)), oracle.intercept_, oracle.coef_)


@pytest.mark.parametrize("seed", range(6))
def test_a_last_step_without_a_check_ends_at_the_optimum(monkeypatch, seed):
    """What a solution says about its gradient is true of all rows, and few passes suffice."""
    monkeypatch.setattr(newton, "SAMPLE_ROWS", 4000)
    X, y = problem("logistic", n=20_000, k=6, seed=seed)
    weight = np.random.default_rng(seed).uniform(0.5, 2, len(y))
    oracle = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12).fit(X, y, sample_weight=weight)
    solution = solve(X, y, LOGISTIC, weight=weight)
    close(solution, oracle.intercept_[0], oracle.coef_)
    p = 1 / (1 + np.exp(-(solution.intercept + X @ solution.weights)))
    gradient = np.column_stack([np.ones(len(y)), X]).T @ (weight * (p - y)) / np.sum(weight)
    assert np.max(np.abs(gradient)) < newton.ACCEPTABLE
    assert solution.passes <= 7


def test_a_rare_label(path):
    X, y = problem("logistic", n=6000)
    y = y * (np.arange(len(y)) % 40 == 0)
    oracle = LogisticRegression(solver="newton-cholesky", tol=1e-12).fit(X, y)
    close(solve(X, y, LOGISTIC, l2=1.0), oracle.intercept_[0], oracle.coef_)


def test_outliers_that_a_sample_does_not_hold(path):
    X, y = problem("logistic")
    X[::700] *= 60
    oracle = LogisticRegression(solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(X, y)
    close(solve(X, y, LOGISTIC, l2=1.0), oracle.intercept_[0], oracle.coef_)


def test_separable_classes_say_so_without_a_penalty_and_converge_with_one(path):
    X, _ = problem("logistic")
    y = (X[:, 0] > 0).astype(float)
    with pytest.raises(
        VersionError, match=r"did not converge: the features separate the classes.* Fix: .*penalty"
    ):
        solve(X, y, LOGISTIC, max_iter=40)
    oracle = LogisticRegression(solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(X, y)
    close(solve(X, y, LOGISTIC, l2=1.0), oracle.intercept_[0], oracle.coef_)


def test_of_many_columns_that_separate_the_five_farthest_are_named(path):
    X, _ = problem("logistic", k=7)
    names = [f"n{j}" for j in range(7)]
    with pytest.raises(VersionError, match=r"by n\d( and n\d){4} together, so that") as refused:
        solve(X, (X @ np.arange(7, 0, -1) > 0).astype(float), LOGISTIC, names=names)
    assert "by n0 and n1 and n2 " in str(refused.value)


def test_the_curvature_is_that_of_all_rows_when_asked_for(monkeypatch):
    monkeypatch.setattr(newton, "SAMPLE_ROWS", 500)
    X, y = problem("logistic")
    solution = solve(X, y, LOGISTIC, exact_curvature=True)
    design = np.column_stack([np.ones(len(y)), X])
    p = 1 / (1 + np.exp(-(solution.intercept + X @ solution.weights)))
    expected = design.T @ (design * (p * (1 - p))[:, None])
    assert np.max(np.abs(solution.curvature - expected)) < 1e-6 * np.max(expected)


def test_many_columns_fall_back_to_a_larger_sample(monkeypatch):
    monkeypatch.setattr(newton, "SAMPLE_ROWS", 400)
    monkeypatch.setattr(newton, "EXACT_COLUMNS", 3)
    X, y = problem("logistic")
    oracle = LogisticRegression(solver="newton-cholesky", tol=1e-12).fit(X, y)
    close(solve(X, y, LOGISTIC, l2=1.0), oracle.intercept_[0], oracle.coef_)


@pytest.mark.parametrize("objective", [LOGISTIC, SQUARED, POISSON, GAMMA])
def test_derivatives_are_derivatives(objective):
    y, eta, h = np.array([1.0]), np.array([0.37]), 1e-6
    slope = (objective.loss(eta + h, y) - objective.loss(eta - h, y)) / (2 * h)
    bend = (objective.residual(eta + h, y) - objective.residual(eta - h, y)) / (2 * h)
    assert objective.residual(eta, y) == pytest.approx(slope, abs=1e-8)
    assert objective.curvature(eta, y) == pytest.approx(bend, abs=1e-8)
    sql = ", ".join((objective.mu_sql, objective.loss_sql, objective.residual_sql, objective.curvature_sql))
    mu = float(objective.mu(eta)[0])
    row = duckdb.sql(
        f"select {sql} from (select 0.37e0 as _ml_eta, 1e0 as _ml_y, {mu!r}::double as _ml_mu)"
    ).fetchall()[0]
    expected = (mu, objective.loss(eta, y)[0], objective.residual(eta, y)[0], objective.curvature(eta, y)[0])
    assert np.allclose(np.array(row, dtype=float), expected, atol=1e-12)


def test_an_independent_minimiser_agrees():
    X, y = problem("gamma", n=500, k=3)

    def loss(beta):
        eta = beta[0] + X @ beta[1:]
        return np.sum(y * np.exp(-eta) + eta) + 0.5 * 7.0 * np.sum(beta[1:] ** 2)

    oracle = minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-8}).x
    solution = solve(X, y, GAMMA, l2=7.0)
    assert np.max(np.abs(np.array([solution.intercept, *solution.weights]) - oracle)) < 1e-6
