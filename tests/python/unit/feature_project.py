"""A small project that reads the feature macros as a package, compiled once; its SQL is then run on many tables."""

from pathlib import Path

import duckdb
import package_project

COLUMNS = {
    "spine": "id integer, entity integer, as_of {moment}",
    "events": "entity integer, happened_at {moment}, known_at {moment}, number integer, amount decimal(10, 2),"
    " ratio double, kind varchar",
}
TABLES = {
    "plain_spine": COLUMNS["spine"].format(moment="timestamp"),
    "plain_events": COLUMNS["events"].format(moment="timestamp"),
    "dated_spine": COLUMNS["spine"].format(moment="date"),
    "zoned_spine": COLUMNS["spine"].format(moment="timestamptz"),
    "zoned_events": COLUMNS["events"].format(moment="timestamptz"),
}
# The first two have an entity of two columns; the others are what the manual asks for where moments have a time zone.
VIEWS = {
    "paired_spine": "select *, id % 2 as shop from plain_spine",
    "paired_events": "select *, abs(number) % 2 as store from plain_events",
    "berlin_spine": "select id, entity, as_of at time zone 'Europe/Berlin' as as_of from zoned_spine",
    "berlin_events": "select * replace (happened_at at time zone 'Europe/Berlin' as happened_at,"
    " known_at at time zone 'Europe/Berlin' as known_at) from zoned_events",
}
PORTABLE = """{% macro duckdb__latest_timestamp(keys, moments, late, entity) %}
{%- if model.name.endswith('_portable') -%}
{{ ml_ledger.default__latest_timestamp(keys, moments, late, entity) }}
{%- else -%}
{{ ml_ledger.duckdb__latest_timestamp(keys, moments, late, entity) }}
{%- endif -%}
{% endmacro %}

{% macro duckdb__running_at_ends(plan, keys, strictly_before) %}
{%- if model.name.endswith('_portable') -%}
{{ ml_ledger.default__running_at_ends(plan, keys, strictly_before) }}
{%- else -%}
{{ ml_ledger.duckdb__running_at_ends(plan, keys, strictly_before) }}
{%- endif -%}
{% endmacro %}
"""


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    for name, columns in TABLES.items():
        connection.execute(f"create table {name} ({columns})")
    for name, select in VIEWS.items():
        connection.execute(f"create view {name} as {select}")


def compiled(folder: Path, models: dict[str, str]) -> dict[str, str]:
    """The SQL of each model, or the text, on an empty warehouse that has the tables."""
    return package_project.compiled(
        folder,
        models,
        create_tables=create_tables,
        tables=[*TABLES, *VIEWS],
        project={"dispatch": [{"macro_namespace": "ml_ledger", "search_order": ["user", "ml_ledger"]}]},
        macros=PORTABLE,
    )
