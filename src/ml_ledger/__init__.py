"""ML Ledger: machine learning inside the warehouse, run by `dbt build`.

A Python dbt model calls `train_if_due`; everything else an analyst needs is a dbt macro or a table.
"""

from ml_ledger.training.run import train_if_due

__version__ = "0.1.0"
__all__ = ["__version__", "train_if_due"]
