"""Poisson regression for counts: an additive score on the log scale."""

from ml_ledger.families.linear.additive import regression_family
from ml_ledger.solvers.objectives import POISSON

FAMILY = regression_family("poisson", POISSON, "log", smallest_label=0.0)
