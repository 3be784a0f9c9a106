"""The metric of each task that is shown where there is room for one."""

from __future__ import annotations

# By task: its name in results, and what people call it. A clustering is not measured in use.
HEADLINES = {"binary": ("roc_auc", "AUC"), "multiclass": ("accuracy", "accuracy"), "regression": ("rmse", "RMSE")}
