"""A project whose dbt models call the macros for people in the loop, compiled to SQL that runs on tables in memory."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb

ROOT = Path(__file__).resolve().parents[3]
CLOCK = "2026-03-01"
TABLES = {
    "predictions": "decision_id varchar, ml_model varchar, entity_id varchar, as_of timestamp, slot varchar,"
    " version bigint, status varchar, score double, predicted varchar, threshold double, decision varchar,"
    " decision_source varchar, features varchar, decided_at timestamp, invocation_id varchar",
    "feedback": "feedback_id varchar, ml_model varchar, feedback_number bigint, decision_id varchar, reviewer varchar,"
    " kind varchar, verdict varchar, override_decision varchar, reason_hash varchar, given_at timestamp,"
    " source varchar, given_in varchar, actor varchar, recorded_at timestamp, invocation_id varchar,"
    " hash_format bigint, previous_hash varchar, reason varchar, reason_salt varchar, content_hash varchar",
    # As a seed would be typed; it has no kind, and the decision is named in either way.
    "given": "decision_id varchar, entity_id integer, as_of date, reviewer varchar, verdict varchar,"
    " override_decision varchar, reason varchar, given_at varchar",
    "labels": "customer_id integer, as_of_date date, label integer, matured_at timestamp",
    "queue": "ml_model varchar, decision_id varchar, period_start timestamp, because varchar,"
    " inclusion_probability double, queued_at timestamp, predicted_by varchar",
}
NOT_BUILT = "not_built"  # a source that is not there yet
DECLARATION = {
    "task": "binary",
    "entity": "customer_id",
    "as_of": "as_of_date",
    "label": "label",
    "decision": {"threshold": 0.5, "positive": "offer", "negative": "none", "fallback": "none"},
}


def relation(name: str) -> str:
    return f"source('main', '{name}')"


def compiled(folder: Path, ml_models: dict[str, Any], models: dict[str, str]) -> dict[str, str]:
    """The SQL of each dbt model, on an empty warehouse that has the tables."""
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
        "vars": {"ml_models": ml_models, "ml_clock": CLOCK, "ml_actor": "ana"},
    }
    profile = {"type": "duckdb", "path": str(warehouse), "threads": 1}
    sources = {
        "version": 2,
        "sources": [{"name": "main", "tables": [{"name": name} for name in (*TABLES, NOT_BUILT)]}],
    }
    files = {
        "dbt_project.yml": json.dumps(project),  # JSON is YAML
        "profiles.yml": json.dumps({"user": {"target": "here", "outputs": {"here": profile}}}),
        "packages.yml": json.dumps({"packages": [{"local": str(ROOT)}]}),
        "models/sources.yml": json.dumps(sources),
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


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    for name, columns in TABLES.items():
        connection.execute(f"create table {name} ({columns})")


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        connection.execute(
            f"insert into {table} ({', '.join(row)}) values ({', '.join('?' * len(row))})", list(row.values())
        )
