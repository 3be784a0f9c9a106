"""What a replay says: of each step, and of the whole, beside another ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

import duckdb

from ml_ledger.commands.text_tables import rows_of, table
from ml_ledger.evaluation.headlines import HEADLINES_IN_USE
from ml_ledger.project.warehouse_file import relations_of, use

# How these metrics are called, and SQL that is true for the one of the task.
NAMES = dict(HEADLINES_IN_USE.values())
HEADLINE = (
    f"(task, metric) in ({', '.join(f'{(task, metric)}' for task, (metric, _) in HEADLINES_IN_USE.items())})"
)
# Realised values of champions over periods of which all labels have matured.
REALISED = (
    "select ml_model, period_start, version, task, metric, value, ci_low, ci_high, expected_value, expected_low,"
    " expected_high, n from ml_performance inner join ml_versions using (ml_model, version)"
    " where kind = 'realised' and slice = 'all' and scored_by = 'self' and slot = 'champion'"
    " and matured = decisions"
)
VALUES = (
    "select ml_model, period_start, version, unit, value, n from ml_value where kind = 'realised' and slot = 'champion'"
    " and scored_by = 'self' and matured = decisions"
)


def step(connection: duckdb.DuckDBPyConnection, clock: date) -> str:
    """What a build at a clock left, in a line: live versions, decisions, versions trained, verdicts."""
    at = datetime(clock.year, clock.month, clock.day)
    trained = rows_of(
        connection, "select ml_model, version from ml_versions where trained_at = ? order by all", at
    )
    refused = rows_of(
        connection,
        "select distinct ml_model, version from ml_gate_checks inner join ml_versions using (ml_model, version)"
        " where verdict = 'refused' and trained_at = ? order by all",
        at,
    )
    champions = rows_of(
        connection,
        "select ml_model, version from ml_deployments"
        " where slot = 'champion' and valid_from <= ?1 and coalesce(valid_to > ?1, true) order by all",
        at,
    )
    (counted,) = rows_of(
        connection, "select count(*) as n from ml_predictions where decided_at = ? and slot <> 'shadow'", at
    )
    parts = [f"live: {_versions(champions) or 'none'}", f"{counted['n']:,} decisions"]
    if trained:
        parts.append(f"trained {_versions(trained)}")
    if refused:
        parts.append(f"the gate refused {_versions(refused)}")
    return "; ".join(parts)


def details(connection: duckdb.DuckDBPyConnection, clock: date, before: date | None) -> Iterator[str]:
    """Lines below a step: why versions were trained, how the newest complete period turned out, alerts since `before`.

    A period is complete once the labels of all its decisions have matured. Alerts that are only worth knowing, or that
    the declaration expects, are left out.
    """
    at = datetime(clock.year, clock.month, clock.day)
    since = datetime(before.year, before.month, before.day) if before else datetime.min
    for row in rows_of(
        connection,
        "select ml_model, version, trained_because from ml_versions where trained_at = ? order by all",
        at,
    ):
        yield f"{row['ml_model']} version {row['version']}: {row['trained_because']}"
    there = relations_of(connection)
    if "ml_performance" in there:
        yield from _realised(connection, "ml_value" in there)
    if "ml_alert_log" in there:
        for word, moment in (("opened", "first_seen"), ("closed", "closed_at")):
            for row in rows_of(
                connection,
                "select distinct ml_model, rule, feature from ml_alert_log"
                f" where {moment} > ? and {moment} <= ? and severity <> 'info'"
                " and acknowledged_by is distinct from 'the declaration' order by all",
                since,
                at,
            ):
                yield f"{row['ml_model']}: alert {word}: {row['rule']}" + (
                    f" ({row['feature']})" if row["feature"] else ""
                )


def _realised(connection: duckdb.DuckDBPyConnection, with_value: bool) -> Iterator[str]:
    """The headline of the newest complete period of each ML model, beside what was expected of it."""
    values = {}
    if with_value:
        values = {
            (row["ml_model"], row["period_start"], row["version"]): row for row in rows_of(connection, VALUES)
        }
    for row in rows_of(
        connection,
        f"from ({REALISED}) where {HEADLINE}"
        " qualify period_start = max(period_start) over (partition by ml_model) order by ml_model, version",
    ):
        text = (
            f"{row['ml_model']} version {row['version']}, {row['period_start']:%Y-%m-%d}: {NAMES[row['metric']]}"
            f" {_with_interval(row['value'], row['ci_low'], row['ci_high'])}"
        )
        if row["expected_value"] is not None:
            expected = _with_interval(row["expected_value"], row["expected_low"], row["expected_high"])
            text += f", expected {expected}"
        worth = values.get((row["ml_model"], row["period_start"], row["version"]))
        if worth:
            text += f", worth {_short(worth['value'])} {worth['unit'] or ''}".rstrip()
        yield text


def comparison(connection: duckdb.DuckDBPyConnection, schemas: Sequence[str]) -> Iterator[str]:
    """A table of ledgers side by side, over the periods that all of them have; and why versions were trained.

    schemas: of the ledgers; the first is the replay's.
    """
    ledgers = {schema: _ledger(connection, schema) for schema in schemas}
    for ml_model in sorted(set().union(*(ledger["versions"] for ledger in ledgers.values()))):
        measured = {schema: ledger["periods"].get(ml_model, {}) for schema, ledger in ledgers.items()}
        common = set.intersection(*(set(periods) for periods in measured.values()))
        if common:
            measured = {
                schema: {period: periods[period] for period in common} for schema, periods in measured.items()
            }
        yield f"\n{ml_model}" + (
            "" if common or len(schemas) == 1 else ", which have no complete period in common"
        )
        names = _ordered(name for periods in measured.values() for figures in periods.values() for name in figures)
        lines = [
            [
                schema,
                str(len(ledger["versions"].get(ml_model, []))),
                str(len(measured[schema])),
                *_means(measured[schema], names),
            ]
            for schema, ledger in ledgers.items()
        ]
        yield from table(["schema", "versions trained", "complete periods", *names], lines)
        for schema, ledger in ledgers.items():
            for row in ledger["versions"].get(ml_model, []):
                yield f"  {schema} version {row['version']}, {row['trained_at']:%Y-%m-%d}: {row['trained_because']}"


def _ledger(connection: duckdb.DuckDBPyConnection, schema: str) -> dict[str, Any]:
    """Versions, and figures by period, of each ML model; of several versions in a period, weighed by rows."""
    use(connection, schema)
    there = relations_of(connection)
    versions: dict[str, list[dict[str, Any]]] = {}
    for row in rows_of(
        connection, "select ml_model, version, trained_at, trained_because from ml_versions order by all"
    ):
        versions.setdefault(row["ml_model"], []).append(row)
    periods: dict[str, dict[Any, dict[str, float]]] = {}
    if "ml_performance" in there:
        for row in rows_of(
            connection,
            f"select ml_model, period_start, metric, sum(value * n) / sum(n) as value from ({REALISED})"
            f" where {HEADLINE} or metric = 'log_loss' group by all order by all",
        ):
            name = NAMES.get(row["metric"], row["metric"].replace("_", " "))
            periods.setdefault(row["ml_model"], {}).setdefault(row["period_start"], {})[f"mean {name}"] = row[
                "value"
            ]
    if "ml_value" in there:
        for row in rows_of(
            connection, f"select ml_model, period_start, sum(value) as value from ({VALUES}) group by all"
        ):
            periods.setdefault(row["ml_model"], {}).setdefault(row["period_start"], {})["mean value"] = row[
                "value"
            ]
    return {"versions": versions, "periods": periods}


def _means(periods: dict[Any, dict[str, float]], names: Iterable[str]) -> Iterator[str]:
    for name in names:
        values = [figures[name] for figures in periods.values() if name in figures]
        yield _short(sum(values) / len(values)) if values else ""


def _ordered(names: Iterable[str]) -> list[str]:
    order = [*(f"mean {name}" for name in NAMES.values()), "mean log loss", "mean value"]
    return sorted(set(names), key=order.index)


def _versions(rows: Iterable[dict[str, Any]]) -> str:
    return ", ".join(f"{row['ml_model']} version {row['version']}" for row in rows)


def _with_interval(value: float, low: float | None, high: float | None) -> str:
    return _short(value) + (f" ({_short(low)} to {_short(high)})" if low is not None and high is not None else "")


def _short(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 1 else f"{value:,.2f}"
