"""What an unpenalised fit of one score says about itself: its covariance, and numbers for its diagnostics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ml_ledger.arrays import Matrix
from ml_ledger.families.linear.likelihood import constant, dispersion, log_likelihood, null_deviance, totals_of
from ml_ledger.solvers.covariance import Counted, Covariance, corrected
from ml_ledger.solvers.newton import EXACT_COLUMNS, SAMPLE_ROWS, Solution
from ml_ledger.solvers.objectives import GAMMA, POISSON, SQUARED, Objective
from ml_ledger.solvers.problem import LARGER
from ml_ledger.solvers.separation import Apart
from ml_ledger.solvers.sums import AllRows, SampledRows, asked_for
from ml_ledger.solvers.training_rows import TrainingRows


@dataclass(frozen=True)
class Evidence:
    """The covariance of parameters, and diagnostics by name.

    parameters: how many were fitted, with those that the data leave undetermined. factor: of weights. robust: whether
    the covariance is a sandwich, because the likelihood is none.
    """

    covariance: Covariance
    diagnostics: Mapping[str, float]
    parameters: int
    factor: float
    robust: bool

    def ratio(self, objective: Objective, without: Apart | None, loss: float) -> tuple[float, int]:
        """Twice the logarithm of the ratio of likelihoods to a fit without some columns, and how many these are.

        without: None for the fit of the intercept alone. loss: of this fit.
        """
        deviance, scale = self.diagnostics["deviance"], self.diagnostics.get("dispersion")
        if objective in (SQUARED, GAMMA) and not scale:
            return 0.0, 0  # no row is left to say how much chance does
        if without is None:
            more, parameters = self.diagnostics["null_deviance"] - deviance, 1
        else:
            more = 2 * self.factor * (asked_for(without.limit.loss) - loss)
            parameters = Covariance(asked_for(without.limit.curvature)).rank + len(without.undetermined)
        degrees = self.parameters - parameters
        if objective is SQUARED:
            return self.diagnostics["observations"] * np.log1p(more / deviance), degrees
        return more / (scale if objective is GAMMA and scale else 1.0), degrees


def evidence_of(training: TrainingRows, apart: Apart, objective: Objective) -> Evidence:
    """What a fit of one score says about its origin and weights.

    training: all rows. apart: the fit, with the curvature of all rows that nothing tells for certain.
    """
    counted = Counted.of(training, exposed=objective is POISSON)
    fit, rest = apart.limit, replace(apart.rest, cluster=training.cluster if counted.clusters else None)
    beta = np.array([fit.origin, *fit.weights])
    rows = AllRows(rest, fit.design, objective)
    totals = {name: counted.factor * total for name, total in rows.totals(beta, totals_of(objective)).items()}
    information = _information(rest, fit, objective) * counted.factor
    covariance = Covariance(information)
    rank = covariance.rank
    degrees = counted.n - rank
    scale = dispersion(objective, totals, degrees)
    robust = training.weights_are == "sampling" or counted.clusters is not None
    if robust:
        meat = corrected(rows.meat(beta) * counted.factor**2, counted, rank)
        of_t = (degrees if counted.clusters is None else counted.clusters - 1.0) if objective is SQUARED else None
        covariance = Covariance(asked_for(fit.curvature) * counted.factor, 1.0, of_t, meat)
    elif objective in (SQUARED, GAMMA):
        covariance = replace(covariance, scale=scale or 0.0, degrees=degrees if objective is SQUARED else None)
    of_labels = {
        "null_deviance": null_deviance(objective, counted.mean),
        "constant": constant(objective, f"cast({training.label} as double)", training.exposure),
    }
    totals |= {name: counted.factor * total for name, total in _sums(training, of_labels).items()}
    diagnostics: dict[str, float | None] = {
        "observations": counted.n,
        "parameters": float(rank),
        "deviance": totals["deviance"],
        "null_deviance": totals["null_deviance"],
        "dispersion": scale,
        "clusters": None if counted.clusters is None else float(counted.clusters),
    }
    if training.weights_are == "frequency":
        likelihood = log_likelihood(objective, totals, counted.n, scale)
        diagnostics |= criteria(likelihood, rank + len(apart.undetermined), counted.n)
    known = {name: float(value) for name, value in diagnostics.items() if value is not None}
    return Evidence(covariance, known, rank + len(apart.undetermined), counted.factor, robust)


def criteria(likelihood: float | None, parameters: int, n: float) -> Mapping[str, float]:
    """Log-likelihood, Akaike's and the Bayesian information criterion."""
    if likelihood is None:
        return {}
    return {
        "log_likelihood": likelihood,
        "aic": -2 * likelihood + 2 * parameters,
        "bic": -2 * likelihood + np.log(n) * parameters,
    }


def _sums(training: TrainingRows, expressions: Mapping[str, str]) -> dict[str, float]:
    """Weighted sums over all rows of expressions over _ml_y and columns, by name."""
    selected = ", ".join(f"sum(_ml_weight * ({sql})) as _ml_{name}" for name, sql in expressions.items())
    (row,) = training.relation.query(
        f"select {selected} from (select *, cast({training.label} as double) as _ml_y from {training.relation.name}"
        f" where {training.where}) as _ml_labelled"
    )
    return {name: float(row[name]) for name in expressions}


def _information(training: TrainingRows, fit: Solution, objective: Objective) -> Matrix:
    """The expected curvature of the loss, which differs from the observed one where the link is not canonical."""
    curvature = asked_for(fit.curvature)
    if objective is not GAMMA:
        return curvature
    expected = replace(objective, curvature_sql="1e0", curvature=lambda eta, y: np.ones_like(eta))
    beta = np.array([fit.origin, *fit.weights])
    if len(fit.weights) <= EXACT_COLUMNS:
        found = AllRows(training, fit.design, expected).sums(beta, curvature=True).curvature
    else:
        sample = replace(training, where=training.part(LARGER * SAMPLE_ROWS))
        found = SampledRows(sample, fit.design, expected, total=fit.weight).sums(beta).curvature
    varies = np.diag(curvature) > 0
    return asked_for(found) * np.outer(varies, varies)
