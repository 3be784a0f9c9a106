"""The blocks `training`, `cross_validation` and `evaluation`: which rows a fit sees, and which are held out."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from ml_ledger.declaration.key_types import LATER, Column, Count, Day, Period, Positive, ShareBetween, Strict, Task
from ml_ledger.errors import Problem, listed

# Of these one says what is held out.
WAYS = ("as_of_dates", "days", "from", "share", "column")
BY_TIME = ("as_of_dates", "days", "from")
ENTITY = "entity"
# What is held out where there is one as-of date only, and nobody declared what.
SHARE_OF_ONE_DATE = 0.25


class TrainingSpec(Strict):
    """When a new version is due, and what each training row counts."""

    retrain_after_days: Count = Field(90, description="Age in days at which a new version is due.")
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = Field(
        0, description="Seed of every random choice made while fitting."
    )
    sample_weight: Column | None = Field(
        None,
        description="Column of the features, >= 0, by which each row counts in everything that is learned. A row"
        " of weight 0 is not trained on. Left out: all rows count the same.",
    )
    weights_are: Literal["frequency", "sampling", "precision"] | None = Field(
        None,
        description="What `sample_weight` means for standard errors: so many equal rows (`frequency`), rows of a"
        " population that one row represents (`sampling`), or how exact the label is (`precision`). Left out:"
        " `frequency`.",
    )
    class_weights: Literal["balanced"] | dict[str, Positive] | None = Field(
        None,
        description='`balanced` (all classes count the same in total), or a weight per class, `{"0": 1, "1": 5}`,'
        " for tasks binary and multiclass. It shifts probabilities towards heavier classes; add a `calibration`"
        " if they must be right.",
    )
    memory_mb: Count = Field(
        4096,
        description="Megabytes of memory that families fitted outside the warehouse may use for the training set.",
    )
    too_large: Literal["refuse", "sample"] = Field(
        "refuse",
        description="What happens to a training set that needs more than `memory_mb`: training stops with an"
        " error, or uses a sample of the rows.",
    )
    refit: bool = Field(
        False,
        description="`true`: the version is fitted once more on all matured rows, the holdout included, and those"
        " coefficients go live. Metrics and gate are those of the fit without the holdout.",
        json_schema_extra=LATER,
    )


class CrossValidationSpec(Strict):
    """How folds are made, on which candidates, calibration and the best threshold are chosen."""

    folds: Annotated[int, Field(ge=1, le=20)] = Field(
        3,
        description="How many folds are predicted, each by a fit on as-of dates whose labels had matured before"
        " it began.",
    )
    of: Literal["as_of", Period, "entity"] | None = Field(
        None,
        description="What one fold is: an as-of date, a period of as-of dates, or a random part of the entities."
        " Left out: an as-of date, or a longer stretch of time where single dates hold less than 2 % of the rows.",
    )
    repeats: Annotated[int, Field(ge=1, le=50)] | None = Field(
        None,
        description="With `of: entity`, how many times all entities are split into folds, for small data. Left"
        " out: once.",
    )


class HoldoutSpec(Strict):
    """Which rows are held out. Give exactly one of `as_of_dates`, `days`, `from`, `share` and `column`."""

    model_config = ConfigDict(serialize_by_alias=True)

    as_of_dates: Count | None = Field(None, description="The last so many as-of dates whose labels have matured.")
    days: Count | None = Field(
        None, description="The as-of dates of the last so many days, up to the last matured one."
    )
    from_: Annotated[
        Day | None, Field(alias="from", description="The as-of dates from this day on, in quotes.")
    ] = None
    share: ShareBetween | None = Field(
        None,
        description="This share of the entities, or of the values of the column `of`, chosen by a hash.",
    )
    of: Column | None = Field(
        None,
        description="With `share`: `entity`, or a column of the features whose rows with the same value stay"
        " together. Left out: the entity.",
    )
    column: Column | None = Field(
        None,
        description="Column of the features that says `train`, `holdout` or `embargo` (neither) for each row.",
    )


class EvaluationSpec(Strict):
    """How rows are split into those trained on and those held out, and how rows count when they are measured."""

    holdout: HoldoutSpec | None = Field(
        None,
        description="Which rows are held out. Left out: the last as-of date that has matured, or a quarter of the"
        " entities where there is only one.",
    )
    holdout_as_of_dates: Count | None = Field(None, description="Old spelling of `holdout: {as_of_dates: …}`.")
    embargo: Literal["strict", "relaxed"] = Field(
        "strict",
        description="`strict`: no row is trained on whose label matured after the holdout begins. `relaxed`: if"
        " that leaves no rows, all earlier as-of dates are used, and the version says `labels_overlap_holdout`.",
    )
    cluster: Column | None = Field(
        None,
        description="Column of the features whose rows belong together, such as a household; intervals, gate and"
        " drift allow for it. Left out: the entity.",
    )
    weight: Column | None = Field(
        None,
        description="Column of the features by which rows count when they are measured. Left out: the `exposure`,"
        " or all rows the same.",
    )

    @property
    def last_as_of_dates(self) -> int | None:
        """How many of the last as-of dates are held out; None where the holdout is another."""
        if self.holdout is None:
            return self.holdout_as_of_dates or 1
        return self.holdout.as_of_dates

    @property
    def is_declared(self) -> bool:
        """Whether somebody said what is held out."""
        return self.holdout is not None or self.holdout_as_of_dates is not None

    @property
    def is_by_time(self) -> bool:
        """Whether what is held out comes after what is trained on, as far as the declaration says."""
        return self.holdout is None or (self.holdout.share is None and self.holdout.column is None)

    def fingerprinted(self) -> dict[str, Any]:
        """What of it changes a fit, as versions had it before there were other holdouts than the last as-of dates."""
        found = self.model_dump(exclude={"holdout", "holdout_as_of_dates"}, exclude_none=True)
        if self.last_as_of_dates is not None:
            return found | {"holdout_as_of_dates": self.last_as_of_dates}
        assert self.holdout is not None
        return found | {"holdout": self.holdout.model_dump(exclude_none=True)}


def training_problems(root: str, declaration: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with weights of rows and classes, on what was written."""
    training, task = declaration.get("training"), declaration.get("task")
    if not isinstance(training, Mapping) or task not in typing.get_args(Task):
        return  # reported already
    where, column = f"{root}.training", training.get("sample_weight")
    if column is not None and column in [declaration.get(key) for key in ("entity", "as_of", "label")]:
        what = "cannot be the entity, the as-of column or the label"
        yield Problem(f"{where}.sample_weight", what, repr(column), fix="name a column of the features")
    if training.get("weights_are") is not None and column is None:
        yield Problem(f"{where}.weights_are", "needs a column of weights", fix="declare training.sample_weight")
    weights, classes = training.get("class_weights"), declaration.get("classes")
    if weights is not None and task not in ("binary", "multiclass"):
        what = f"has no meaning for task '{task}'"
        yield Problem(f"{where}.class_weights", what, repr(weights), fix="remove the key")
    elif isinstance(weights, Mapping):
        allowed = classes if isinstance(classes, list) else ["0", "1"]
        for name in weights:
            if name not in allowed:
                fix = "write it in quotes, as text"
                yield Problem(f"{where}.class_weights.{name}", "is not a class", repr(name), listed(allowed), fix)


def cross_validation_problems(root: str, declaration: Mapping[str, Any]) -> list[Problem]:
    """What is wrong across keys of cross_validation, on what was written."""
    declared, where = declaration.get("cross_validation"), f"{root}.cross_validation"
    if not isinstance(declared, Mapping):
        return []
    problems = []
    if declared.get("of") == ENTITY and declared.get("folds") == 1:
        problems.append(
            Problem(f"{where}.folds", "leaves no entity to train on", "1", "a number >= 2", "raise it")
        )
    if declared.get("repeats") is not None and declared.get("of") != ENTITY:
        what = "has no meaning where folds are in the order of time"
        problems.append(Problem(f"{where}.repeats", what, repr(declared["repeats"]), fix="declare of: entity"))
    return problems


def holdout_problems(root: str, declaration: Mapping[str, Any]) -> list[Problem]:
    """What is wrong across keys, on what was written."""
    evaluation = declaration.get("evaluation")
    holdout = evaluation.get("holdout") if isinstance(evaluation, Mapping) else None
    if not isinstance(evaluation, Mapping) or not isinstance(holdout, Mapping):
        return []
    where = f"{root}.evaluation.holdout"
    ways = [way for way in WAYS if holdout.get(way) is not None]
    problems = []
    if len(ways) != 1:
        got = listed(ways) if ways else "none of them"
        problems.append(
            Problem(where, "must say in one way what is held out", got, listed(WAYS), "give one of them")
        )
    if evaluation.get("holdout_as_of_dates") is not None:
        what, fix = "cannot be combined with holdout", "remove it"
        old = repr(evaluation["holdout_as_of_dates"])
        problems.append(Problem(f"{root}.evaluation.holdout_as_of_dates", what, old, fix=fix))
    if holdout.get("of") is not None and "share" not in ways:
        problems.append(
            Problem(f"{where}.of", "has no meaning without share", repr(holdout["of"]), fix="remove it")
        )
    if evaluation.get("embargo") is not None and ways and not set(ways) & set(BY_TIME):
        what = f"has no meaning where the holdout is by {ways[0]}: it does not come after what is trained on"
        problems.append(Problem(f"{root}.evaluation.embargo", what, repr(evaluation["embargo"]), fix="remove it"))
    taken = {declaration.get(key): key for key in ("entity", "as_of", "label")}
    features = declaration.get("features")
    taken |= dict.fromkeys(features if isinstance(features, Mapping) else (), "a feature")
    column = holdout.get("column")
    if isinstance(column, str) and column in taken:
        what = f"is {taken[column]}: a column that says what is held out says nothing else"
        problems.append(Problem(f"{where}.column", what, repr(column), "another column of the features"))
    of = holdout.get("of")
    if isinstance(of, str) and of in (declaration.get("as_of"), declaration.get("label")):
        what = f"cannot be the {'as-of column' if of == declaration.get('as_of') else 'label'}"
        problems.append(Problem(f"{where}.of", what, repr(of), "'entity', or a column of the features"))
    return problems
