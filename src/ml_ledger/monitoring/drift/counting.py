"""Count what is in bins and levels: one pass over the rows, for all columns and groups.

Measured on 50 numbers × 1 million rows (CPU seconds; a scan for counts, extremes, mean and deviation takes 0.7): one
`count_if` per edge 1.1, `histogram` with edges 1.5, a `case` ladder without counting 1.4, sums of comparisons 3.2,
`count(case when …)` 4.8. So bins are differences of `count_if`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from ml_ledger.monitoring.drift.stored_reference import Column
from ml_ledger.sql_literals import double
from ml_ledger.training.reference import DEFAULT_VALUES
from ml_ledger.warehouse import Relation


@dataclass(frozen=True)
class Source:
    """Where a column is: SQL of its value (a double, NULL where not finite; or text), and of its rows and faults.

    counted: SQL that is true for the rows that count, None for all. unreadable: SQL that is true where there is a value
    that is none of its kind.
    """

    column: Column
    value: str
    counted: str | None = None
    unreadable: str | None = None


@dataclass(frozen=True)
class Counts:
    """A column in one group of rows; members as those of `Column`."""

    rows: int
    known: int
    unreadable: int = 0
    bins: Sequence[int] = ()
    below: int = 0
    above: int = 0
    lowest: float | None = None
    highest: float | None = None
    mean: float | None = None
    standard_deviation: float | None = None
    defaults: Mapping[float, int] = field(default_factory=dict)
    levels: Mapping[str, int] = field(default_factory=dict)
    design_effect: float = 1.0


def count(
    relation: Relation, source: str, group: str, sources: Sequence[Source], means: Sequence[str] = ()
) -> dict[Any, tuple[list[Counts], list[float | None]]]:
    """By value of the SQL `group`: counts of each column, and means of further expressions.

    source: a select in brackets over the relation, or its name.
    """
    # In a select of its own, a value that several aggregates read is computed once.
    read = [f"{group} as _ml_group", *(f"{sql} as _ml_term{number}" for number, sql in enumerate(means))]
    wanted = ["_ml_group", "count(*) as _ml_rows"]
    for number, item in enumerate(sources):
        read.append(f"{item.value} as _ml_v{number}")
        wanted += _general(number, item)
        wanted += _of_number(number, item.column) if item.column.is_number else _of_levels(number)
    wanted += [f"avg(_ml_term{number}) as _ml_term_mean{number}" for number in range(len(means))]
    for number, item in enumerate(sources):
        read += [f"{item.counted} as _ml_counted{number}"] if item.counted else []
        read += [f"{item.unreadable} as _ml_unreadable{number}"] if item.unreadable else []
    rows = relation.query(
        f"select {', '.join(wanted)} from (select {', '.join(read)} from {source} as _ml_source) as _ml_read"
        " group by _ml_group"
    )
    return {
        row["group"]: (
            [_counts(number, item, row) for number, item in enumerate(sources)],
            [row[f"term_mean{number}"] for number in range(len(means))],
        )
        for row in rows
    }


def _general(number: int, item: Source) -> list[str]:
    wanted = [f"count(_ml_v{number}) as _ml_known{number}"]
    if item.counted is not None:
        wanted.append(f"count_if(_ml_counted{number}) as _ml_rows{number}")
    if item.unreadable is not None:
        wanted.append(f"count_if(_ml_unreadable{number}) as _ml_unreadable{number}")
    return wanted


def _of_number(number: int, column: Column) -> list[str]:
    value = f"_ml_v{number}"
    wanted = [
        f"min({value}) as _ml_lowest{number}",
        f"max({value}) as _ml_highest{number}",
        f"avg({value}) as _ml_mean{number}",
        f"stddev_pop({value}) as _ml_deviation{number}",
        *(f"count_if({value} < {double(edge)}) as _ml_below{number}_{n}" for n, edge in enumerate(column.edges)),
        *(f"count_if({value} = {double(v)}) as _ml_default{number}_{n}" for n, v in enumerate(DEFAULT_VALUES)),
    ]
    if column.lowest is not None and column.highest is not None:
        wanted.append(f"count_if({value} < {double(column.lowest)}) as _ml_under{number}")
        wanted.append(f"count_if({value} > {double(column.highest)}) as _ml_over{number}")
    return wanted


def _of_levels(number: int) -> list[str]:
    return [f"histogram(_ml_v{number}) as _ml_levels{number}"]


def _counts(number: int, item: Source, row: Mapping[str, Any]) -> Counts:
    # count_if is NULL where its argument always is.
    general = {
        "rows": row["rows"] if item.counted is None else row[f"rows{number}"] or 0,
        "known": row[f"known{number}"],
        "unreadable": 0 if item.unreadable is None else row[f"unreadable{number}"] or 0,
    }
    if not item.column.is_number:
        return Counts(**general, levels=dict(row[f"levels{number}"] or {}))
    edges = range(len(item.column.edges))
    cumulative = [0, *(row[f"below{number}_{n}"] or 0 for n in edges), general["known"]]
    return Counts(
        **general,
        bins=[after - before for before, after in pairwise(cumulative)],
        below=row.get(f"under{number}") or 0,
        above=row.get(f"over{number}") or 0,
        lowest=row[f"lowest{number}"],
        highest=row[f"highest{number}"],
        mean=row[f"mean{number}"],
        standard_deviation=row[f"deviation{number}"],
        defaults={v: row[f"default{number}_{n}"] or 0 for n, v in enumerate(DEFAULT_VALUES)},
    )
