"""A small project with many ML models over the same features and labels, which has this one as a package."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from conftest import Project, copied_project

# 400 entities: three quarters as of January, to train on, the others as of May, to hold out; all as of July, to score.
FEATURES = """
select
    e as id,
    month,
    hash('a', e) % 100000 / 100000.0 as h1,
    hash('b', e) % 100000 / 100000.0 as h2,
    case when e % 2 = 0 then 'even' else 'odd' end as parity
from range(1, 401) as entities (e)
cross join (
    select date '2024-01-01' as month union all select date '2024-05-01' union all select date '2024-07-01'
) as months
where month = date '2024-07-01' or (month = date '2024-05-01') = (e % 4 = 3)
"""
LABELS = """
select
    id,
    month,
    cast(hash('l', id) % 100000 / 100000.0 < 1 / (1 + exp(6 - 8 * h1 - 4 * h2)) as integer) as y,
    0 as never_one,
    cast(month as timestamp) + interval 30 day as matured_at
from {{ ref('features') }}
where month < date '2024-07-01'
"""
DECLARATION: dict[str, Any] = {
    "task": "binary",
    "entity": "id",
    "as_of": "month",
    "label": "y",
    "features": {"h1": {"kind": "numeric"}, "h2": {"kind": "numeric"}},
    "algorithm": {"family": "logistic"},
    "baselines": {"constant": {"family": "constant"}},
    "decision": {"threshold": 0.5, "positive": "act", "negative": "wait", "fallback": "wait"},
    "training": {"retrain_after_days": 30},
}
APPENDED = (
    "{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false,"
    " on_schema_change='append_new_columns') }}\n"
)
NODES = {
    "training_set": "{{ ml_ledger.training_set('NAME', ref('features'), ref('labels')) }}",
    "deployments": APPENDED + "{{ ml_ledger.deployments('NAME', ref('NAME_versions')) }}",
    "predictions": APPENDED
    + "{{ ml_ledger.predictions('NAME', ref('features'), ref('NAME_versions'), ref('NAME_deployments')) }}",
    "batches": APPENDED
    + "{{ ml_ledger.batches('NAME', ref('NAME_predictions'), ref('NAME_versions'), ref('NAME_deployments')) }}",
    "outcomes": "{{ ml_ledger.outcomes('NAME', ref('NAME_predictions'), ref('labels')) }}",
    "training_rows": APPENDED
    + "{{ ml_ledger.training_rows('NAME', ref('NAME_training_set'), ref('NAME_versions')) }}",
    "alerts": APPENDED
    + "{{ ml_ledger.alerts('NAME', ref('NAME_predictions'), ref('NAME_versions'), ref('NAME_deployments'),"
    " ref('labels'), ref('NAME_performance'), ref('NAME_drift')) }}",
    "review_queue": APPENDED + "{{ ml_ledger.review_queue('NAME', ref('NAME_predictions')) }}",
    "feedback": APPENDED + "{{ ml_ledger.feedback('NAME', ref('NAME_predictions')) }}",
}
VERSIONS = """from ml_ledger import train_if_due


def model(dbt, session):
    dbt.config(materialized="incremental", incremental_strategy="append", full_refresh=False)
    training_set = dbt.ref("NAME_training_set")
    spec = dbt.config.meta_get("ml")
    history = session.sql(f"select * from {dbt.this}") if dbt.is_incremental else None
    return train_if_due(
        ml_model="NAME", spec=spec, training_set=training_set, history=history, session=session, this=dbt.this
    )
"""
MEASURED = """from ml_ledger import FUNCTION


def model(dbt, session):
    dbt.config(materialized="incremental", incremental_strategy="delete+insert", unique_key="group_key")
    predictions = dbt.ref("NAME_predictions")
    outcomes = dbt.ref("NAME_outcomes")
    versions = dbt.ref("NAME_versions")
    spec = dbt.config.meta_get("ml")
    history = session.sql(f"select * from {dbt.this}") if dbt.is_incremental else None
    return FUNCTION(
        ml_model="NAME", spec=spec, history=history, predictions=predictions, outcomes=outcomes, versions=versions
    )
"""
MEASUREMENTS = {"performance": "measure_performance", "drift": "measure_drift"}
ALWAYS = {"training_set", "deployments", "predictions", "batches", "outcomes"}
ASKED_BY = {
    "monitoring": ("performance", "drift", "alerts"),
    "keep_training_set": ("training_rows",),
    "review": ("review_queue", "feedback"),
}


def declaration(change: Callable[[dict[str, Any]], object] = lambda declared: None) -> dict[str, Any]:
    """A valid declaration, changed."""
    declared = copy.deepcopy(DECLARATION)
    change(declared)
    return declared


def many_models(folder: Path, declarations: Mapping[str, Any]) -> Project:
    """A project with an ML model of each name, and the nodes that its declaration asks for."""
    copied_project(folder / "ml_ledger", sample=False)
    for part in (
        "models/repurchase",
        "models/next_quarter_spend",
        "models/catalogue",
        "models/quality",
        "python_models",
        "seeds",
        "analyses",
    ):
        shutil.rmtree(folder / "ml_ledger" / part)
    project = Project(folder / "user")
    of_user = {
        "name": "user",
        "profile": "user",
        "model-paths": ["models"],
        "flags": {"send_anonymous_usage_stats": False},
        "vars": {"ml_models": dict(declarations)},
        "models": {"user": {"+materialized": "table"}},
    }
    write(project, "dbt_project.yml", yaml.safe_dump(of_user, sort_keys=False))
    profile = {"type": "duckdb", "path": "warehouse.duckdb", "threads": 4}
    write(project, "profiles.yml", yaml.safe_dump({"user": {"target": "here", "outputs": {"here": profile}}}))
    write(project, "packages.yml", yaml.safe_dump({"packages": [{"local": "../ml_ledger"}]}))
    write(project, "models/features.sql", FEATURES)
    write(project, "models/labels.sql", LABELS)
    properties = []
    for name, declared in declarations.items():
        asked = {node for key, nodes in ASKED_BY.items() if key in (declared or ()) for node in nodes}
        for node, sql in NODES.items():
            if node in asked | ALWAYS:
                write(project, f"models/{name}_{node}.sql", sql.replace("NAME", name))
        write(project, f"models/{name}_versions.py", VERSIONS.replace("NAME", name))
        meta = {"meta": {"ml": f"{{{{ var('ml_models')['{name}'] }}}}"}}
        properties.append({"name": f"{name}_versions", "config": meta})
        for node, function in MEASUREMENTS.items():
            if node in asked:
                text = MEASURED.replace("FUNCTION", function).replace("NAME", name)
                write(project, f"models/{name}_{node}.py", text)
                properties.append({"name": f"{name}_{node}", "config": meta})
    write(project, "models/_models.yml", yaml.safe_dump({"version": 2, "models": properties}))
    project.dbt("deps")
    return project


def redeclare(project: Project, name: str, change: Callable[[dict[str, Any]], object]) -> None:
    """Change one declaration of a project."""
    file = project.folder / "dbt_project.yml"
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    change(settings["vars"]["ml_models"][name])
    file.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")


def write(project: Project, path: str, text: str) -> None:
    file = project.folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
