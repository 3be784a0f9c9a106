"""What the other rows of an entity say about a row: evidence on a label, though never a feature to predict it by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ml_ledger.quality.sample import TrainingSet
from ml_ledger.training_set.labels import label_as_double
from ml_ledger.warehouse import Relation, quoted

# Labels of so many as-of dates before and after, and features of so many after.
DATES = (-2, -1, 1, 2, 3)
# Most columns of later features; with more features, fewer dates.
MOST_COLUMNS = 90
# Where entities have fewer rows than this on average, there is nothing to learn from the others.
FEWEST_ROWS_PER_ENTITY = 1.5


@contextmanager
def with_context(rows: TrainingSet, where: str) -> Iterator[tuple[Relation, Sequence[str]]]:
    """The training set with what the rows of the same entity at neighbouring as-of dates say, and SQL of these
    columns.

    where: the rows that are asked about; other entities may be missing. Without entities that have several
    rows: the training set as it is, and no column.
    """
    entity = quoted(rows.spec.entity)
    (found,) = rows.relation.query(
        f"select count(*) as _ml_n, count(distinct {entity}) as _ml_entities from {rows.relation.name}"
    )
    if found["n"] < FEWEST_ROWS_PER_ENTITY * found["entities"]:
        yield rows.relation, []
        return
    later = [date for date in DATES if date > 0][: MOST_COLUMNS // len(rows.columns)]
    neighbours = [(label_as_double(rows.spec), date) for date in DATES]
    neighbours += [(column.sql, date) for date in later for column in rows.columns]
    added = {
        f"_ml_context{place}": f"lead({sql}, {date}) over _ml_dates"
        for place, (sql, date) in enumerate(neighbours)
    }
    selected = ", ".join(f"{sql} as {name}" for name, sql in added.items())
    sql = (
        f"select *, {selected} from {rows.relation.name} where {entity} in (select {entity} from"
        f" {rows.relation.name}"
        f" where {where}) window _ml_dates as (partition by {entity} order by {quoted(rows.spec.as_of)})"
    )
    with rows.relation.materialised(sql) as relation:
        yield relation, list(added)
