"""Gamma regression for amounts: an additive score on the log scale."""

from ml_ledger.families.linear.additive import regression_family
from ml_ledger.solvers.objectives import GAMMA

FAMILY = regression_family("gamma", GAMMA, "log", smallest_label=0.0, above=True)
