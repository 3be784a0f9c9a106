"""Columns that tell nothing, or nothing that another column does not tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ml_ledger.arrays import Vector
from ml_ledger.declaration.quality import QualityLimits
from ml_ledger.number_words import number, percent
from ml_ledger.quality.finding import Finding
from ml_ledger.quality.sample import Rows, TrainingSet
from ml_ledger.terms.levels import text_of
from ml_ledger.warehouse import quoted

# Below this many rows per value two columns are one-to-one by chance.
ROWS_PER_VALUE = 10
FEWEST_ROWS = 20


def constant_columns(rows: TrainingSet, limits: QualityLimits) -> Iterator[Finding]:
    """A finding per feature with one value in all, or nearly all, training rows; NULL counts as a value.

    Counted over all rows, in the warehouse.
    """
    for name in rows.spec.features:
        text = text_of(name)
        (most,) = rows.relation.query(
            f"select _ml_level, _ml_n, sum(_ml_n) over () as _ml_total, count(*) over () as _ml_levels"
            f" from (select {text} as _ml_level,"
            f" count(*) as _ml_n from {rows.relation.name} where {rows.train} group by 1) order by _ml_n"
            f" desc, _ml_level"
            f" limit 1"
        )
        count, total, share = int(most["n"]), int(most["total"]), most["n"] / most["total"]
        shown = "NULL" if most["level"] is None else most["level"]
        if most["levels"] == 1:
            yield Finding(
                "constant_column",
                "error",
                name,
                1.0,
                limits.same_value_share,
                count,
                total,
                f"{name} is {shown} in all {number(total)} training rows: no model can learn from it, and in"
                f" production any"
                " other value would be one that was never seen.",
                f"Find out why {name} does not vary (a join that lost it, a default, a filter), or remove the"
                f" feature.",
            )
        elif share > limits.same_value_share:
            yield Finding(
                "near_constant_column",
                "warn",
                name,
                share,
                limits.same_value_share,
                total - count,
                total,
                f"{name} is {shown} in {percent(share)} of {number(total)} training rows; only"
                f" {number(total - count)} rows have"
                " another value.",
                f"Check whether {name} is filled as it should be; keep it only if the holdout is worse"
                f" without it.",
            )


def duplicate_columns(rows: TrainingSet, sample: Rows, limits: QualityLimits) -> Iterator[Finding]:
    """A finding per group of features that are equal, or one-to-one recodings of each other.

    Candidates are found in the sample by the order in which values first appear, or by their ranks; then all
    rows are asked in the warehouse.
    """
    groups: dict[bytes, list[int]] = defaultdict(list)
    if len(sample) < FEWEST_ROWS:
        return
    for position in range(len(rows.columns)):
        for signature in _signatures(sample.design[:, position]):
            groups[signature].append(position)
    for group in groups.values():
        names = list(dict.fromkeys(rows.columns[position].feature for position in group))
        for other in names[1:]:
            yield from _confirmed(rows, names[0], other)


def first_appearance(values: Vector) -> NDArray[np.int64]:
    """Per row the number of its value, by the order of their first rows: equal for columns that are one-to-one."""
    _, first, codes = np.unique(values, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[codes]


def _signatures(values: Vector) -> Iterator[bytes]:
    codes = first_appearance(values)
    distinct = codes.max() + 1
    if distinct == 1:
        return
    if distinct * ROWS_PER_VALUE <= len(values):
        yield codes.tobytes()
        return
    _, ranks = np.unique(values, return_inverse=True)  # NaN last
    ranks[np.isnan(values)] = -1
    backwards = np.where(ranks < 0, -1, ranks.max() - ranks)
    yield b"ranks" + min(ranks.tobytes(), backwards.tobytes())


def _confirmed(rows: TrainingSet, one: str, other: str) -> Iterator[Finding]:
    (found,) = rows.relation.query(
        f"select count(*) as _ml_n, count_if({quoted(one)} is distinct from {quoted(other)}) as _ml_different"
        f" from {rows.relation.name} where {rows.train}"
        if rows.relation.types[one] == rows.relation.types[other] or _both_numbers(rows, one, other)
        else f"select count(*) as _ml_n, count(*) as _ml_different from {rows.relation.name} where {rows.train}"
    )
    total = int(found["n"])
    if not found["different"]:
        evidence = f"{other} equals {one} in all {number(total)} training rows."
    else:
        texts = [f"coalesce({text_of(name)}, '(NULL)')" for name in (one, other)]
        (pairs,) = rows.relation.query(
            f"select count(*) as _ml_pairs, count(distinct _ml_one) as _ml_ones, count(distinct _ml_other)"
            f" as _ml_others from"
            f" (select distinct"
            f" {texts[0]} as _ml_one, {texts[1]} as _ml_other from {rows.relation.name} where {rows.train})"
        )
        if not pairs["pairs"] == pairs["ones"] == pairs["others"]:
            return
        evidence = (
            f"{other} is {one} in other words: each of the {number(pairs['pairs'])} values of one goes with"
            f" one value of the"
            f" other in all {number(total)} training rows."
        )
    yield Finding(
        "duplicate_column",
        "warn",
        f"{one}, {other}",
        1.0,
        None,
        total,
        total,
        evidence,
        f"Remove {one} or {other}: together they tell no more than one, and coefficients and reasons are"
        f" split between them.",
    )


def _both_numbers(rows: TrainingSet, one: str, other: str) -> bool:
    return rows.relation.is_numeric(one) and rows.relation.is_numeric(other)
