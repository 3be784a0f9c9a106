"""The metric of each task that is shown where there is room for one."""

from __future__ import annotations

# By task: its name in results, and what people call it.
HEADLINES = {
    "binary": ("roc_auc", "AUC"),
    "multiclass": ("accuracy", "accuracy"),
    "regression": ("rmse", "RMSE"),
    "clustering": ("mean_squared_distance", "mean squared distance"),
}
# A clustering is not measured in use.
HEADLINES_IN_USE = {task: headline for task, headline in HEADLINES.items() if task != "clustering"}
