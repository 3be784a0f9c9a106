"""The three ways to score agree: SQL, coefficient rows, the estimator. What tests of families and terms share."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

import duckdb
import numpy as np
from pydantic import TypeAdapter

from ml_ledger.coefficients import Coefficient
from ml_ledger.declaration import FeatureSpec, by_part
from ml_ledger.families import FAMILIES
from ml_ledger.families.family import Fit
from ml_ledger.scoring.compile import CompiledScoring, compile_scoring
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.terms import rejected_by_declaration
from ml_ledger.warehouse import Relation

TOLERANCE = 1e-12
N = 600


def features(**declared: dict) -> dict:
    adapter = TypeAdapter(FeatureSpec)
    return {name: adapter.validate_python(feature) for name, feature in declared.items()}


@dataclass(frozen=True)
class Fitted:
    """A fit on a table `t` in DuckDB, and the ways to score with it."""

    connection: duckdb.DuckDBPyConnection
    fit: Fit
    scoring: CompiledScoring

    def by_sql(self, table: str = "t") -> list[float | None]:
        """Scores by the compiled expression."""
        rows = self.connection.execute(self.scoring.select(table, ["_ml_score"]) + " order by id").fetchall()
        return [score for (score,) in rows]

    def by_rows(self, table: str = "t") -> list[float | None]:
        """Scores by a loop over entities and coefficient rows."""
        cursor = self.connection.execute(f"select * from {table} order by id")
        names = [column[0] for column in cursor.description]
        entities = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return [interpreted(self.fit.coefficients, entity) for entity in entities]


def interpreted(rows: list[Coefficient], entity: dict) -> float | None:
    """The score of an output by its coefficient rows, for link logit."""
    link = link_score(rows, entity)
    if link is None or not math.isfinite(link):
        return None
    return 1 / (1 + math.exp(-link)) if link > -700 else 0.0


def link_score(rows: list[Coefficient], entity: dict) -> float | None:
    """The documented meaning of the coefficient rows of an output, term by term."""
    link = 0.0
    by_term: dict[int, list[Coefficient]] = {}
    for row in rows:
        by_term.setdefault(row.term, []).append(row)
    for of_term in by_term.values():
        matches = [row for row in of_term if applies(row, of_term, entity)]
        assert len(matches) <= 1, matches
        if not matches:
            return None
        (row,) = matches
        x = entity.get(row.feature) if row.slope is not None else 0.0
        x = math.log1p(x) if row.transform == "log1p" else x
        link += (row.value or 0.0) + (row.slope or 0.0) * float(x)
    return link


def applies(row: Coefficient, of_term: list[Coefficient], entity: dict) -> bool:
    """Whether a row's condition holds, and where it is of a pair of features its second one as well."""
    if not condition_holds(row, of_term, entity):
        return False
    return row.other_feature is None or condition_holds(second(row), [second(other) for other in of_term], entity)


@cache
def second(row: Coefficient) -> Coefficient:
    """The second condition of a pair's row, as if it were the only one."""
    return replace(
        row,
        feature=row.other_feature,
        applies_to=row.other_applies_to,
        level=row.other_level,
        lower=row.other_lower,
        upper=row.other_upper,
    )


def condition_holds(row: Coefficient, of_term: list[Coefficient], entity: dict) -> bool:
    x = entity.get(row.feature)
    if row.applies_to == "intercept":
        return True
    if row.applies_to == "missing" or x is None:
        return row.applies_to == "missing" and x is None
    text = level_of(x, row.transform)
    if row.applies_to == "level":
        return text == row.level
    if row.applies_to == "unknown":
        return text not in {other.level for other in of_term}
    number = float(x)
    lower, upper = (-math.inf if row.lower is None else row.lower), (math.inf if row.upper is None else row.upper)
    return math.isfinite(number) and lower <= number < upper


def level_of(x: object, part: str | None) -> str:
    """The level of a value that is not NULL: its text, or that of a part of a date."""
    if isinstance(x, date):
        parts = {"weekday": x.isoweekday(), "quarter": (x.month + 2) // 3, "hour": getattr(x, "hour", 0)}
        return str(parts[part] if part in parts else getattr(x, part))
    return str(x).lower() if isinstance(x, bool) else str(x)


def fitted(
    connection: duckdb.DuckDBPyConnection,
    declared: dict,
    *,
    family: str = "logistic",
    task: str = "binary",
    label: str = "y",
    table: str = "t",
    **hyperparameters,
) -> Fitted:
    """Fit a family on all rows of a table that the declaration does not reject, and compile it."""
    training = TrainingRows(
        Relation(connection.sql(f"select * from {table}"), name="training_set"),
        where=f"not ({rejected_by_declaration(declared)})",
        label=label,
        task=task,
    )
    chosen = FAMILIES[family]
    fit = chosen.fit(
        training=training, features=by_part(declared), hyperparameters=chosen.complete(hyperparameters), seed=0
    )
    return Fitted(connection, fit, compile_scoring(fit.coefficients, link=fit.link, dialect="duckdb"))


def assert_agreement(result: Fitted, table: str = "t") -> None:
    """SQL, rows and estimator score the same rows of a table alike, and leave the same rows unscored."""
    flags = result.connection.execute(
        f"select coalesce({result.fit.accepts}, false) from {table} order by id"
    ).fetchall()
    design = np.array(
        result.connection.execute(
            f"select {', '.join(result.fit.design)} from {table} where {result.fit.accepts} order by id"
        ).fetchall(),
        dtype=float,
    )
    assert len(design), "some rows can be scored"
    expected = iter(result.fit.predict(design))
    for (accept,), one, other in zip(flags, result.by_sql(table), result.by_rows(table), strict=True):
        if accept:
            estimator = next(expected)
            assert abs(one - estimator) < TOLERANCE
            assert abs(other - estimator) < TOLERANCE
        else:
            assert one is None
            assert other is None


def table_of_every_kind() -> duckdb.DuckDBPyConnection:
    """A table with every kind of column, NULLs, and levels that are awkward to write in SQL."""
    random = np.random.default_rng(11)
    rows = []
    levels = ["plain", "o'clock", 'say "hi"', "Größe 東京", "", "-1", "a,b", "rare one", "rare two"]
    shares = [0.3, 0.2, 0.15, 0.1, 0.1, 0.05, 0.08, 0.01, 0.01]
    for number in range(N):
        x = None if random.random() < 0.1 else float(random.normal(10, 5))
        amount = float(np.exp(random.normal(3, 1.5)))
        level = None if random.random() < 0.05 else levels[random.choice(len(levels), p=shares)]
        flag = bool(random.random() < 0.4)
        code = int(random.integers(0, 4))
        logit = (
            0.1 * ((x or 10) - 10) + 0.3 * (np.log1p(amount) - 3) + (level == "o'clock") + 0.5 * flag - code / 3
        )
        rows.append((number, x, amount, level, flag, code, int(random.random() < 1 / (1 + np.exp(-logit)))))
    made = duckdb.connect()
    made.execute(
        "create table t (id int, x double, amount double, level varchar, flag boolean, code int, y int,"
        " _ml_weight double default 1)"
    )
    made.executemany("insert into t values (?, ?, ?, ?, ?, ?, ?, 1)", rows)
    return made


# What production may meet: edges, extremes, what was never seen.
STRANGERS = """
    select row_number() over () + 10000 as id, * from (
        from (select unnest([null, -0.0, 0.0, 5, 10, 15.5, 20, 4.999, 15.500001, -1e300, 1e300, 'nan', 'inf', '-inf',
            1.7976931348623157e308]::double[]) as x)
        cross join (select unnest([0.0, 1, 200, 1e6]::double[]) as amount)
        cross join (select unnest([null, 'plain', 'o''clock', 'rare one', 'never seen', 'PLAIN', ' plain']) as level)
        cross join (select unnest([true, false, null]) as flag)
        cross join (select unnest([0, 3, 17, null]) as code)
    )
"""
