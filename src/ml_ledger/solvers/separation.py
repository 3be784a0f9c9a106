"""Columns that alone tell a label for certain, and what an unpenalised fit makes of them.

A level whose rows all have label 0 pushes its weight to minus infinity: the likelihood has no maximum (Albert and
Anderson, 1984; for counts, Santos Silva and Tenreyro, 2010). In the limit such rows add nothing to it, so the rest of
the fit is that without them (Correia, Guimaraes and Zylkin, 2019). They are set aside, again until none is left, and
the weight, which the data do not determine, becomes what Firth's penalty (1993) makes of it with the rest as given:
about half an event among rows that have none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ml_ledger.arrays import Vector
from ml_ledger.errors import VersionError, listed
from ml_ledger.solvers.newton import SAMPLE_ROWS, Solution, minimise
from ml_ledger.solvers.objectives import LOGISTIC, POISSON, Objective
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.sql_literals import double

# A weight is sought among those that change no link score by more than this.
FARTHEST = 64.0


@dataclass(frozen=True)
class Candidate:
    """A combination of design columns that may tell the label alone: a column, or the columns of a feature together.

    weights: one per design column. name: of what a row is told by, where the combination is not 0. opposite: where it
    is not 1, of combinations that are 0 or 1; None for others.
    """

    weights: Vector
    name: str
    opposite: str | None = None

    def told_at(self, at: float) -> str:
        """What the rows are called where the combination is not `at`."""
        return self.opposite if self.opposite and at == 1 else self.name


@dataclass(frozen=True)
class Undetermined:
    """What the data leave undetermined. rows: that are told apart. direction: which weights move together.

    at: the combination's value on all other rows. told: SQL that is true for those rows. because: what is for certain.
    """

    name: str
    rows: int
    direction: Vector
    at: float
    told: str
    because: str

    def __str__(self) -> str:
        return f"{self.name} ({self.because})"


@dataclass(frozen=True)
class Apart:
    """A fit, and what the data leave undetermined in it, where its curvature is 0.

    rest: the rows that nothing tells for certain; limit: the fit on them, without what is undetermined.
    """

    solution: Solution
    undetermined: Sequence[Undetermined]
    rest: TrainingRows
    limit: Solution


def minimise_apart(
    training: TrainingRows,
    columns: Sequence[str],
    objective: Objective,
    candidates: Sequence[Candidate],
    **options: Any,
) -> Apart:
    """`minimise`, where without a penalty columns may tell the label for certain.

    candidates: what may, one per column and then others. options: of `minimise`.
    Raises VersionError as `minimise`, and where a candidate tells the label of all rows.
    """
    found, rest = set_aside(training, columns, objective, () if options.get("strength") else candidates)
    names = [candidate.name for candidate in candidates[: len(columns)]]
    solution = minimise(rest, columns, objective, names=names, **options)
    if not found:
        return Apart(solution, found, rest, solution)
    limit = solution
    told: list[str] = []
    for item in found:
        where = f"{training.where} and ({item.told})" + "".join(f" and not ({other})" for other in told)
        told.append(item.told)
        size = _size(replace(training, where=where), columns, objective, solution, item)
        weights = solution.weights + size * item.direction
        intercept = solution.intercept - size * item.at
        origin = solution.origin + size * float(item.direction @ solution.shifts - item.at)
        solution = replace(solution, weights=weights, intercept=intercept, origin=origin)
    return Apart(replace(solution, means=_means(training, columns)), found, rest, limit)


def set_aside(
    training: TrainingRows, columns: Sequence[str], objective: Objective, candidates: Sequence[Candidate]
) -> tuple[list[Undetermined], TrainingRows]:
    """What the data leave undetermined, and the rows that it does not tell apart."""
    found: list[Undetermined] = []
    if objective not in (LOGISTIC, POISSON) or not candidates:
        return found, training
    rest = training
    while True:
        more = _in_one_pass(rest, columns, objective, candidates, found)
        if not more:
            return found, rest
        found += more
        told = " or ".join(f"({item.told})" for item in more)
        rest = replace(rest, where=f"{rest.where} and not ({told})")


def _in_one_pass(
    training: TrainingRows,
    columns: Sequence[str],
    objective: Objective,
    candidates: Sequence[Candidate],
    before: Sequence[Undetermined],
) -> list[Undetermined]:
    """What is undetermined among these rows; empty where every candidate has rows that bound its weight."""
    event, label = "_ml_y > 0", f"cast({training.label} as double)"
    design = "".join(f", cast({column} as double) as _ml_z{j}" for j, column in enumerate(columns))
    combined = [sum_of({f"_ml_z{j}": w for j, w in enumerate(item.weights.tolist()) if w}) for item in candidates]
    aggregates = ", ".join(
        f"{function}({sql}) filter ({condition}) as _ml_{function}{value}_{i}"
        for i, sql in enumerate(combined)
        for value, condition in ((1, event), (0, f"not ({event})"))
        for function in ("min", "max")
    )
    (row,) = training.relation.query(
        f"select count_if({event}) as _ml_events, count_if(not ({event})) as _ml_others, {aggregates} from"
        f" (select {label} as _ml_y{design} from {training.relation.name} where {training.where} and _ml_weight > 0)"
        " as _ml_design"
    )
    if not row["events"] or not row["others"]:
        if before and objective is LOGISTIC:
            raise _separated(f"together {listed(item.name for item in before)} tell the label of every row")
        return []
    telling = []
    for i, item in enumerate(candidates):
        bounds = [(float(row[f"min{value}_{i}"]), float(row[f"max{value}_{i}"])) for value in (0, 1)]
        telling += [(item, at, strict) for at, strict in _apart(objective, *bounds)]
    whole = [item.name for item, _, strict in telling if strict]
    if whole:
        raise _separated(f"{listed(whole)} alone tells the label of every row")
    found: list[Undetermined] = []
    # First what is told where a column is not 0, so that a level is named before all the others are.
    for item, at, _ in sorted(telling, key=lambda each: each[1] != 0):
        combination = sum_of({f"({columns[j]})": w for j, w in enumerate(item.weights.tolist()) if w})
        told = f"{combination} <> {double(at)}"
        apart = "".join(f" and not ({other.told})" for other in found)
        (counts,) = training.relation.query(
            f"select count(*) as _ml_n, count_if({label} > 0) as _ml_events from {training.relation.name}"
            f" where {training.where} and _ml_weight > 0 and {told}{apart}"
        )
        if counts["n"]:
            name, n, events = item.told_at(at), int(counts["n"]), int(counts["events"])
            because = f"all its {n:,} rows have label {1 if events else 0}"
            if 0 < events < n:
                because = f"for certain, {events:,} rows have label 1 and {n - events:,} label 0"
            found.append(Undetermined(name, n, item.weights, at, told, because))
    return found


def _separated(what: str) -> VersionError:
    return VersionError(
        f"the fit did not converge: the features separate the classes: {what}, so that weights grow without end."
        " Nothing was written. Fix: look whether this gives the label away, or add a penalty (a lower C)."
    )


def _apart(
    objective: Objective, without: tuple[float, float], with_event: tuple[float, float]
) -> list[tuple[float, bool]]:
    """Where rows with an event begin and those without end: that value, and whether no row has it; else nothing.

    without, with_event: the least and the largest of a combination, over rows without and with an event.
    """
    (least, largest), (least_event, largest_event) = without, with_event
    if min(least, least_event) == max(largest, largest_event):
        return []
    if objective is POISSON:  # only rows without an event can be told for certain
        alike = least_event == largest_event and (least >= least_event or largest <= least_event)
        return [(least_event, False)] if alike else []
    if largest <= least_event:
        return [(least_event, largest < least_event)]
    if largest_event <= least:
        return [(least, largest_event < least)]
    return []


def sum_of(parts: Mapping[str, float]) -> str:
    """SQL of a weighted sum: weights by SQL."""
    return (
        "("
        + " + ".join(sql if weight == 1 else f"{double(weight)} * {sql}" for sql, weight in parts.items())
        + ")"
    )


def _means(training: TrainingRows, columns: Sequence[str]) -> Vector:
    """Weighted means of the columns over all rows."""
    sums = ", ".join(f"sum(_ml_weight * ({column})) as _ml_m{j}" for j, column in enumerate(columns))
    (row,) = training.relation.query(
        f"select sum(_ml_weight) as _ml_weight, {sums} from {training.relation.name} where {training.where}"
    )
    return np.array([float(row[f"m{j}"]) for j in range(len(columns))]) / float(row["weight"])


def _size(
    training: TrainingRows, columns: Sequence[str], objective: Objective, solution: Solution, item: Undetermined
) -> float:
    """How far to go in an undetermined direction, by the rows that only it tells; 0 without any."""
    sample = replace(
        training, where=training.part(SAMPLE_ROWS) if training.key else training.where, memory_mb=None
    )
    design, label, weight = sample.fetch(columns)
    if not len(label):
        return 0.0
    weight = weight * (item.rows / len(label))
    eta = solution.origin + (design - solution.shifts) @ solution.weights
    return firth_weight(design @ item.direction - item.at, eta, label, weight, objective)


def firth_weight(s: Vector, eta: Vector, label: Vector, weight: Vector, objective: Objective) -> float:
    """The t that maximises the likelihood of link scores eta + t s times the root of its information (Firth).

    s, eta, label, weight: n each; some s is not 0. With the variance v of a row and its derivative v' by eta, the
    derivative of the logarithm is sum(w s (y - mu)) + sum(w s^3 v') / sum(w s^2 v) / 2.
    """
    unit = float(np.max(np.abs(s)))
    s = s / unit

    def slope(t: float) -> float:
        score = eta + t * s
        mu = objective.mu(np.clip(score, -700, 700))
        if objective is LOGISTIC:
            logarithm, ratio = -np.abs(score) - 2 * np.log1p(np.exp(-np.abs(score))), 1 - 2 * mu
        else:
            logarithm, ratio = score, np.ones_like(mu)
        v = weight * s**2 * np.exp(logarithm - np.max(logarithm))
        return float(weight @ (s * (label - mu)) + np.sum(v * s * ratio) / np.sum(v) / 2)

    low, high = -FARTHEST, FARTHEST
    while high - low > 1e-13 * max(1.0, abs(low)):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    return (low + high) / 2 / unit
