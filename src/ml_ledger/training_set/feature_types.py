"""Which types of the warehouse a declared column can be read from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ml_ledger.declaration import DateFeature, FeatureSpec
from ml_ledger.errors import Problem, did_you_mean, listed
from ml_ledger.warehouse import Relation, quoted

# Numbers whose text depends on who writes it: 1.5 or 1.50, 1e20 or 1e+20.
INEXACT = re.compile(r"DECIMAL|FLOAT|DOUBLE|REAL")
NESTED = re.compile(r"STRUCT|MAP|UNION|.*\]$", re.DOTALL)
ZONED = "WITH TIME ZONE"
MOMENT = re.compile(r"DATE|TIMESTAMP(_S|_MS|_NS)?")


def zone_problems(where: str, column: str, rows: Relation) -> Iterator[Problem]:
    """What is wrong with a column that has a time zone: its text, date and hour depend on the session's."""
    if column in rows.types and ZONED in rows.types[column].upper():
        yield Problem(
            where,
            "must have no time zone, since what is read of it would depend on the zone of the session",
            f"'{column}', which is {rows.types[column]}",
            "a date or a timestamp without a time zone",
            f"take its time in a zone that you name, in the model that is read: {column} at time zone 'UTC'",
        )


def feature_problems(name: str, feature: FeatureSpec, rows: Relation, available: list[str]) -> Iterator[Problem]:
    """Why a feature cannot be read as it is declared; nothing where it can.

    available: the columns that a message offers in place of one that is missing.
    """
    where = f"features.{name}"
    if name not in rows.types:
        yield Problem(
            where,
            "is not a column of the training set",
            repr(name),
            listed(available),
            did_you_mean(name, available),
        )
        return
    given = rows.types[name]
    if feature.kind == "numeric" and not rows.is_numeric(name):
        yield _not_numeric(name, rows)
    elif feature.kind == "boolean" and given.upper() != "BOOLEAN":
        yield Problem(
            where,
            "a feature of kind boolean must be boolean",
            given,
            "BOOLEAN",
            "cast it in the feature model, or declare kind: categorical",
        )
    elif feature.kind == "categorical" and INEXACT.match(given.upper()):
        yield Problem(
            where,
            "a feature of kind categorical must have one text per level",
            given,
            "texts, whole numbers, booleans or dates",
            "cast it to an integer or a text in the feature model, or declare kind: numeric",
        )
    elif feature.kind == "date":
        yield from _date_problems(name, feature, given)
    elif NESTED.match(given.upper()):
        yield Problem(where, "a feature must be a single value", given, fix="unnest it")
    else:
        yield from zone_problems(where, name, rows)


def written_at_problems(where: str, column: str, rows: Relation) -> Iterator[Problem]:
    """Why a column does not say when a value was written; nothing where it does."""
    if column not in rows.types:
        fix = did_you_mean(column, rows.types)
        yield Problem(where, "is not a column of the training set", repr(column), listed(rows.types), fix)
    elif ZONED in rows.types[column].upper():
        yield from zone_problems(where, column, rows)
    elif not MOMENT.fullmatch(rows.types[column].upper()):
        what = "must be a date, or a timestamp without a time zone"
        yield Problem(where, what, f"'{column}', which is {rows.types[column]}", "DATE or TIMESTAMP")


def _not_numeric(name: str, rows: Relation) -> Problem:
    column = quoted(name)
    examples = rows.query(
        f"select cast({column} as varchar) as _ml_example, count(*) as _ml_n from {rows.name}"
        f" where {column} is not null and try_cast(cast({column} as varchar) as double) is null"
        " group by 1 order by 2 desc, 1 limit 1"
    )
    example = f" ({examples[0]['example']!r} in {examples[0]['n']} rows)" if examples else ""
    return Problem(
        f"features.{name}",
        "a feature of kind numeric must be numeric",
        f"{rows.types[name]}{example}",
        "integer, decimal or double columns",
        "cast or clean it in staging",
    )


def _date_problems(name: str, feature: DateFeature, given: str) -> Iterator[Problem]:
    timestamp = re.fullmatch(r"TIMESTAMP(_S|_MS|_NS)?", given.upper())
    if timestamp is None and given.upper() != "DATE":
        fix = "cast it to a date or a timestamp in the feature model, or declare kind: categorical"
        if ZONED in given.upper():
            fix = (
                f"take its time in the zone that counts, in the feature model: {name} at time zone 'Europe/Berlin'"
            )
        what = "a feature of kind date must be a date, or a timestamp without a time zone"
        yield Problem(f"features.{name}", what, given, "DATE or TIMESTAMP", fix)
    elif timestamp is None and "hour" in feature.parts:
        yield Problem(f"features.{name}.parts", "a date has no hour", given, "TIMESTAMP", "remove the part")
