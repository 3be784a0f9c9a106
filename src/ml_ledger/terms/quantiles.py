"""Quantiles of numbers by the weight of their rows: of a row with weight 2 as of the same row given twice."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from ml_ledger.sql_literals import double

if TYPE_CHECKING:
    from ml_ledger.warehouse import Relation

# Of all weight, what rounding may leave of a sum of weights that should meet a share of it.
ROUNDING = 1e-12


def distinct_quantiles(
    wanted: Mapping[str, tuple[str, Sequence[float]]], rows: Relation, where: str, *, weighted: bool = True
) -> dict[str, tuple[float, ...]]:
    """By name the quantiles that differ, ascending; none where no row has a value.

    wanted: SQL of a number, and shares of all weight. rows: with `_ml_weight` where it counts (`weighted`). A quantile
    is the smallest value at which rows with it or less have the share (`percentile_disc` of SQL). Where all of them are
    the smallest value of all, below which nothing is, the next value takes their place; of a constant there is none.
    """
    if not wanted:
        return {}
    read = _by_weight if weighted and weights_differ(rows, where) else _by_rows
    found = {}
    for name, (sql, shares) in wanted.items():
        edges = tuple(sorted({float(x) for x in read(sql, shares, rows, where) if x is not None}))
        found[name] = edges if len(edges) != 1 else _with_rows_below(edges[0], sql, rows, where)
    return found


def _with_rows_below(edge: float, sql: str, rows: Relation, where: str) -> tuple[float, ...]:
    """The edge, or the next value where no row is below it; nothing where none is above, either."""
    (row,) = rows.query(
        f"select min(_ml_x) as _ml_lowest, min(case when _ml_x > {double(edge)} then _ml_x end) as _ml_next"
        f" from (select {sql} as _ml_x from {rows.name} where {where}) as _ml_values"
    )
    if row["lowest"] < edge:
        return (edge,)
    return () if row["next"] is None else (float(row["next"]),)


def weights_differ(rows: Relation, where: str) -> bool:
    """Whether any two rows have different weights."""
    (row,) = rows.query(f"select min(_ml_weight) < max(_ml_weight) as _ml_differ from {rows.name} where {where}")
    return bool(row["differ"])


def _by_rows(sql: str, shares: Sequence[float], rows: Relation, where: str) -> Sequence[float | None]:
    """Where all weights are the same they do not matter; measured: an ordered sum takes several times as long."""
    (row,) = rows.query(f"select quantile_disc({sql}, {list(shares)}) as _ml_q from {rows.name} where {where}")
    return row["q"] or []


def _by_weight(sql: str, shares: Sequence[float], rows: Relation, where: str) -> Sequence[float | None]:
    weighted = f"select {sql} as _ml_x, sum(_ml_weight) as _ml_w from {rows.name} where {where} group by 1"
    counted = f"({weighted}) as _ml_counted"
    (found,) = rows.query(
        f"select sum(_ml_w) as _ml_total, bool_and(_ml_w = floor(_ml_w)) as _ml_whole from {counted}"
        " where _ml_x is not null"
    )
    if found["total"] is None:
        return []
    reached = ", ".join(
        f"min(case when _ml_upto >= {double(weight)} then _ml_x end) as _ml_q{number}"
        for number, weight in enumerate(_weights_at(shares, found["total"], whole=found["whole"]))
    )
    (row,) = rows.query(
        f"select {reached} from (select _ml_x, sum(_ml_w) over (order by _ml_x) as _ml_upto from {counted}"
        " where _ml_x is not null) as _ml_running"
    )
    return [row[f"q{number}"] for number in range(len(shares))]


def _weights_at(shares: Sequence[float], total: float, *, whole: bool) -> list[float]:
    """The weight that rows must have together to have each share of all.

    Of whole weights as quantile_disc counts repeated rows: exactly, by the decimal that a share is written as.
    """
    if whole:
        return [float(max(1, math.ceil(Decimal(repr(share)) * Decimal(total)))) for share in shares]
    return [share * total * (1 - ROUNDING) for share in shares]
