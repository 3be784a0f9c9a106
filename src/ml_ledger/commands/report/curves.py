"""Charts of values by period: how well a version does, and what its decisions are worth."""

from __future__ import annotations

import duckdb

from ml_ledger.commands.report.chart import TimeAxis, ValueAxis, dot, drawing, legend, line, path
from ml_ledger.commands.report.panel import SLOTS, Panel, interval
from ml_ledger.commands.text_tables import rows_of
from ml_ledger.evaluation.headlines import HEADLINES_IN_USE
from ml_ledger.number_words import number
from ml_ledger.sql_literals import literal

TITLES = {
    "roc_auc": "AUC: how often a positive is scored above a negative",
    "accuracy": "Accuracy: how often the predicted class is right",
    "rmse": "RMSE: root of the mean squared error",
}
CHART = 170
SCORERS = {"policy:nobody": "for nobody", "policy:everybody": "for everybody", "self": "the version"}


def performance(connection: duckdb.DuckDBPyConnection, axis: TimeAxis, ml_model: str, task: str) -> Panel | None:
    """The headline metric of the task."""
    if task not in HEADLINES_IN_USE:
        return None
    metric, _ = HEADLINES_IN_USE[task]
    return metric_by_period(connection, axis, ml_model, metric, "self", TITLES[metric])


def base_rate(connection: duckdb.DuckDBPyConnection, axis: TimeAxis, ml_model: str, task: str) -> Panel | None:
    """The share of positives, of task binary."""
    if task != "binary":
        return None
    return metric_by_period(connection, axis, ml_model, "base_rate", "label", "Share of positives")


def metric_by_period(
    connection: duckdb.DuckDBPyConnection, axis: TimeAxis, ml_model: str, metric: str, scored_by: str, title: str
) -> Panel | None:
    """A metric as it was realised, with its interval, and as the scores let expect."""
    query = (
        "select period_start, slot, version, kind, value, ci_low, ci_high, n\nfrom ml_performance\n"
        f"where ml_model = {literal(ml_model)} and metric = '{metric}' and slice = 'all'"
        f" and scored_by = '{scored_by}'\norder by slot, kind, period_start, version"
    )
    rows = [row for row in rows_of(connection, query) if row["slot"] in SLOTS]
    if not rows:
        return None
    values = [row[name] for row in rows for name in ("value", "ci_low", "ci_high") if row[name] is not None]
    scale = ValueAxis.of(values, 10, CHART - 10)
    marks = list(scale.drawn())
    shift = {"shadow": 4, "challenger": 8, "control": 12}
    for slot in (*reversed(SLOTS[1:]), "champion"):
        for kind in ("estimated", "realised"):
            of_kind = [row for row in rows if row["slot"] == slot and row["kind"] == kind]
            style = slot if kind == "realised" else f"{slot} expected"
            at = [(axis.x(row["period_start"]) + shift.get(slot, 0), row) for row in of_kind]
            if slot == "champion":
                marks.append(path([(x, scale.y(row["value"])) for x, row in at], f"line {style}"))
            if slot != "champion" and kind == "estimated":
                continue
            for x, row in at:
                words = (
                    f"{row['period_start']:%Y-%m-%d}, {slot}, version {row['version']}, {row['kind']}:"
                    f" {number(row['value'])}{interval(row)}, {row['n']:,} rows"
                )
                if row["ci_low"] is not None and row["ci_high"] is not None:
                    marks.append(
                        line(x, scale.y(row["ci_low"]), x, scale.y(row["ci_high"]), f"range {style}", words)
                    )
                marks.append(dot(x, scale.y(row["value"]), f"mark {style}", words))
    marks += legend([(slot, slot) for slot in SLOTS if any(row["slot"] == slot for row in rows)])
    expectation = (
        " Hollow: what the champion's scores let expect; where that is apart from what was realised, they are not the"
        " probabilities that they claim to be."
        if any(row["kind"] == "estimated" for row in rows)
        else ""
    )
    return Panel(
        title,
        "By period of the as-of dates, at its start: realised, with its 95 % interval." + expectation,
        drawing(CHART, marks, axis, f"{title} of {ml_model} by period"),
        query,
    )


def value(connection: duckdb.DuckDBPyConnection, axis: TimeAxis, ml_model: str, task: str) -> Panel | None:
    """What the champion's decisions were worth, beside the others."""
    query = (
        "select period_start, kind, scored_by, unit, value, ci_low, ci_high, n\nfrom ml_value\n"
        f"where ml_model = {literal(ml_model)} and slot = 'champion'\norder by kind, scored_by, period_start, version"
    )
    rows = rows_of(connection, query)
    realised = [row for row in rows if row["kind"] == "realised"]
    if not realised:
        return None
    scale = ValueAxis.of([0.0, *(row["value"] for row in realised)], 10, CHART - 10)
    marks = list(scale.drawn())
    others = sorted({row["scored_by"] for row in realised} - {"self"})
    for place, scorer in enumerate([*others, "self"]):
        of_scorer = [row for row in realised if row["scored_by"] == scorer]
        style = "champion" if scorer == "self" else f"other{place % 4}"
        points = [(axis.x(row["period_start"]), scale.y(row["value"])) for row in of_scorer]
        marks.append(path(points, f"line {style}"))
        for (x, y), row in zip(points, of_scorer, strict=True):
            words = (
                f"{row['period_start']:%Y-%m-%d}, {_scorer(scorer)}: {number(row['value'])}{interval(row)}"
                f" {row['unit']}"
            )
            marks.append(dot(x, y, f"mark {style}", words, 3))
    marks += legend(
        [
            ("the version", "champion"),
            *((_scorer(name), f"other{place % 4}") for place, name in enumerate(others)),
        ]
    )
    return Panel(
        f"Value of the decisions, in {realised[0]['unit']}",
        "Realised by the champion's decisions, beside what a baseline, or acting without a model, would have earned on"
        " the same rows.",
        drawing(CHART, marks, axis, f"Value of the decisions of {ml_model} by period"),
        query,
    )


def _scorer(name: str) -> str:
    return SCORERS.get(name, name.removeprefix("baseline:"))
