"""Linear regression: an additive score in units of the label; least squares, ridge, lasso or elastic net."""

from ml_ledger.families.linear.additive import regression_family
from ml_ledger.solvers.objectives import SQUARED

FAMILY = regression_family("linear", SQUARED, "identity")
