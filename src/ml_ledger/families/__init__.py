"""Model families, registered by name. One file each; a family turns training rows into coefficient rows."""

from ml_ledger.families import constant
from ml_ledger.families.clusters import kmeans
from ml_ledger.families.family import Family
from ml_ledger.families.linear import gamma, linear, logistic, poisson, scorecard
from ml_ledger.families.own import python_estimator, rule
from ml_ledger.families.trees import additive_boosting, boosting, forest, tree

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
