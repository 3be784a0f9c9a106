"""The page: a header and the charts of each ML model, in one file that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

import duckdb

from ml_ledger.commands.report.panels import panels
from ml_ledger.commands.text_tables import rows_of
from ml_ledger.errors import WarehouseError, listed
from ml_ledger.project.warehouse_file import opened, relations_of

STYLE = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")


def report(ml_models: Sequence[str], warehouse: Path, output: Path, *, schema: str | None = None) -> str:
    """Write the page; returns what was written, in words.

    ml_models: their names; none for all. schema: of the ledger, where the file has several. Raises WarehouseError
    where the file cannot be opened, or an ML model has no version; nothing is written then.
    """
    connection = opened(warehouse, schema)
    try:
        known = {
            row["ml_model"]: row["task"]
            for row in rows_of(
                connection, "select ml_model, arg_max(task, version) as task from ml_versions group by 1"
            )
        }
        unknown = sorted(set(ml_models) - set(known))
        if unknown or not known:
            raise WarehouseError(
                f"{warehouse}: holds no version of {listed(unknown or ['any ML model'])}. ML models with versions:"
                f" {listed(sorted(known)) or 'none'}. Fix: correct the name, or run `dbt build`."
            )
        chosen = {name: known[name] for name in ml_models or sorted(known)}
        page = "\n".join(_page(connection, chosen))
    finally:
        connection.close()
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(page, encoding="utf-8")
    return f"Wrote {output}: {listed(chosen)}"


def _page(connection: duckdb.DuckDBPyConnection, ml_models: dict[str, str]) -> Iterator[str]:
    tables = relations_of(connection)
    (clock,) = rows_of(connection, "select max(clock) as moment from ml_clock")
    yield '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>ML Ledger</title><style>{STYLE}</style></head><body>"
    moment = "" if clock["moment"] is None else f" as of {clock['moment']:%Y-%m-%d}"
    yield f"<header><h1>ML Ledger{moment}</h1>"
    if len(ml_models) > 1:
        yield "<nav>" + " ".join(f'<a href="#{escape(name)}">{escape(name)}</a>' for name in ml_models) + "</nav>"
    yield "<p>Every mark says more where the pointer rests on it; the rows behind a chart are below it.</p></header>"
    for name, task in ml_models.items():
        yield f'<section id="{escape(name)}"><h2>{escape(name)}</h2>'
        yield f"<p>{escape(' '.join(_state(connection, tables, name)))}</p>"
        for panel in panels(connection, tables, name, task):
            yield f"<figure><h3>{escape(panel.title)}</h3><figcaption>{escape(panel.note)}</figcaption>{panel.svg}"
            yield f"<details><summary>SQL</summary><pre>{escape(panel.query)}</pre></details></figure>"
        yield "</section>"
    yield "</body></html>\n"


def _state(connection: duckdb.DuckDBPyConnection, tables: set[str], ml_model: str) -> Iterator[str]:
    """What is live and what is open, in sentences."""
    live = rows_of(
        connection,
        "select version, valid_from, operation, actor, reason from ml_deployments"
        " where ml_model = ? and slot = 'champion' and valid_to is null",
        ml_model,
    )
    for row in live:
        yield (
            f"Version {row['version']} decides since {row['valid_from']:%Y-%m-%d} ({row['operation']} by"
            f" {row['actor']}: {row['reason']})."
        )
    if not live:
        yield "No version decides: every decision is the fallback."
    if "ml_alerts" in tables:
        (row,) = rows_of(
            connection,
            "select count(*) as n, count(acknowledged_by) as known from ml_alerts where ml_model = ?",
            ml_model,
        )
        several = "1 alert is" if row["n"] == 1 else f"{row['n']} alerts are"
        yield f"{several} open, {row['known']} acknowledged or expected." if row["n"] else "No alert is open."
