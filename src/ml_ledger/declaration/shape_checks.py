"""Checks of the keys that say what shape the effect of a number may have."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ml_ledger.errors import Problem, listed
from ml_ledger.families import FAMILIES
from ml_ledger.families.base import is_number
from ml_ledger.scoring.words import LARGEST_LOG
from ml_ledger.terms.numeric import LOG1P_FROM


def shape_problems(
    root: str, features: Mapping[str, Any], algorithms: Mapping[str, Any], task: object
) -> list[Problem]:
    """Keys of numeric features that say what shape an effect may have, and that no candidate can follow.

    A candidate that finds the shape itself, or has none, ignores knots and bins that are meant for another one. A
    transform keeps the order of values, so that it means nothing to trees and bins, and is no fault. A declared
    direction is a promise, which every candidate must keep.
    """
    families = [
        FAMILIES[str(algorithm.get("family"))]
        for algorithm in algorithms.values()
        if isinstance(algorithm, Mapping) and str(algorithm.get("family")) in FAMILIES
    ]
    follows = {
        family.name: {"transform"} | (family.feature_keys if task != "clustering" else set())
        for family in families
    }
    some = {key for keys in follows.values() for key in keys}
    return [
        Problem(
            f"{root}.features.{name}.{key}",
            f"is not followed by family '{family}'",
            repr(feature[key]),
            f"{listed(sorted(followed))} for this family",
            "remove the key, or choose another family",
        )
        for family, followed in follows.items()
        for name, feature in features.items()
        if isinstance(feature, Mapping)
        for key in ("knots", "bins", "monotone")
        if feature.get(key) is not None and key not in (followed if key == "monotone" else some)
    ]


def knot_problems(where: str, feature: Mapping[str, Any]) -> list[Problem]:
    """Knots of a transformed number that lie where no value of it can: they are on the scale of the transform."""
    knots, lowest = feature.get("knots"), math.log1p(LOG1P_FROM)
    if feature.get("transform") != "log1p" or not isinstance(knots, list):
        return []
    return [
        Problem(
            where,
            "has a number that log(1 + x) does not take: knots are on the scale of the transform",
            repr(knot),
            f"numbers from {lowest:.6g} to {LARGEST_LOG:.6g}",
            "declare log(1 + x) of the value where the slope may change",
        )
        for knot in knots
        if is_number(knot) and not lowest <= knot <= LARGEST_LOG
    ]
