"""A small project that reads the feature macros as a package, compiled once; its SQL is then run on many tables."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parents[3]
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

{% macro duckdb__running_at_ends(plan, strictly_before, keys) %}
{%- if model.name.endswith('_portable') -%}
{{ ml_ledger.default__running_at_ends(plan, strictly_before, keys) }}
{%- else -%}
{{ ml_ledger.duckdb__running_at_ends(plan, strictly_before, keys) }}
{%- endif -%}
{% endmacro %}
"""


def relation(name: str) -> str:
    return f"source('main', '{name}')"


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    for name, columns in TABLES.items():
        connection.execute(f"create table {name} ({columns})")
    for name, select in VIEWS.items():
        connection.execute(f"create view {name} as {select}")


def compiled(folder: Path, models: dict[str, str]) -> dict[str, str]:
    """The SQL of each model, or the text, on an empty warehouse that has the tables."""
    package = folder / "dbt_packages" / "ml_ledger"
    shutil.copytree(ROOT / "macros", package / "macros")
    (package / "dbt_project.yml").write_text("{name: ml_ledger, version: 0.1.0, config-version: 2}")
    warehouse = folder / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        create_tables(connection)
    project = {
        "name": "user",
        "version": "1.0.0",
        "profile": "user",
        "flags": {"send_anonymous_usage_stats": False},
        "dispatch": [{"macro_namespace": "ml_ledger", "search_order": ["user", "ml_ledger"]}],
    }
    profile = {"type": "duckdb", "path": str(warehouse), "threads": 1}
    sources = {
        "version": 2,
        "sources": [{"name": "main", "tables": [{"name": name} for name in [*TABLES, *VIEWS]]}],
    }
    files = {
        "dbt_project.yml": json.dumps(project),  # JSON is YAML
        "profiles.yml": json.dumps({"user": {"target": "here", "outputs": {"here": profile}}}),
        "packages.yml": json.dumps({"packages": [{"local": str(ROOT)}]}),
        "models/sources.yml": json.dumps(sources),
        "macros/portable.sql": PORTABLE,
        **{f"models/{name}.sql": text for name, text in models.items()},
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [str(Path(sys.executable).parent / "dbt"), "--no-use-colors", "compile", "--profiles-dir", "."],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = {file.stem: file.read_text(encoding="utf-8") for file in (folder / "target/compiled").rglob("*.sql")}
    return {name: re.sub(r'"warehouse"\."main"\.', "", found[name]) for name in models}
