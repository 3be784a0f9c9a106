"""Checks across the keys about the exposure, on what was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ml_ledger.declaration.losses import declared_loss
from ml_ledger.errors import Problem

ALLOWED = (
    "poisson, gamma, and boosting or additive_boosting with loss poisson or gamma; as a baseline, constant as well"
)


def exposure_problems(
    root: str, declaration: Mapping[str, Any], algorithms: Mapping[str, Any]
) -> Iterator[Problem]:
    """What stands in the way of an offset. algorithms: with the baselines, by key."""
    exposure, where = declaration.get("exposure"), f"{root}.exposure"
    if exposure is None:
        return
    features, taken = declaration.get("features"), [declaration.get(key) for key in ("entity", "as_of", "label")]
    if declaration.get("task") != "regression":
        yield Problem(where, "has a meaning for task 'regression' only", repr(exposure), fix="remove the key")
        return
    if exposure in taken:
        what = "cannot be the entity, the as-of column or the label"
        yield Problem(where, what, repr(exposure), fix="name a column of the features")
    if isinstance(features, Mapping) and exposure in features and not _is_implied(features[exposure]):
        what = "is a feature already; its effect is given, not learned"
        yield Problem(where, what, repr(exposure), fix="remove it from features")
    if declaration.get("value") is not None:
        what = "cannot be combined with value: what is measured are rates, and decisions are about whole rows"
        yield Problem(
            where, what, repr(exposure), fix="remove value, or declare the rate as label and no exposure"
        )
    for key, algorithm in algorithms.items():
        if not isinstance(algorithm, Mapping):
            continue
        family = algorithm.get("family")
        if key.startswith("baselines.") and family == "constant":
            continue
        if declared_loss(family, algorithm.get("hyperparameters")) is None:
            yield Problem(
                f"{root}.{key}.family", "does not expect more where exposure is longer", repr(family), ALLOWED
            )


def _is_implied(feature: object) -> bool:
    """Whether it is what the declaration itself adds."""
    return isinstance(feature, Mapping) and feature.get("kind") == "numeric" and feature.get("bounds") is not None
