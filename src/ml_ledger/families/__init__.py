"""Model families, registered by name. One file each; a family turns training rows into coefficient rows."""

from ml_ledger.families import additive_boosting, constant, gamma, linear, logistic, poisson, python_estimator
from ml_ledger.families.base import Family

FAMILIES: dict[str, Family] = {
    module.FAMILY.name: module.FAMILY
    for module in (constant, linear, logistic, poisson, gamma, additive_boosting, python_estimator)
}

__all__ = ["FAMILIES", "Family"]
