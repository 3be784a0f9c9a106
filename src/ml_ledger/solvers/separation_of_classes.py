"""Columns that alone rule a class out for certain, and what an unpenalised multinomial fit makes of them.

As in `separation`: where no row of a level has a class, the weight of that class and level goes to minus infinity.
There the class is left out of the choice, the rest is fitted, and the weight becomes what Firth's penalty makes of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ml_ledger.solvers.multinomial import minimise_classes
from ml_ledger.solvers.multinomial_problem import NEVER, MultinomialSolution
from ml_ledger.solvers.newton import SAMPLE_ROWS
from ml_ledger.solvers.objectives import LOGISTIC
from ml_ledger.solvers.separation import Candidate, Undetermined, firth_weight, sum_of
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.sql_literals import double


def minimise_classes_apart(
    training: TrainingRows, columns: Sequence[str], candidates: Sequence[Candidate], **options: Any
) -> tuple[MultinomialSolution, list[Undetermined], MultinomialSolution]:
    """`minimise_classes` without a penalty, where columns may rule a class out.

    Returns the fit, what is undetermined in it, and the fit without that. Arguments as `minimise_apart`.
    """
    ruled_out = _ruled_out(training, columns, candidates)
    excluded = [(name, item.told) for name, item in ruled_out]
    names = [candidate.name for candidate in candidates[: len(columns)]]
    limit = minimise_classes(training, columns, excluded=excluded, names=names, **options)
    weights, intercepts = limit.weights.copy(), limit.intercepts.copy()
    for number, (name, item) in enumerate(ruled_out):
        told = replace(training, where=f"{training.where} and ({item.told})", memory_mb=None)
        sample = replace(told, where=told.part(SAMPLE_ROWS)) if told.key else told
        flags = [f"case when {sql} then 1e0 else 0e0 end" for _, sql in excluded]
        found, label, weight = sample.fetch([*columns, *flags])
        design, told_by = found[:, : len(columns)], found[:, len(columns) :]
        eta = intercepts + design @ weights.T
        for later, (other, _) in enumerate(excluded):  # those before have got their weights
            if later > number:
                eta[:, other] -= NEVER * told_by[:, later]
        others = np.delete(eta, name, axis=1)
        highest = others.max(axis=1)
        odds = eta[:, name] - highest - np.log(np.exp(others - highest[:, None]).sum(axis=1))
        s = design @ item.direction - item.at
        size = firth_weight(s, odds, np.zeros(len(label)), weight * (item.rows / len(label)), LOGISTIC)
        weights[name] += size * item.direction
        intercepts[name] -= size * item.at
    return replace(limit, weights=weights, intercepts=intercepts), [item for _, item in ruled_out], limit


def _ruled_out(
    training: TrainingRows, columns: Sequence[str], candidates: Sequence[Candidate]
) -> list[tuple[int, Undetermined]]:
    """Which class is ruled out by what."""
    design = "".join(f", cast({column} as double) as _ml_z{j}" for j, column in enumerate(columns))
    combined = [sum_of({f"_ml_z{j}": w for j, w in enumerate(item.weights.tolist()) if w}) for item in candidates]
    aggregates = ", ".join(
        f"{function}({sql}){condition} as _ml_{function}{value}_{i}"
        for i, sql in enumerate(combined)
        for value, condition in (
            ("all", ""),
            *((c, f" filter (_ml_y = {c})") for c in range(len(training.classes))),
        )
        for function in ("min", "max")
    )
    if not aggregates:
        return []
    source = f"from {training.relation.name} where {training.where} and _ml_weight > 0"
    (row,) = training.relation.query(
        f"select {aggregates} from (select {training.label} as _ml_y{design} {source}) as _ml_design"
    )
    found: list[tuple[int, Undetermined]] = []
    for c, class_name in enumerate(training.classes):
        telling = []
        for i, item in enumerate(candidates):
            at, least, most = row[f"min{c}_{i}"], row[f"minall_{i}"], row[f"maxall_{i}"]
            if at is not None and at == row[f"max{c}_{i}"] and least < most and at in (least, most):
                telling.append((item, float(at)))
        # First what is told where a column is not 0, so that a level is named before all the others are.
        for item, at in sorted(telling, key=lambda each: each[1] != 0):
            combination = sum_of({f"({columns[j]})": w for j, w in enumerate(item.weights.tolist()) if w})
            told = f"{combination} <> {double(at)}"
            apart = "".join(f" and not ({other.told})" for name, other in found if name == c)
            (counts,) = training.relation.query(f"select count(*) as _ml_n {source} and {told}{apart}")
            if counts["n"]:
                n, name = int(counts["n"]), f"{item.told_at(at)}, class {class_name}"
                because = f"none of its {n:,} rows has the class"
                found.append((c, Undetermined(name, n, item.weights, at, told, because)))
    return found
