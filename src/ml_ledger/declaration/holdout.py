"""Which rows are held out, to see how a version does on rows that it was not trained on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from ml_ledger.declaration.base import Column, Finite, Strict
from ml_ledger.declaration.governance import Day
from ml_ledger.errors import Problem, listed

# Of these one says what is held out.
WAYS = ("as_of_dates", "days", "from", "share", "column")
BY_TIME = ("as_of_dates", "days", "from")
ENTITY = "entity"
# What is held out where there is one as-of date only, and nobody declared what.
SHARE_OF_ONE_DATE = 0.25


class HoldoutSpec(Strict):
    """What is held out: the last as-of dates, the last days, all from a day on, a share, or what a column says.

    of: what is held out together, all rows of an entity or all rows with the same value of a column, by a hash of it.
    column: of the features, with 'train', 'holdout' or 'embargo' (neither).
    """

    model_config = ConfigDict(serialize_by_alias=True)

    as_of_dates: Annotated[int, Field(ge=1)] | None = None
    days: Annotated[int, Field(ge=1)] | None = None
    from_: Annotated[Day | None, Field(alias="from")] = None
    share: Annotated[Finite, Field(gt=0, lt=1)] | None = None
    of: Column | None = None
    column: Column | None = None


class EvaluationSpec(Strict):
    """How rows are split into those that are trained on and those that are held out.

    holdout_as_of_dates: the old spelling of `holdout: {as_of_dates: …}`. cluster: a column of the features whose rows
    belong together (the entity); what is measured allows for it. weight: a column of the features by which rows count
    when they are measured.
    """

    holdout: HoldoutSpec | None = None
    holdout_as_of_dates: Annotated[int, Field(ge=1)] | None = None
    embargo: Literal["strict", "relaxed"] = "strict"
    cluster: Column | None = None
    weight: Column | None = None

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
