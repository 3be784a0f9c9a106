"""The rows that checks look at in memory: a stated sample, drawn by a hash of the key and the seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.declaration import MLModelSpec
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.sql_literals import literal
from ml_ledger.terms.levels import text_of
from ml_ledger.training_set.labels import label_as_double
from ml_ledger.training_set.validation import usable_rows
from ml_ledger.warehouse import Relation, quoted

# Further levels of a category share a code.
LEVELS = 30

Ids = NDArray[np.uint64]


@dataclass(frozen=True)
class Column:
    """How a feature, or a part of a date, is read as a double.

    name: the feature, or `<feature>.<part>`. levels: what its codes from 0 stand for; None for a number.
    """

    name: str
    feature: str
    sql: str
    levels: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Rows:
    """n rows in the order of their ids, which are as good as random.

    entities: a number per entity. label: as `label_as_double`, NaN for task clustering. design: n × columns,
    NaN for NULL. context: n × what the entity's other rows say, or no column.
    """

    ids: Ids
    entities: Ids
    label: Vector
    design: Matrix
    context: Matrix

    def first(self, n: int) -> Rows:
        """The first n rows: a random part of them."""
        return Rows(self.ids[:n], self.entities[:n], self.label[:n], self.design[:n], self.context[:n])

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class TrainingSet:
    """What checks share: the relation, which rows of it are trained on, and how its features are read."""

    spec: MLModelSpec
    relation: Relation
    columns: Sequence[Column]

    @property
    def train(self) -> str:
        """SQL of the rows that are trained on."""
        return f"_ml_split = 'train' and {usable_rows(self.spec)}"

    @property
    def holdout(self) -> str:
        """SQL of the rows that are held out."""
        return f"_ml_split = 'holdout' and {usable_rows(self.spec)}"

    @property
    def key(self) -> tuple[str, str, str]:
        """SQL of what rows are drawn by."""
        return (quoted(self.spec.entity), quoted(self.spec.as_of), str(self.spec.training.seed))

    @property
    def id(self) -> str:
        """SQL of the number of a row."""
        return f"hash({', '.join(self.key)})"

    def numbers(self) -> list[int]:
        """Positions of the columns that are numbers; not of booleans, levels and parts of dates."""
        return [
            position
            for position, column in enumerate(self.columns)
            if self.spec.features[column.feature].kind == "numeric"
        ]

    def part(self, where: str, rows: int) -> str:
        """SQL of about as many of the rows that satisfy `where`; of all, where there are fewer."""
        return TrainingRows(self.relation, where, label_as_double(self.spec), self.key).part(rows)

    def rows(self, where: str, relation: Relation | None = None, context: Sequence[str] = ()) -> Rows:
        """The rows that satisfy `where`. relation: with the columns `context`, where these are asked for."""
        numbers = [label_as_double(self.spec), *(column.sql for column in self.columns), *context]
        ids, entities, label, *values = (relation or self.relation).arrays(
            [
                (self.id, "ubigint", 0),
                (f"hash({quoted(self.spec.entity)})", "ubigint", 0),
                *((sql, "double", np.nan) for sql in numbers),
            ],
            where,
        )
        order = np.argsort(ids, kind="stable")
        split = len(self.columns)
        stacked = [
            np.column_stack(part)[order] if part else np.empty((len(ids), 0))
            for part in (values[:split], values[split:])
        ]
        return Rows(ids[order], entities[order], label[order], *stacked)

    def inspect(self, ids: Sequence[int] | NDArray[np.uint64], columns: Sequence[str]) -> list[dict[str, Any]]:
        """Entity, as-of date and other columns of rows by their ids, in the order given.

        The id keeps its prefix among their names, which begin with anything else.
        """
        if not len(ids):
            return []
        listed = ", ".join(str(int(row)) for row in ids)
        others = "".join(f", {quoted(column)}" for column in columns)
        found = {
            row.pop("inspected_row"): row
            for row in self.relation.query(
                f"select {self.id} as _ml_inspected_row, {quoted(self.spec.entity)}, cast({quoted(self.spec.as_of)} as"
                f" varchar) as"
                f" {quoted(self.spec.as_of)}{others} from {self.relation.name} where {self.id} in ({listed})"
            )
        }
        return [found[int(row)] for row in ids]


def read(spec: MLModelSpec, relation: Relation) -> TrainingSet:
    """How the features of a training set are read."""
    where = f"_ml_split = 'train' and {usable_rows(spec)}"
    columns: list[Column] = []
    for name, feature in spec.features.items():
        if feature.kind == "numeric":
            columns.append(Column(name, name, f"cast({quoted(name)} as double)"))
        elif feature.kind == "boolean":
            columns.append(Column(name, name, f"cast({quoted(name)} as integer)", ("false", "true")))
        elif feature.kind == "date":
            columns += [
                Column(f"{name}.{part}", name, f"cast({text_of(name, part)} as double)") for part in feature.parts
            ]
        else:
            columns.append(_levels(name, relation, where))
    return TrainingSet(spec, relation, columns)


def _levels(name: str, relation: Relation, where: str) -> Column:
    text = text_of(name)
    found = relation.query(
        f"select {text} as _ml_level from {relation.name} where {where} and {quoted(name)} is not null"
        f" group by 1 order by count(*) desc, 1 limit {LEVELS + 1}"
    )
    levels = [row["level"] for row in found][:LEVELS]
    known = " ".join(f"when {literal(level)} then {code}" for code, level in enumerate(levels))
    others = f" else case when {text} is not null then {len(levels)} end"
    shown = (*levels, "any other") if len(found) > LEVELS else tuple(levels)
    return Column(name, name, f"case {text} {known}{others} end" if levels else "null", shown)
