"""Sums over rows, in memory and in the warehouse, against those of NumPy and of a loop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_newton import training

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.solvers import sums
from ml_ledger.solvers.objectives import LOGISTIC
from ml_ledger.solvers.sums import AllRows, SampledRows
from ml_ledger.solvers.training_rows import TrainingRows

N = 23
BETA = np.array([0.3, -0.7, 0.0, 1.1])  # SQL leaves out a column without a weight


@pytest.fixture
def data(monkeypatch) -> tuple[Matrix, Vector, Vector]:
    """Columns, labels and weights, of more rows than are multiplied at once."""
    monkeypatch.setattr(sums, "BLOCK", 7)
    random = np.random.default_rng(5)
    weight = random.uniform(0.2, 3, N)
    return random.normal(size=(N, 3)) + np.array([0, 2, -1]), (random.random(N) < 0.4).astype(float), weight


def sampled(X: Matrix, y: Vector, weight: Vector, total: float | None = None) -> SampledRows:
    rows, columns = training(X, y, weight)
    return SampledRows(rows, columns, LOGISTIC, total=float(np.sum(weight)) if total is None else total)


def expected(X: Matrix, y: Vector, weight: Vector) -> tuple[float, Vector, Matrix]:
    """Loss, gradient and curvature, row by row."""
    loss, gradient, curvature = 0.0, np.zeros(4), np.zeros((4, 4))
    for x, label, times in zip(X, y, weight, strict=True):
        z = np.array([1.0, *x])
        p = 1 / (1 + np.exp(-z @ BETA))
        loss -= times * (np.log(p) if label else np.log(1 - p))
        gradient += times * (p - label) * z
        curvature += times * p * (1 - p) * np.outer(z, z)
    return loss, gradient, curvature


def test_sums_in_memory(data):
    X, y, weight = data
    found = sampled(X, y, weight).sums(BETA)
    loss, gradient, curvature = expected(X, y, weight)
    assert found.loss == pytest.approx(loss)
    assert found.gradient == pytest.approx(gradient)
    assert found.curvature == pytest.approx(curvature)


def test_sums_of_a_sample_stand_for_all_rows(data):
    X, y, weight = data
    found = sampled(X, y, weight, total=100.0).sums(BETA)
    assert found.loss == pytest.approx(expected(X, y, weight * 100 / weight.sum())[0])


def test_sums_in_the_warehouse(data):
    X, y, weight = data
    rows, columns = training(X, y, weight)
    found = AllRows(rows, columns, LOGISTIC).sums(BETA, loss=True, curvature=True, moments=True)
    loss, gradient, curvature = expected(X, y, weight)
    assert found.loss == pytest.approx(loss)
    assert found.gradient == pytest.approx(gradient)
    assert found.curvature == pytest.approx(curvature)
    assert found.columns == pytest.approx(weight @ X)
    assert found.squares == pytest.approx(weight @ X**2)
    alone = AllRows(rows, columns, LOGISTIC).sums(BETA)
    assert alone.gradient == pytest.approx(gradient)
    assert alone.loss is alone.curvature is alone.columns is alone.squares is None


def test_moments_and_squares_are_those_of_rows_by_their_weights(data):
    X, y, weight = data
    rows = sampled(X, y, weight)
    mean, deviation = rows.moments()
    assert mean == pytest.approx(np.average(X, axis=0, weights=weight))
    assert deviation == pytest.approx(np.sqrt(np.diag(np.cov(X.T, aweights=weight, ddof=0))))
    assert rows.squares() == pytest.approx(weight @ X**2)
    rows.shift(np.array([1.0, 0.0, -2.0]))
    assert rows.moments()[0] == pytest.approx(mean - [1, 0, -2])
    assert rows.squares() == pytest.approx(weight @ (X - [1, 0, -2]) ** 2)


def test_spread_is_none_where_no_row_differs_and_the_variance_around_the_mean(data):
    X, y, weight = data
    X[:, 2] = 5 - X[:, 0]
    X[0, 1] = np.average(X[1:, 1], weights=weight[1:])
    directions = np.array([[7.0, 0, 0, 0], [0, 1, 0, 1], [0, 0, 1, 0]]).T
    constant, collinear, around = sampled(X, y, weight).spread(directions)
    assert constant == 0
    assert collinear == pytest.approx(0, abs=1e-24)
    assert around == pytest.approx(np.cov(X[:, 1], aweights=weight, ddof=0))
    from_first = sum(w * (x - X[0, 0]) ** 2 for x, w in zip(X[:, 0], weight, strict=True)) / weight.sum()
    assert sampled(X, y, weight).spread(np.array([[0.0], [1], [0], [0]])) == pytest.approx(from_first)


def clustered(rows: TrainingRows, size: int) -> TrainingRows:
    return replace(rows, cluster=f"id // {size}")


@pytest.mark.parametrize("most_paired", [3, 4])
@pytest.mark.parametrize("size", [None, 4])
def test_outer_products_of_gradients(data, monkeypatch, most_paired, size):
    """In one query, or in memory, where there are more gradients than so many."""
    monkeypatch.setattr(sums, "MOST_PAIRED", most_paired)
    X, y, weight = data
    rows, columns = training(X, y, weight)
    found = AllRows(clustered(rows, size) if size else rows, columns, LOGISTIC).meat(BETA)
    meat = np.zeros((4, 4))
    for start in range(0, N, size or 1):
        part = slice(start, start + (size or 1))
        u = expected(X[part], y[part], weight[part])[1]
        meat += np.outer(u, u)
    assert found == pytest.approx(meat)


def test_some_clusters_stand_for_all_where_they_are_too_many(monkeypatch):
    random = np.random.default_rng(0)
    X, y = random.normal(size=(4000, 3)), (random.random(4000) < 0.4).astype(float)
    rows, columns = training(X, y)
    whole = AllRows(rows, columns, LOGISTIC).meat(BETA)
    monkeypatch.setattr(sums, "MOST_PAIRED", 3)
    monkeypatch.setattr(sums, "GROUPED_VALUES", 4 * 1000)
    fetched = []
    begun = sums.np.column_stack
    monkeypatch.setattr(sums.np, "column_stack", lambda found: fetched.append(len(found[0])) or begun(found))
    some = AllRows(rows, columns, LOGISTIC).meat(BETA)
    assert 900 < fetched[0] < 1100
    assert np.diag(some) == pytest.approx(np.diag(whole), rel=0.15)
    assert some != pytest.approx(whole)


def test_totals_are_by_name(data):
    X, y, weight = data
    rows, columns = training(X, y, weight)
    found = AllRows(rows, columns, LOGISTIC).totals(BETA, {"mean": "_ml_mu", "gap": "_ml_y - _ml_eta"})
    eta = BETA[0] + X @ BETA[1:]
    assert found == pytest.approx({"mean": weight @ (1 / (1 + np.exp(-eta))), "gap": weight @ (y - eta)})
