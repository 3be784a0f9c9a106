"""How far each feature has moved the scores of a version since it was trained."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ml_ledger.scoring.compile import ESTIMATE, CompiledScoring

CONTRIBUTION = re.compile(r"_ml_(?:c|expression)\d+_\d+")
ESTIMATED = ESTIMATE.format(output="")


def contributions_only(scoring: CompiledScoring) -> CompiledScoring:
    """Only the layers that compute what each term adds to the link score."""
    layers = [
        {name: sql for name, sql in layer.items() if CONTRIBUTION.fullmatch(name)} for layer in scoring.layers
    ]
    return replace(scoring, layers=[layer for layer in layers if layer])


def means_of_contributions(
    scoring: CompiledScoring,
) -> tuple[dict[str, tuple[str, int]], dict[tuple[str, int], float]]:
    """By SQL of a contribution its feature and output; and by both what they add up to on average in training."""
    if scoring.trees or any(ESTIMATED in sql for layer in scoring.layers for sql in layer.values()):
        return {}, {}  # terms that add nothing: what moves scores is elsewhere
    means: dict[str, tuple[str, int]] = {}
    expected: dict[tuple[str, int], float] = {}
    for o, output in enumerate(scoring.outputs, 1):
        for t, term in enumerate(output.terms, 1):
            column = f"_ml_c{o}_{t}"
            if term.feature is None or not any(column in layer for layer in scoring.layers):
                continue
            key = (term.feature, o)
            means[column] = key
            expected[key] = expected.get(key, 0.0) + term.reference
    return means, expected


def moved_contributions(
    means: Mapping[str, tuple[str, int]],
    found: Sequence[float | None],
    expected: Mapping[tuple[str, int], float],
) -> dict[str, float]:
    """How far each feature has moved the link score on average, of several outputs the one that it moved most."""
    now = dict.fromkeys(expected, 0.0)
    for (_, key), value in zip(means.items(), found, strict=True):
        now[key] += float("nan") if value is None else value
    moved: dict[str, float] = {}
    for (feature, output), mean in expected.items():
        change = abs(now[feature, output] - mean)
        if change == change:
            moved[feature] = max(moved.get(feature, 0.0), change)
    return moved
