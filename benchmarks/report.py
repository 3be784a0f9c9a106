"""Write the page: medians, ratios within one table, and whether targets are met."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from plan import UNITS, Row, Table, Target

Runs = Sequence[Mapping[str, Any]]
Medians = Mapping[str, float]


def page(tables: Sequence[Table], runs: Mapping[tuple[str, int], Runs], rounds: int) -> str:
    """The whole page. runs: by task and number of rows."""
    lines = [
        "# Results",
        "",
        f"Written by `make bench`: medians of {rounds} runs each, in turn. {os.cpu_count()} cores,"
        f" {platform.machine()}, Python {platform.python_version()}.",
        "Ratios are to the first row of each table. [How it is measured](README.md).",
    ]
    for table in tables:
        lines += ["", f"## {table.title} × {table.size:,} rows", "", *_table(table, runs)]
    return "\n".join(lines) + "\n"


def _table(table: Table, runs: Mapping[tuple[str, int], Runs]) -> list[str]:
    lines = [
        f"| | CPU s | ratio | wall s | ratio | peak MB | {table.off} | target |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    medians = {row.name: _medians(runs[row.task, table.size]) for row in table.rows}
    per_row = {row.name: _per_row(medians[row.name], row.part) for row in table.rows}
    first = per_row[table.rows[0].name]
    for row in table.rows:
        own, rated = medians[row.name], per_row[row.name]
        if not own:
            why = runs[row.task, table.size][0]["unable"]
            lines.append(f"| {row.name} | | | | | | | cannot: {why} |")
            continue
        targets = "<br>".join(_judged(target, rated, per_row) for target in row.targets)
        lines.append(
            f"| {row.name} | {own['cpu']:.2f} | {rated['cpu'] / first['cpu']:.2f} | {own['wall']:.2f}"
            f" | {rated['wall'] / first['wall']:.2f} | {own['mb']:,.0f} | {_off(own)} | {targets} |"
        )
    notes = [f"- {row.name}: {row.note}." for row in table.rows if row.note]
    return [*lines, *([""] if notes else []), *notes]


def _medians(runs: Runs) -> Medians:
    """By measure; the largest of `off`; empty where the task cannot be done."""
    if "unable" in runs[0]:
        return {}
    found = {key: median(run[key] for run in runs) for key in ("cpu", "wall", "mb")}
    if runs[0]["off"] is not None:
        found["off"] = max(run["off"] for run in runs)
    return found


def _per_row(own: Medians, part: int) -> Medians:
    """Times as if it had been given all rows."""
    return {key: value * part if key in ("cpu", "wall") else value for key, value in own.items()}


def _off(own: Medians) -> str:
    if "off" not in own:
        return ""
    return "0" if own["off"] == 0 else f"{own['off']:.0e}"


def _judged(target: Target, own: Medians, medians: Mapping[str, Medians]) -> str:
    """A target in words, what was measured, and whether it is met."""
    unit, value = UNITS[target.measure], own[target.measure]
    if target.than is None:
        shown = {"off": f"{target.at_most:.0e}", "mb": f"{target.at_most:,.0f} MB"}
        most = shown.get(target.measure, f"{target.at_most * 1000:,.0f} ms")
        got = f"{value * 1000:,.1f} ms, " if target.measure == "wall" else ""
        return f"{unit} at most {most}: {got}{_verdict(value <= target.at_most)}"
    if not medians[target.than]:
        return f"{unit} against {target.than}: not measured"
    ratio = value / medians[target.than][target.measure]
    if target.at_most == 1:
        words = f"{unit} not more than {target.than}: {ratio:.2f}"
    elif target.at_most < 1:
        words = f"{unit} {1 / target.at_most:.2g} times less than {target.than}: {1 / ratio:.2f}"
    else:
        words = f"{unit} at most {target.at_most:.2g} times {target.than}: {ratio:.2f}"
    return f"{words}, {_verdict(ratio <= target.at_most)}"


def _verdict(met: bool) -> str:
    return "met" if met else "**not met**"


def summary(row: Row, size: int, run: Mapping[str, Any]) -> str:
    """One run in one line, for who waits."""
    if "unable" in run:
        return f"{row.task} {size:,}: cannot: {run['unable']}"
    off = "" if run["off"] is None else f", off {run['off']:.1e}"
    return f"{row.task} {size:,}: {run['cpu']:.2f} s CPU, {run['wall']:.2f} s, {run['mb']:,.0f} MB{off}"
