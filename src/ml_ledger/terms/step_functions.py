"""Rows of step functions: a value per bin of a number, or per level of a category."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ml_ledger.coefficients import Coefficient
from ml_ledger.terms.levels import LevelTerm
from ml_ledger.terms.numeric import NumericInput
from ml_ledger.terms.term import above


def bin_rows(
    item: NumericInput,
    edges: Sequence[float],
    values: Sequence[float],
    if_missing: float,
    *,
    output: str,
    number: int,
) -> list[Coefficient]:
    """The rows of a number that is worth `values[i]` where edges[i - 1] <= x < edges[i].

    With `reject`, the outer bins end at the bounds, which are closed. if_missing: the value of a NULL with a value of
    its own. number: of the term.
    """
    first = last = None
    if item.outside == "reject":
        first, last = item.lower, above(item.upper)
    bounds = [first, *map(float, edges), last]
    row = partial(Coefficient, output, number, item.feature)
    rows = [
        row(applies_to="value", lower=bounds[index], upper=bounds[index + 1], value=float(value))
        for index, value in enumerate(values)
    ]
    if item.missing == "own_level":
        rows.append(row(applies_to="missing", value=float(if_missing)))
    elif item.missing == "impute":
        index = sum(edge <= item.filled for edge in edges)
        rows.append(row(applies_to="missing", value=float(values[index])))
    return rows


def level_rows(
    item: LevelTerm, values: Sequence[float], if_missing: float, *, output: str, number: int
) -> list[Coefficient]:
    """The rows of a category whose level of code i (`LevelTerm.codes`) is worth `values[i]`; else as `bin_rows`."""
    codes = item.codes()
    row = partial(Coefficient, output, number, item.feature, transform=item.part)
    rows = [row(applies_to="level", level=level, value=float(values[code])) for level, code in codes.items()]
    if item.missing == "own_level":
        rows.append(row(applies_to="missing", value=float(if_missing)))
    elif item.missing == "impute":
        rows.append(row(applies_to="missing", value=float(values[codes[item.most_frequent]])))
    if item.unknown != "reject":
        code = codes[item.rare[0]] if item.unknown == "rare" and item.rare else codes[item.reference]
        rows.append(row(applies_to="unknown", value=float(values[code])))
    return rows
