"""A predictions node as dbt runs it: a small project that has ml_ledger as a package, and the SQL that it compiles.

The project is built once, without its predictions; what is measured is the compiled SQL of the predictions node.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
from data import FOLDER, NUMBERS, SAMPLE, WAREHOUSE, Task, table_of
from versions import MODELS

PROJECT = FOLDER / "project"


def all_columns(connection: duckdb.DuckDBPyConnection, rows: int, model: str) -> Task:
    return _created(connection, model, "*")


def all_but_reasons(connection: duckdb.DuckDBPyConnection, rows: int, model: str) -> Task:
    return _created(connection, model, "* exclude (reasons)")


def _created(connection: duckdb.DuckDBPyConnection, model: str, columns: str) -> Task:
    (file,) = PROJECT.glob(f"target/compiled/**/{model}_predictions.sql")
    sql = f"create or replace temp table predictions as select {columns} from ({file.read_text(encoding='utf-8')})"
    return Task(lambda: connection.execute(sql))


def compile_predictions(models: list[str], rows: int) -> None:
    """Write the project, build it, and compile the predictions of these models over a table of so many rows."""
    for name, text in _files(models, rows).items():
        file = PROJECT / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    deployments = [f"+{model}_deployments" for model in models]
    predictions = [f"{model}_predictions" for model in models]
    for command in (["deps"], ["run", "--select", *deployments], ["compile", "--select", *predictions]):
        done = subprocess.run(
            [str(Path(sys.executable).with_name("dbt")), "--quiet", *command],
            cwd=PROJECT,
            env={**os.environ, "DBT_PROFILES_DIR": "."},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"dbt {' '.join(command)} failed:\n{done.stdout}")


def _files(models: list[str], rows: int) -> dict[str, str]:
    features = ", ".join(NUMBERS)
    specs = {model: _spec(model) for model in models}
    project = {
        "name": "benchmark",
        "version": "0.1.0",
        "config-version": 2,
        "profile": "benchmark",
        "model-paths": ["models", "python_models"],
        "flags": {"send_anonymous_usage_stats": False},
        "models": {"benchmark": {"+materialized": "table"}},
        "vars": {"ml_clock": "2024-03-02", "ml_models": specs},
    }
    profile = {"type": "duckdb", "path": str(WAREHOUSE.resolve()), "threads": 1}
    root = Path(__file__).resolve().parents[1]
    files = {
        "dbt_project.yml": project,
        "profiles.yml": {"benchmark": {"target": "embedded", "outputs": {"embedded": profile}}},
        "packages.yml": {"packages": [{"local": str(root)}]},
        "python_models/_versions.yml": {
            "version": 2,
            "models": [
                {"name": f"{model}_versions", "config": {"meta": {"ml": f"{{{{ var('ml_models')['{model}'] }}}}"}}}
                for model in models
            ],
        },
    }
    texts = {name: json.dumps(content) for name, content in files.items()}  # JSON is YAML
    texts["models/features.sql"] = (
        f"select id, date '2024-01-01' + interval (id % 2) month as as_of, {features} from main.{SAMPLE}\n"
        f"union all\nselect id, timestamp '2024-03-01' as as_of, {features} from main.{table_of(rows)}\n"
    )
    texts["models/labels.sql"] = (
        "select id, date '2024-01-01' + interval (id % 2) month as as_of, cast(y as integer) as y,"
        f" date '2024-01-01' + interval (id % 2) month + interval 20 day as matured_at from main.{SAMPLE}\n"
    )
    append = "{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}\n"
    for model in models:
        texts[f"models/{model}_training_set.sql"] = (
            f"{{{{ ml_ledger.training_set(ml_model='{model}', features=ref('features'), labels=ref('labels')) }}}}\n"
        )
        texts[f"models/{model}_deployments.sql"] = (
            f"{append}{{{{ ml_ledger.deployments(ml_model='{model}', versions=ref('{model}_versions')) }}}}\n"
        )
        texts[f"models/{model}_predictions.sql"] = (
            f"{append}{{{{ ml_ledger.predictions(ml_model='{model}', features=ref('features'),"
            f" versions=ref('{model}_versions'), deployments=ref('{model}_deployments')) }}}}\n"
        )
        texts[f"python_models/{model}_versions.py"] = VERSIONS.format(model=model)
    return texts


VERSIONS = """from ml_ledger import train_if_due


def model(dbt, session):
    dbt.config(materialized="incremental", incremental_strategy="append", full_refresh=False)
    training_set = dbt.ref("{model}_training_set")
    spec = dbt.config.meta_get("ml")
    history = session.sql(f"select * from {{dbt.this}}") if dbt.is_incremental else None
    return train_if_due(ml_model="{model}", spec=spec, training_set=training_set, history=history)
"""


def _spec(model: str) -> dict[str, Any]:
    family, hyperparameters = MODELS[model]
    return {
        "task": "binary",
        "entity": "id",
        "as_of": "as_of",
        "label": "y",
        "features": {name: {"kind": "numeric"} for name in NUMBERS},
        "algorithm": {"family": family, "hyperparameters": hyperparameters},
        "baselines": {"base_rate": {"family": "constant"}},
        "decision": {"threshold": 0.5, "positive": "yes", "negative": "no", "fallback": "no"},
    }
