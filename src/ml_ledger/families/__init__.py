"""Model families by name, and what one consists of.

A family turns training rows into coefficient rows. A declaration chooses one by `algorithm.family`; docs/families.md
describes each. An estimator of your own needs no family: family `python` takes it from a factory. A new family is a
module here that ends in `FAMILY = Family(…)` and is listed in `MODULES`; what it is written with is public:

- `Family`, `Hyperparameter`, `FitFunction`, `ProblemsFunction`, `CheckFunction`: what it declares;
- `TrainingRows`: what it is fitted on;
- `Fit`, `Coefficient`, `Node`: what its fit returns.
"""

from ml_ledger.coefficients import Coefficient, Node
from ml_ledger.families import constant
from ml_ledger.families.clusters import kmeans
from ml_ledger.families.family import (
    CheckFunction,
    Family,
    Fit,
    FitFunction,
    Hyperparameter,
    ProblemsFunction,
)
from ml_ledger.families.linear import gamma, linear, logistic, poisson, scorecard
from ml_ledger.families.own import python_estimator, rule
from ml_ledger.families.trees import additive_boosting, boosting, forest, tree
from ml_ledger.solvers.training_rows import TrainingRows

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
"""Every registered family, by name."""

__all__ = [
    "FAMILIES",
    "CheckFunction",
    "Coefficient",
    "Family",
    "Fit",
    "FitFunction",
    "Hyperparameter",
    "Node",
    "ProblemsFunction",
    "TrainingRows",
]
