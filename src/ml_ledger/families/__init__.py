"""Model families, registered by name. One file each; a family turns training rows into coefficient rows."""

from ml_ledger.families import (
    additive_boosting,
    boosting,
    constant,
    forest,
    gamma,
    kmeans,
    linear,
    logistic,
    poisson,
    python_estimator,
    rule,
    scorecard,
    tree,
)
from ml_ledger.families.base import Family

MODULES = (
    constant,
    linear,
    logistic,
    poisson,
    gamma,
    scorecard,
    additive_boosting,
    tree,
    forest,
    boosting,
    python_estimator,
    kmeans,
    rule,
)

FAMILIES: dict[str, Family] = {module.FAMILY.name: module.FAMILY for module in MODULES}

__all__ = ["FAMILIES", "Family"]
