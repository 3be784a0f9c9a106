"""Linear regression: an additive score in units of the label; least squares, ridge, lasso or elastic net."""

from ml_ledger.families.additive import regression_family
from ml_ledger.families.objectives import SQUARED

FAMILY = regression_family("linear", SQUARED, "identity")
