"""The block `features`: what a model may use, and how its values are read."""

from __future__ import annotations

import math
import typing
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from ml_ledger.coefficients import DatePart
from ml_ledger.declaration.key_types import TRAINS_NOTHING, Column, Finite, Strict, Text
from ml_ledger.errors import Problem, listed
from ml_ledger.families import FAMILIES
from ml_ledger.families.family import is_number
from ml_ledger.scoring.words import LARGEST_LOG
from ml_ledger.terms.numeric import LOG1P_FROM

RareShare = Annotated[Finite, Field(ge=0, lt=1)]
UnknownLevel = Literal["reference", "rare", "reject"]


class FeatureBase(Strict):
    """Keys of every feature, whatever its kind."""

    missing: Literal["impute", "own_level", "reject"] = Field(
        "reject",
        description="What happens to a NULL. `reject`: the row is not trained on and gets the fallback decision"
        " instead of a score. `impute`: it takes the training mean, or the most frequent level, and the"
        " prediction says so. `own_level`: it gets a coefficient of its own.",
    )
    description: str | None = Field(
        None, description="What the feature is, in free text.", json_schema_extra=TRAINS_NOTHING
    )
    written_at: Column | None = Field(
        None,
        description="Column of the features with the moment at which the value was written, a date or a timestamp"
        " without a time zone. A value written after the as-of date is reported as a possible leak.",
    )
    known_in_time: Text | None = Field(
        None,
        description="Why this value is known at the as-of date, although it predicts suspiciously well. Answers"
        " the question that a leak check would otherwise ask.",
    )


class NumericFeature(FeatureBase):
    """A number. Its effect is one slope, several slopes between knots, or a value per bin."""

    kind: Literal["numeric"] = Field(description="A number.")
    bounds: Annotated[list[Finite | None], Field(min_length=2, max_length=2)] | None = Field(
        None, description="`[lower, upper]`, both included; `null` for no bound at that end."
    )
    out_of_bounds: Literal["clip", "reject"] = Field(
        "reject",
        description="What happens beyond the bounds. `clip`: the value counts as the bound, and the prediction"
        " says so. `reject`: the row gets no score.",
    )
    transform: Literal["log1p"] | None = Field(
        None,
        description="`log1p`: the effect is linear in log(1 + x), and values of -1 and below are rejected. Bins,"
        " trees and rules ignore it, since it keeps the order of values.",
    )
    knots: Annotated[int, Field(ge=1, le=20)] | Annotated[list[Finite], Field(min_length=1)] | None = Field(
        None,
        description="Where the slope may change: values on the scale of the transform, or how many quantiles. At"
        " least one candidate must be of a family that uses knots.",
    )
    monotone: Literal["increasing", "decreasing"] | None = Field(
        None,
        description="The only direction in which the score may move as the value grows. For families"
        " `additive_boosting`, `boosting` and `scorecard`; every candidate must be one of them.",
    )
    bins: Annotated[int, Field(ge=2, le=255)] | Annotated[list[Finite], Field(min_length=1)] | None = Field(
        None,
        description="A value per bin instead of a slope: inner edges, or how many bins by quantiles. For"
        " `scorecard`, the fine bins that it merges (by default 20 by quantiles).",
    )


class CategoricalFeature(FeatureBase):
    """A category: text, a whole number, anything whose text is a level. Its effect is a value per level."""

    kind: Literal["categorical"] = Field(description="A category.")
    levels: Annotated[list[str], Field(min_length=2)] | None = Field(
        None,
        description="The known levels, the reference first. Left out: the levels in the training rows.",
    )
    reference: str | None = Field(
        None,
        description="The level whose effect is 0. Left out: the first of `levels`, or the most frequent.",
    )
    min_share: RareShare = Field(
        0.0,
        description="Levels with a smaller share of the training rows share one effect, that of rare levels.",
    )
    unknown: UnknownLevel = Field(
        "reject",
        description="What a level that was not in training counts as: the `reference`, a `rare` level (needs"
        " `min_share`), or no level, so that the row gets no score.",
    )


class BooleanFeature(FeatureBase):
    """True or false."""

    kind: Literal["boolean"] = Field(description="True or false.")


class DateFeature(FeatureBase):
    """A date or timestamp. Each of its parts has a value per level."""

    kind: Literal["date"] = Field(description="A date, or a timestamp without a time zone.")
    parts: Annotated[list[DatePart], Field(min_length=1)] = Field(
        description="Which parts of the date to use; each becomes a categorical term. `weekday` is ISO: 1 is"
        " Monday. With `year`, the next year is an unknown level."
    )
    min_share: RareShare = Field(
        0.0, description="As for a category, for each part: rarer levels share one effect."
    )
    unknown: UnknownLevel = Field(
        "reject",
        description="As for a category, for each part: what a level that was not in training counts as.",
    )


class PartOfDate(FeatureBase):
    """One part of a date, a category to families. Nobody declares this: `by_part` makes it."""

    kind: Literal["part_of_date"]
    levels: list[str] | None = None
    reference: str | None = None
    min_share: float
    unknown: UnknownLevel
    column: str
    part: DatePart


Declared = NumericFeature | CategoricalFeature | BooleanFeature | DateFeature
FeatureSpec = Annotated[Declared, Field(discriminator="kind")]
InputSpec = NumericFeature | CategoricalFeature | BooleanFeature | PartOfDate
FEATURE_KINDS: dict[str, type[FeatureBase]] = {
    typing.get_args(kind.model_fields["kind"].annotation)[0]: kind for kind in typing.get_args(Declared)
}


def by_part(features: Mapping[str, FeatureSpec]) -> dict[str, InputSpec]:
    """What families see: the features by column; in place of a date its parts, by `<column>.<part>`."""
    inputs: dict[str, InputSpec] = {}
    for name, feature in features.items():
        if feature.kind != "date":
            inputs[name] = feature
            continue
        for part in feature.parts:
            inputs[f"{name}.{part}"] = PartOfDate(
                kind="part_of_date",
                missing=feature.missing,
                min_share=feature.min_share,
                unknown=feature.unknown,
                column=name,
                part=part,
            )
    return inputs


def feature_problems(root: str, declaration: Mapping[str, Any], candidates: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the features, on what was written. candidates: what may become the version, by key."""
    features, task = declaration.get("features"), declaration.get("task")
    if not isinstance(features, Mapping):
        return []  # reported already
    problems = _shape_problems(root, features, candidates, task)
    problems += _task_problems(root, features, task)
    for name, feature in features.items():
        if isinstance(feature, Mapping):
            problems += _single_problems(f"{root}.features.{name}", feature)
    return problems + _name_problems(root, features, declaration)


def _name_problems(root: str, features: Mapping[str, Any], declaration: Mapping[str, Any]) -> list[Problem]:
    """Two names that warehouses do not tell apart, and names of columns that are no features."""
    problems = []
    seen: dict[str, str] = {}
    for name in map(str, features):
        if (other := seen.setdefault(name.lower(), name)) != name:
            what = "is called as another feature but for upper and lower case, which warehouses do not tell apart"
            problems.append(Problem(f"{root}.features.{name}", what, repr(other), fix="remove one of them"))
    keys = [str(declaration.get(key)).lower() for key in ("entity", "as_of", "label", "never")]
    return problems + [
        Problem(
            f"{root}.features.{name}",
            "a feature cannot be the entity, the as-of column, the label, or the column `never`",
            repr(name),
            fix="remove it from features",
        )
        for name in features
        if str(name).lower() in keys
    ]


def _task_problems(root: str, features: Mapping[str, Any], task: object) -> list[Problem]:
    """Keys that say nothing to a task: a direction to several classes, a NULL with a place in space."""
    problems = []
    for name, feature in features.items():
        if not isinstance(feature, Mapping):
            continue
        where = f"{root}.features.{name}"
        if task == "clustering" and feature.get("kind") == "numeric" and feature.get("missing") == "own_level":
            what = "has no meaning for task 'clustering': a number that is not there has no place in space"
            allowed = "'impute' (a NULL is at the training mean) or 'reject'"
            fix = "choose one of them, and add a boolean feature where it matters that the number is missing"
            problems.append(Problem(f"{where}.missing", what, repr(feature["missing"]), allowed, fix))
        if task == "multiclass" and feature.get("monotone") is not None:
            what = "has no meaning for task 'multiclass', where each class has an effect of its own"
            problems.append(Problem(f"{where}.monotone", what, repr(feature["monotone"]), fix="remove the key"))
    return problems


def _single_problems(where: str, feature: Mapping[str, Any]) -> list[Problem]:
    problems = []
    bounds = feature.get("bounds")
    if isinstance(bounds, list) and len(bounds) == 2 and all(map(is_number, bounds)) and bounds[0] >= bounds[1]:
        problems.append(Problem(f"{where}.bounds", "the lower bound must be below the upper", repr(bounds)))
    if "out_of_bounds" in feature and bounds is None:
        problems.append(Problem(f"{where}.out_of_bounds", "needs bounds", fix="declare bounds: [lower, upper]"))
    if feature.get("bins") is not None and (feature.get("knots") or feature.get("transform")):
        problems.append(Problem(f"{where}.bins", "cannot be combined with knots or transform"))
    for key in ("bins", "knots"):
        edges = feature.get(key)
        ascending = isinstance(edges, list) and all(map(is_number, edges)) and edges == sorted(set(edges))
        if isinstance(edges, list) and not ascending:
            problems.append(Problem(f"{where}.{key}", "must ascend", repr(edges), "numbers, each above the last"))
    problems += _knot_problems(f"{where}.knots", feature)
    parts = feature.get("parts")
    if isinstance(parts, list) and len(set(map(str, parts))) < len(parts):
        problems.append(Problem(f"{where}.parts", "names a part twice", repr(parts), fix="keep one of them"))
    levels, reference = feature.get("levels"), feature.get("reference")
    if isinstance(levels, list):
        if len({str(level) for level in levels}) < len(levels):
            problems.append(Problem(f"{where}.levels", "names a level twice", repr(levels)))
        if reference is not None and reference not in levels:
            problems.append(
                Problem(f"{where}.reference", "is not one of the levels", repr(reference), listed(levels))
            )
    if feature.get("unknown") == "rare" and not feature.get("min_share"):
        problems.append(
            Problem(f"{where}.unknown", "'rare' needs rare levels", fix="declare min_share, 0.01 for example")
        )
    return problems


def _shape_problems(
    root: str, features: Mapping[str, Any], algorithms: Mapping[str, Any], task: object
) -> list[Problem]:
    """Keys of numeric features that say what shape an effect may have, and that no candidate can follow.

    A candidate that finds the shape itself, or has none, ignores knots and bins that are meant for another one. A
    transform keeps the order of values, so that it means nothing to trees and bins, and is no fault. A declared
    direction is a promise, which every candidate must keep.
    """
    written = [str(algorithm.get("family")) for algorithm in algorithms.values() if isinstance(algorithm, Mapping)]
    families = [FAMILIES[name] for name in written if name in FAMILIES]
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


def _knot_problems(where: str, feature: Mapping[str, Any]) -> list[Problem]:
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
