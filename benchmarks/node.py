"""A predictions node as dbt runs it: a small project that has ml_ledger as a package, and the SQL that it compiles.

The project is built once, without its predictions; what is measured is the compiled SQL of the predictions node.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
from data import FOLDER, NUMBERS, SAMPLE, WAREHOUSE, Task, table_of
from versions import MODELS

PROJECT = FOLDER / "project"


def all_columns(connection: duckdb.DuckDBPyConnection, rows: int, model: str) -> Task:
    return _created(connection, f"{model}_predictions")


def all_columns_with_texts(connection: duckdb.DuckDBPyConnection, rows: int, model: str) -> Task:
    return _created(connection, f"{model}_with_texts_predictions")


def all_but_reasons(connection: duckdb.DuckDBPyConnection, rows: int, model: str) -> Task:
    return _created(connection, f"{model}_predictions", target="without_reasons")


def _created(connection: duckdb.DuckDBPyConnection, node: str, target: str = "target") -> Task:
    sql = f"create or replace temp table predictions as select * from ({compiled(node, target)})"
    return Task(lambda: connection.execute(sql))


def compiled(node: str, target: str = "target") -> str:
    """The SQL of a node, as dbt compiled it."""
    (file,) = PROJECT.glob(f"{target}/compiled/**/{node}.sql")
    return file.read_text(encoding="utf-8")


def compile_nodes(models: Mapping[str, int], others: Mapping[str, str]) -> None:
    """Write the project, build it, and compile the predictions of each model over a table of so many rows.

    others: files of further dbt models to compile.
    """
    for name, text in {**_files(models), **others}.items():
        file = PROJECT / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    built = ["reason_texts", *(f"+{model}_deployments" for model in models)]
    predictions = [f"{model}{texts}_predictions" for model in models for texts in ("", "_with_texts")]
    without = ["--vars", "{without_reasons: true}", "--target-path", "without_reasons"]
    for command in (
        ["deps"],
        ["run", "--select", *built],
        ["compile", "--select", *predictions, "asof_joined", "asof_one", *(Path(name).stem for name in others)],
        ["compile", "--select", *predictions, *without],
    ):
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


def _files(models: Mapping[str, int]) -> dict[str, str]:
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
        "dispatch": [{"macro_namespace": "ml_ledger", "search_order": ["benchmark", "ml_ledger"]}],
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
    texts["models/labels.sql"] = (
        "select id, date '2024-01-01' + interval (id % 2) month as as_of, cast(y as integer) as y,"
        f" date '2024-01-01' + interval (id % 2) month + interval 20 day as matured_at from main.{SAMPLE}\n"
    )
    texts["models/reason_texts.sql"] = (
        "select feature, direction, 1 as text_version, 'The value of ' || feature || ' ' || direction || ' the score'"
        f" as reason_text from unnest({NUMBERS}) as _(feature)"
        " cross join unnest(['raises', 'lowers']) as _(direction)\n"
    )
    texts["macros/top_reasons.sql"] = WITHOUT_REASONS
    texts["models/asof_joined.sql"] = (
        "{{ ml_ledger.with_live_version('main.asof_decisions', 'decided_at', '('"
        " ~ ml_ledger.deployment_intervals('main.asof_events') ~ ')') }}"
    )
    texts["models/asof_one.sql"] = (
        "{{ ml_ledger.version_as_of(\"'m'\", \"timestamp '2012-07-19 06:00:00'\", 'main.asof_events') }}"
    )
    append = "{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}\n"
    for model, rows in models.items():
        texts[f"models/{model}_features.sql"] = (
            f"select id, date '2024-01-01' + interval (id % 2) month as as_of, {features} from main.{SAMPLE}\n"
            f"union all\nselect id, timestamp '2024-03-01' as as_of, {features} from main.{table_of(rows)}\n"
        )
        texts[f"models/{model}_training_set.sql"] = (
            f"{{{{ ml_ledger.training_set(ml_model='{model}', features=ref('{model}_features'),"
            f" labels=ref('labels')) }}}}\n"
        )
        texts[f"models/{model}_deployments.sql"] = (
            f"{append}{{{{ ml_ledger.deployments(ml_model='{model}', versions=ref('{model}_versions')) }}}}\n"
        )
        for node, reason_texts in {model: "none", f"{model}_with_texts": "ref('reason_texts')"}.items():
            texts[f"models/{node}_predictions.sql"] = (
                f"{append}{{{{ ml_ledger.predictions(ml_model='{model}', features=ref('{model}_features'),"
                f" versions=ref('{model}_versions'), deployments=ref('{model}_deployments'),"
                f" reason_texts={reason_texts}) }}}}\n"
            )
        texts[f"models/{model}_batches.sql"] = (
            f"{append}{{{{ ml_ledger.batches(ml_model='{model}', predictions=ref('{model}_predictions'),"
            f" versions=ref('{model}_versions'), deployments=ref('{model}_deployments')) }}}}\n"
        )
        texts[f"models/{model}_outcomes.sql"] = (
            f"{{{{ ml_ledger.outcomes(ml_model='{model}', predictions=ref('{model}_predictions'),"
            f" labels=ref('labels')) }}}}\n"
        )
        texts[f"python_models/{model}_versions.py"] = VERSIONS.format(model=model)
    return texts


WITHOUT_REASONS = """{% macro duckdb__top_reasons(strongest, pushes, direction, values, count, with_texts) %}
{%- if var('without_reasons', false) -%}
'[]'
{%- else -%}
{{ ml_ledger.duckdb__top_reasons(strongest, pushes, direction, values, count, with_texts) }}
{%- endif -%}
{% endmacro %}
"""

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
