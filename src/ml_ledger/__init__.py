"""ML Ledger: machine learning inside the warehouse, run by `dbt build`.

A Python dbt model calls `train_if_due`; where versions are estimators, another calls `score_with_estimator`; where
an ML model is watched, `measure_performance` and `measure_drift`, and where its training set is assessed,
`assess_training_set`. Everything else an analyst needs is a dbt macro or a table.

Public is what `__all__` names here, and in the three modules among it: `nodes` is what generated dbt models call,
`errors` what is raised, and `families` what a model family consists of. Everything else is internal, and may change
in any release.
"""

from ml_ledger import (
    errors,
    families,
    nodes,
    written_as_code,  # noqa: F401  (before dbt's part of a node runs)
)
from ml_ledger.monitoring.drift.measure_drift import measure_drift
from ml_ledger.monitoring.performance import measure_performance
from ml_ledger.quality.assess import assess_training_set
from ml_ledger.scoring.estimators import score_with_estimator
from ml_ledger.training.node import train_if_due

__version__ = "0.1.0"
__all__ = [
    "__version__",
    "assess_training_set",
    "errors",
    "families",
    "measure_drift",
    "measure_performance",
    "nodes",
    "score_with_estimator",
    "train_if_due",
]
