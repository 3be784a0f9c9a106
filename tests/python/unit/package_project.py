"""A small dbt project that has the macros as a package, compiled to SQL that runs on tables in memory."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import duckdb

ROOT = Path(__file__).resolve().parents[3]


def relation(name: str) -> str:
    return f"source('main', '{name}')"


def compiled(
    folder: Path,
    models: Mapping[str, str],
    *,
    create_tables: Callable[[duckdb.DuckDBPyConnection], None],
    tables: Collection[str],
    project: Mapping[str, Any],
    macros: str = "",
    command: str = "compile",
) -> dict[str, str]:
    """The SQL of each dbt model, or the text, on an empty warehouse that has the tables.

    command: of dbt; compile ends with the first error, run has all of them.
    """
    write_project(folder, models, create_tables=create_tables, tables=tables, project=project, macros=macros)
    done = subprocess.run(
        [str(Path(sys.executable).parent / "dbt"), "--no-use-colors", command, "--profiles-dir", "."],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = {file.stem: file.read_text(encoding="utf-8") for file in (folder / "target/compiled").rglob("*.sql")}
    return {name: re.sub(r'"warehouse"\."main"\.', "", found[name]) for name in models}


def write_project(
    folder: Path,
    models: Mapping[str, str],
    *,
    create_tables: Callable[[duckdb.DuckDBPyConnection], None],
    tables: Collection[str],
    project: Mapping[str, Any],
    macros: str = "",
) -> Path:
    """A project with these dbt models that has the package, and a warehouse with the tables; returns the warehouse."""
    package = folder / "dbt_packages" / "ml_ledger"
    shutil.copytree(ROOT / "macros", package / "macros")
    (package / "dbt_project.yml").write_text("{name: ml_ledger, version: 0.1.0, config-version: 2}")
    warehouse = folder / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        create_tables(connection)
    of_user = {
        "name": "user",
        "version": "1.0.0",
        "profile": "user",
        "flags": {"send_anonymous_usage_stats": False},
        **project,
    }
    profile = {"type": "duckdb", "path": str(warehouse), "threads": 1}
    sources = {
        "version": 2,
        "sources": [{"name": "main", "tables": [{"name": name} for name in tables]}],
    }
    files = {
        "dbt_project.yml": json.dumps(of_user),  # JSON is YAML
        "profiles.yml": json.dumps({"user": {"target": "here", "outputs": {"here": profile}}}),
        "packages.yml": json.dumps({"packages": [{"local": str(ROOT)}]}),
        "models/sources.yml": json.dumps(sources),
        "macros/of_user.sql": macros,
        **{f"models/{name}.sql": text for name, text in models.items()},
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return warehouse
