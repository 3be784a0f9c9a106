"""Charts of lanes: what was live, what drifted and what was alerted on, from when until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import duckdb

from ml_ledger.commands.report.chart import LEFT, TimeAxis, box, dot, drawing, label, text
from ml_ledger.commands.report.panel import SLOTS, Panel, until
from ml_ledger.commands.text_tables import rows_of
from ml_ledger.quality.finding import SEVERITIES
from ml_ledger.sql_literals import literal

LANE, THIN = 24, 18
MOST_FEATURES = 12
MOST_ALERTS = 24
PARTS = ("rows", "schema", "joint", "score", "predicted", "label", "concept")
STATUS_KIND = {"ok": "fine", "drifted": "found"}
LARGE_PSI = 0.5


def versions(connection: duckdb.DuckDBPyConnection, axis: TimeAxis, ml_model: str, task: str) -> Panel:
    """When each version was trained, and which were live in each slot."""
    query = (
        "select slot, version, valid_from, valid_to, operation, actor, reason\nfrom ml_deployments\n"
        f"where ml_model = {literal(ml_model)}\norder by slot, valid_from"
    )
    rows = rows_of(connection, query)
    trained = rows_of(
        connection,
        "select version, trained_at, trained_because, verdict, failed from ml_versions left join"
        " (select ml_model, version, any_value(verdict) as verdict, string_agg(check_name, ', ' order by check_name)"
        " filter (not passed) as failed from ml_gate_checks group by all) using (ml_model, version)"
        " where ml_model = ? order by version",
        ml_model,
    )
    marks = [label(16, "trained")]
    for row in trained:
        verdict = (row["verdict"] or "not judged").replace("_", " ")
        failed = f": {row['failed']}" if row["failed"] else ""
        words = f"version {row['version']}, trained {row['trained_at']:%Y-%m-%d}: {row['trained_because']}."
        words += f" {verdict}{failed}"
        x = axis.x(row["trained_at"])
        marks.append(dot(x, 12, "bad" if verdict == "refused" else "good", words, 5))
        marks.append(text(x + 8, 16, str(row["version"]), "tick", words))
    lanes = [slot for slot in SLOTS if any(row["slot"] == slot for row in rows)]
    for number, slot in enumerate(lanes, 1):
        y = number * LANE + 2
        marks.append(label(y + 14, slot))
        for row in (row for row in rows if row["slot"] == slot):
            start, end = axis.x(row["valid_from"]), axis.x(row["valid_to"] or axis.end)
            who = f"{row['operation']} by {row['actor']}: {row['reason']}"
            name = "no version" if row["version"] is None else f"version {row['version']}"
            words = f"{name}, {slot} from {row['valid_from']:%Y-%m-%d}{until(row['valid_to'])}. {who}"
            marks.append(box(start, y, end, LANE - 6, f"slot {slot}", words))
            if row["version"] is not None:
                marks.append(text(start + 6, y + 13, str(row["version"]), "inside", words))
    return Panel(
        "Versions",
        "Above, when each was trained: filled where the gate let it pass, hollow where it refused. Below, which"
        " were live.",
        drawing((len(lanes) + 1) * LANE, marks, axis, f"Which versions of {ml_model} were live when"),
        query,
    )


def drift(connection: duckdb.DuckDBPyConnection, axis: TimeAxis, ml_model: str, task: str) -> Panel | None:
    """A cell per period of the champion and part, or feature."""
    query = (
        "select period_start, part, feature, version, status, severity, psi, contribution, cause\nfrom ml_drift\n"
        f"where ml_model = {literal(ml_model)} and slot = 'champion'\norder by period_start, version, part, feature"
    )
    rows = rows_of(connection, query)
    if not rows:
        return None
    parts = [part for part in PARTS if any(row["part"] == part for row in rows)]
    moved: dict[str, float] = {}
    for row in rows:
        if row["part"] == "feature":
            moved[row["feature"]] = max(moved.get(row["feature"], 0.0), row["contribution"] or 0.0)
    features = sorted(moved, key=lambda name: (-moved[name], name))
    lanes: list[tuple[str, str | None]] = [(part, None) for part in parts]
    lanes += [("feature", name) for name in features[:MOST_FEATURES]]
    starts = sorted({row["period_start"] for row in rows})
    ends = dict(zip(starts, [*starts[1:], None], strict=True))
    marks = []
    for number, (part, feature) in enumerate(lanes):
        y = number * THIN + 4
        marks.append(label(y + 11, feature or part))
        in_lane = [row for row in rows if row["part"] == part and (feature is None or row["feature"] == feature)]
        for start in starts:
            cell = _worst([row for row in in_lane if row["period_start"] == start])
            if cell is not None:
                end = axis.x(ends[start]) if ends[start] else axis.x(start) + _usual_width(axis, starts)
                kind = STATUS_KIND.get(cell["status"], "unknown")
                kind += f" {cell['severity']}" if cell["status"] == "drifted" else ""
                words = f"{start:%Y-%m-%d}, version {cell['version']}, {cell['status']}"
                words += f": {cell['cause'] or feature or part}"
                words += "" if cell["psi"] is None else f" (PSI {cell['psi']:.3f})"
                strength = 1.0 if cell["psi"] is None else 0.25 + 0.75 * min(cell["psi"] / LARGE_PSI, 1.0)
                marks.append(box(axis.x(start), y, end - 1, 15, f"cell {kind}", words, strength))
    height = _below(marks, len(lanes), len(features) - MOST_FEATURES, "more features")
    return Panel(
        "Drift against the rows that the version was trained on",
        "Champion, by period. Features that moved scores most come first. Green: as in training; yellow, orange and"
        " red: drifted (info, warn, error), the stronger the larger the PSI; hollow: not measured.",
        drawing(height, marks, axis, f"Drift of {ml_model} by period and column"),
        query,
    )


def _worst(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    def severity(row: Mapping[str, Any]) -> tuple[bool, int]:
        return row["status"] != "drifted", SEVERITIES.index(row["severity"]) if row["severity"] else len(
            SEVERITIES
        )

    return min(rows, key=severity, default=None)


def _below(marks: list[str], lanes: int, left_out: int, what: str) -> float:
    """The height of so many thin lanes, and of a line that says how many were left out."""
    height = lanes * THIN + 6.0
    if left_out <= 0:
        return height
    marks.append(label(height + 12, f"and {left_out} {what}"))
    return height + THIN


def _usual_width(axis: TimeAxis, starts: Sequence[datetime]) -> float:
    if len(starts) < 2:
        return 20.0
    return (axis.x(starts[-1]) - axis.x(starts[0])) / (len(starts) - 1)


def alerts(connection: duckdb.DuckDBPyConnection, axis: TimeAxis, ml_model: str, task: str) -> Panel:
    """From when until when each was open, the most urgent first."""
    query = (
        "select rule, severity, slot, feature, slice, metric, message, first_seen, last_seen, closed_at,"
        " acknowledged_by, acknowledged_because\nfrom ml_alert_log\n"
        f"where ml_model = {literal(ml_model)}\norder by first_seen, alert_id"
    )
    lanes: dict[str, list[dict[str, Any]]] = {}
    for row in rows_of(connection, query):
        about = [row[name] for name in ("feature", "slice", "metric") if row[name] is not None]
        slot = "" if row["slot"] in (None, "champion") else f"{row['slot']}: "
        lanes.setdefault(slot + " ".join([row["rule"], *about]), []).append(row)

    def urgency(name: str) -> tuple[bool, int, bool, bool, datetime]:
        of_lane = lanes[name]
        known = all(row["acknowledged_by"] is not None for row in of_lane)
        worst = min(SEVERITIES.index(row["severity"]) for row in of_lane)
        is_closed = all(row["closed_at"] is not None for row in of_lane)
        of_champion = of_lane[0]["slot"] in (None, "champion")
        return known, worst, not of_champion, is_closed, min(row["first_seen"] for row in of_lane)

    shown = sorted(lanes, key=urgency)
    marks = []
    for number, name in enumerate(shown[:MOST_ALERTS]):
        y = number * THIN + 4
        marks.append(label(y + 11, name))
        for row in lanes[name]:
            by = row["acknowledged_by"]
            known = f" Known to {by}: {row['acknowledged_because']}" if by else ""
            words = (
                f"{row['rule']} ({row['severity']}), {row['first_seen']:%Y-%m-%d}{until(row['closed_at'])}:"
                f" {row['message']}.{known}"
            )
            start, end = axis.x(row["first_seen"]), axis.x(row["closed_at"] or axis.end)
            kind = f"cell found {row['severity']}{' known' if known else ''}"
            marks.append(box(start, y, end, 13, kind, words))
            if row["closed_at"] is None:
                marks.append(dot(end, y + 6.5, f"open {row['severity']}", words, 4))
    if not shown:
        marks.append(text(LEFT + 8, 16, "No alert was ever raised.", "tick"))
    height = _below(marks, max(1, len(shown[:MOST_ALERTS])), len(shown) - MOST_ALERTS, "more")
    return Panel(
        "Alerts",
        "From when a build first saw it until one no longer did; a dot at the end: open. Dashed: acknowledged, or"
        " expected by the declaration.",
        drawing(height, marks, axis, f"Alerts about {ml_model} over time"),
        query,
    )
