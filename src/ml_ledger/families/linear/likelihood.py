"""Deviance, dispersion, log-likelihood, AIC and BIC of an unpenalised fit, as R's glm and statsmodels define them.

McCullagh and Nelder, Generalized Linear Models, 1989, chapter 2; the log-likelihood has all its constants.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from ml_ledger.solvers.objectives import GAMMA, LOGISTIC, POISSON, SQUARED, Objective
from ml_ledger.sql_literals import double

# Per row the deviance from `{0}`, a mean.
DEVIANCE = {
    LOGISTIC: "-2e0 * (_ml_y * ln({0}) + (1 - _ml_y) * ln(1 - {0}))",
    SQUARED: "(_ml_y - {0}) * (_ml_y - {0})",
    POISSON: "2e0 * (case when _ml_y > 0 then _ml_y * ln(_ml_y / {0}) else 0e0 end - (_ml_y - {0}))",
    GAMMA: "2e0 * ((_ml_y - {0}) / {0} - ln(_ml_y / {0}))",
}
# The square of a residual, by the variance of a row.
PEARSON = {POISSON: "(_ml_y - _ml_mu) * (_ml_y - _ml_mu) / _ml_mu", GAMMA: "power(_ml_y / _ml_mu - 1, 2)"}
# What else a log-likelihood is made of.
OTHERS = {GAMMA: {"log_label": "ln(_ml_y)", "log_mean": "_ml_eta", "ratio": "_ml_y / _ml_mu"}}


def totals_of(objective: Objective) -> dict[str, str]:
    """SQL whose weighted sums `statistics` takes. Of logistic, the loss is half the deviance and exact where p is 0."""
    of_model = f"2e0 * ({objective.loss_sql})" if objective is LOGISTIC else DEVIANCE[objective].format("_ml_mu")
    pearson = {"pearson": PEARSON[objective]} if objective in PEARSON else {}
    return {"deviance": of_model, "loss": objective.loss_sql} | pearson | OTHERS.get(objective, {})


def null_deviance(objective: Objective, mean: float) -> str:
    """SQL of the deviance of a row from the mean label."""
    return DEVIANCE[objective].format(double(mean))


def constant(objective: Objective, label: str, exposure: str | None) -> str:
    """SQL of what the log-likelihood of a row lacks, by its weight in the fit, where the label is one by exposure."""
    if objective is GAMMA and exposure:
        return f"-ln({exposure})"
    if objective is not POISSON:
        return "0e0"
    if exposure is None:
        return f"-lgamma({label} + 1)"
    count = f"({label}) * ({exposure})"
    return f"({count} * ln({exposure}) - lgamma({count} + 1)) / ({exposure})"


def dispersion(objective: Objective, totals: Mapping[str, float], degrees: float) -> float | None:
    """The residual variance, or the Pearson statistic, by its degrees of freedom; None of families without one."""
    if objective is LOGISTIC or degrees <= 0:
        return None
    return totals["deviance" if objective is SQUARED else "pearson"] / degrees


def log_likelihood(
    objective: Objective, totals: Mapping[str, float], n: float, scale: float | None
) -> float | None:
    """Of n rows, at its maximum (of gamma, for its dispersion `scale`); None where it has none."""
    if objective in (LOGISTIC, POISSON):
        return totals["constant"] - totals["loss"]
    if objective is SQUARED:
        return -n / 2 * (math.log(2 * math.pi * totals["deviance"] / n) + 1) if totals["deviance"] > 0 else None
    if not scale:
        return None
    shape = 1 / scale
    of_ratios = totals["log_label"] - totals["log_mean"] - totals["ratio"] + n * math.log(shape)
    return totals["constant"] + shape * of_ratios - totals["log_label"] - n * math.lgamma(shape)
