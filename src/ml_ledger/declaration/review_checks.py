"""Checks across keys of what people look at, on what was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ml_ledger.errors import Problem, did_you_mean, listed


def review_problems(root: str, declaration: Mapping[str, Any]) -> Iterator[Problem]:
    """What is asked for and not there: a threshold, a numeric feature, a second opinion."""
    review = declaration.get("review")
    if not isinstance(review, Mapping):
        return
    task, decision = declaration.get("task"), declaration.get("decision")
    threshold = decision.get("threshold") if isinstance(decision, Mapping) else None
    if review.get("close_to_threshold") is not None and threshold is None:
        what = "needs decision.threshold, and none is declared"
        yield Problem(
            f"{root}.review.close_to_threshold", what, fix="remove the key, or declare decision.threshold"
        )
    if review.get("disagreements") is not None and threshold is None and task != "multiclass":
        what = "needs decision.threshold, since versions disagree where one score is above it and the other below"
        yield Problem(f"{root}.review.disagreements", what, fix="remove the key, or declare decision.threshold")
    high_value, features = review.get("high_value"), declaration.get("features")
    if not isinstance(high_value, Mapping) or not isinstance(features, Mapping):
        return
    column = high_value.get("column")
    numeric = [
        name
        for name, feature in features.items()
        if isinstance(feature, Mapping) and feature.get("kind") == "numeric"
    ]
    if isinstance(column, str) and column not in numeric:
        yield Problem(
            f"{root}.review.high_value.column",
            "is not a declared numeric feature",
            repr(column),
            listed(numeric),
            did_you_mean(column, numeric),
        )
