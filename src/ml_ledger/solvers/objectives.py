"""The losses of linear families, as SQL for sums in the warehouse and as NumPy for a sample.

For a link score eta and a label y: loss(eta, y) per row, its derivative `residual` and second derivative `curvature`
by eta. McCullagh and Nelder, Generalized Linear Models, 1989; up to terms without eta.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ml_ledger.arrays import Vector


@dataclass(frozen=True)
class Objective:
    """One loss. The SQL reads the columns _ml_eta, _ml_y and _ml_mu, and mu may be any expression of eta
    that the others share."""

    mu_sql: str
    loss_sql: str
    residual_sql: str
    curvature_sql: str
    mu: Callable[[Vector], Vector]
    loss: Callable[[Vector, Vector], Vector]
    residual: Callable[[Vector, Vector], Vector]
    curvature: Callable[[Vector, Vector], Vector]


def _sigmoid(eta: Vector) -> Vector:
    small = np.exp(-np.abs(eta))
    return np.where(eta >= 0, 1 / (1 + small), small / (1 + small))


LOGISTIC = Objective(
    mu_sql="1 / (1 + exp(-_ml_eta))",
    loss_sql="greatest(_ml_eta, 0e0) - _ml_y * _ml_eta + ln(1 + exp(-abs(_ml_eta)))",
    residual_sql="_ml_mu - _ml_y",
    curvature_sql="_ml_mu * (1 - _ml_mu)",
    mu=_sigmoid,
    loss=lambda eta, y: np.maximum(eta, 0) - y * eta + np.log1p(np.exp(-np.abs(eta))),
    residual=lambda eta, y: _sigmoid(eta) - y,
    curvature=lambda eta, y: _sigmoid(eta) * _sigmoid(-eta),
)

SQUARED = Objective(
    mu_sql="_ml_eta",
    loss_sql="0.5e0 * (_ml_eta - _ml_y) * (_ml_eta - _ml_y)",
    residual_sql="_ml_eta - _ml_y",
    curvature_sql="1e0",
    mu=lambda eta: eta,
    loss=lambda eta, y: 0.5 * (eta - y) ** 2,
    residual=lambda eta, y: eta - y,
    curvature=lambda eta, y: np.ones_like(eta),
)

POISSON = Objective(
    mu_sql="exp(_ml_eta)",
    loss_sql="_ml_mu - _ml_y * _ml_eta",
    residual_sql="_ml_mu - _ml_y",
    curvature_sql="_ml_mu",
    mu=np.exp,
    loss=lambda eta, y: np.exp(eta) - y * eta,
    residual=lambda eta, y: np.exp(eta) - y,
    curvature=lambda eta, y: np.exp(eta),
)

GAMMA = Objective(
    mu_sql="exp(_ml_eta)",
    loss_sql="_ml_y / _ml_mu + _ml_eta",
    residual_sql="1 - _ml_y / _ml_mu",
    curvature_sql="_ml_y / _ml_mu",
    mu=np.exp,
    loss=lambda eta, y: y * np.exp(-eta) + eta,
    residual=lambda eta, y: 1 - y * np.exp(-eta),
    curvature=lambda eta, y: y * np.exp(-eta),
)
