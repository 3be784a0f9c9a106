"""A project whose ML models come in pairs on the same rows: one with plain names, one with what users may call columns.

Both of a pair declare the same features in the same order, so what is trained, scored, replayed and measured is equal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from conftest import ROOT, Project, copied_project

# Reserved words, other scripts, and what ends a text, a name, a path, a list or a template.
NASTY = (
    *("order", "select", "GROUP", "Upper", "with space", "it's", 'a"b', '"', "a.b", "$", "a,b", "*", "a*b", "{x}"),
    *("größe", "客户", "возраст", "a\\b", "a/b", "~", "%", "[0]", "-1", "'; drop table x; --", "/* x */", "-- x", "?"),
    *(":x", "weight", "split", "matured_at", "known_at", "invocation_id", "run_by", "label", "score", "as_of"),
)
# Entity, as-of date and label.
KEYS = {"plain": ("id", "day", "outcome"), "named": ("end", "As of", "it's \"{label}\" größe")}
LEVELS = {"plain": ("x", "y", "z"), "named": ("A+", "A", "A-")}
FIRST_KINDS = (
    {"kind": "categorical", "missing": "own_level", "min_share": 0.01, "unknown": "rare"},
    {"kind": "numeric", "missing": "impute"},
    {"kind": "numeric", "bounds": [0.1, 0.9], "out_of_bounds": "clip"},
    {"kind": "numeric", "bounds": [0.005, 1]},
    {"kind": "boolean"},
    {"kind": "numeric", "missing": "own_level"},
)
CLOCK, ENTITIES, MONTHS = "2024-06-15", 400, 6
# Names of ours that a feature is likeliest to have; all others are columns of the features that are not declared.
OURS = (
    *("entity_id", "slot", "share", "bucket", "version", "deployment_id", "status", "rejected_because", "link_score"),
    *("predicted", "threshold", "decision", "reasons", "features", "imputed_features", "decided_at", "values_hash"),
    *("entities", "predictions", "labels", "matured", "splits", "holdout", "latest", "paths", "tree", "leaf", "number"),
)

INCREMENTAL = """{{ config(
    materialized='incremental', incremental_strategy='append', full_refresh=false, on_schema_change='append_new_columns'
) }}
"""
SQL_NODES = {
    "training_set": "{{ ml_ledger.training_set('ML', ref('KIND_features'), ref('LABELS')) }}",
    "training_rows": INCREMENTAL + "{{ ml_ledger.training_rows('ML', ref('ML_training_set'), ref('ML_versions')) }}",
    "deployments": INCREMENTAL + "{{ ml_ledger.deployments('ML', ref('ML_versions')) }}",
    "predictions": INCREMENTAL
    + "{{ ml_ledger.predictions('ML', ref('KIND_features'), ref('ML_versions'), ref('ML_deployments')) }}",
    "batches": INCREMENTAL
    + "{{ ml_ledger.batches('ML', ref('ML_predictions'), ref('ML_versions'), ref('ML_deployments')) }}",
    "outcomes": "{{ ml_ledger.outcomes('ML', ref('ML_predictions'), ref('LABELS')) }}",
    "alerts": INCREMENTAL
    + "{{ ml_ledger.alerts('ML', ref('ML_predictions'), ref('ML_versions'), ref('ML_deployments'),"
    " labels=ref('LABELS'), performance=ref('ML_performance')) }}",
}
PYTHON_NODES = {
    "versions": ("train_if_due", "append", ["training_set"]),
    "performance": ("measure_performance", "delete+insert", ["predictions", "outcomes", "versions"]),
    "drift": ("measure_drift", "delete+insert", ["predictions", "versions", "outcomes", "training_rows"]),
    "training_quality": ("assess_training_set", None, ["training_set"]),
}


def aliases(folders: Iterable[str]) -> list[str]:
    """Every name that SQL in these folders gives to a column, a relation or an expression, but for our own prefix."""
    found: set[str] = set()
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.sql")):
        text = re.sub(r"(?s)\{#.*?#\}", "", path.read_text(encoding="utf-8"))
        found.update(re.findall(r"\bas ([a-z][a-z0-9_]*)\b", text))
        found.update(re.findall(r"(?m)^([a-z][a-z0-9_]*) as \(", text))
    taken = {name.lower() for name in (*NASTY, *OURS, *KEYS["named"])}
    return sorted(found - taken)


def feature_names(*, few: bool) -> dict[str, list[str]]:
    """Per kind of names those of its features: the n-th of both is the same."""
    named = [*NASTY] if few else [*NASTY, *OURS]
    return {"plain": [f"f{number:03}" for number in range(len(named))], "named": named}


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def declaration(kind: str, *, trees: bool) -> dict[str, Any]:
    entity, as_of, label = KEYS[kind]
    names = feature_names(few=trees)[kind]
    kinds = (*FIRST_KINDS, *({"kind": "numeric"} for _ in names[len(FIRST_KINDS) :]))
    declared: dict[str, Any] = {
        "task": "binary",
        "entity": entity,
        "as_of": as_of,
        "label": label,
        "features": dict(zip(names, kinds, strict=True)),
        "algorithm": {"family": "logistic"},
        "baselines": {"constant": {"family": "constant"}},
        "gate": {"minimum_scored_share": 0.9},
        "keep_training_set": "full",
        "monitoring": {"drift": {}, "alerts": {}},
        "training_quality": {},
        "decision": {"threshold": 0.5, "positive": "yes", "negative": "no", "fallback": "no"},
    }
    if trees:
        actions = {level: f"to {number}" for number, level in enumerate(LEVELS[kind])}
        declared |= {
            "task": "multiclass",
            "label": f"{label} class",
            "classes": list(LEVELS[kind]),
            "algorithm": {"family": "boosting", "hyperparameters": {"trees": 5}},
            "decision": {"actions": actions, "fallback": "to 0"},
        }
    return declared


def features_sql(kind: str) -> str:
    """The rows of both kinds, with every other alias of the project as a column that is no feature."""
    entity, as_of, _ = KEYS[kind]
    names = feature_names(few=False)[kind]
    number = "hash({n}, e, m) % 1000 / 1000.0"
    columns = [
        "case when e % 17 = 0 then null else 'level ' || (hash(0, e, m) % 4 + (m = 5 and e = 3)::int * 9) end",
        f"case when e % 13 = 0 then null else {number.format(n=1)} end",
        *(number.format(n=n) for n in (2, 3)),
        "hash(4, e, m) % 2 = 0",
        f"case when e % 11 = 0 then null else {number.format(n=5)} end",
        *(number.format(n=n) for n in range(6, len(names))),
    ]
    others = [name for name in aliases(["macros", "models"]) if name not in names] if kind == "named" else []
    selected = [
        f"e as {quoted(entity)}",
        f"cast(date '2024-01-01' + to_months(cast(m as integer)) as timestamp) as {quoted(as_of)}",
        *(f"{sql} as {quoted(name)}" for sql, name in zip(columns, names, strict=True)),
        *(f"{number} as {quoted(name)}" for number, name in enumerate(others)),
    ]
    return f"select {', '.join(selected)} from range(1, {ENTITIES + 1}) as a(e), range({MONTHS}) as b(m)"


def labels_sql(kind: str) -> str:
    entity, as_of, label = KEYS[kind]
    noise = "hash('l', e, m) % 1000 / 500.0 + hash(2, e, m) % 1000 / 250.0 + hash(6, e, m) % 1000 / 500.0"
    level = f"case when {noise} < 3 then '{LEVELS[kind][0]}' when {noise} < 4.5 then '{LEVELS[kind][1]}'"
    moment = "cast(date '2024-01-01' + to_months(cast(m as integer)) as timestamp)"
    return (
        f"select e as {quoted(entity)}, {moment} as {quoted(as_of)}, cast({noise} > 4 as integer) as {quoted(label)},"
        f" {level} else '{LEVELS[kind][2]}' end as {quoted(label + ' class')}, {moment} + interval 10 day as matured_at"
        f" from range(1, {ENTITIES + 1}) as a(e), range({MONTHS}) as b(m)"
    )


def python_node(ml_model: str, node: str) -> str:
    function, strategy, inputs = PYTHON_NODES[node]
    config = {"append": 'materialized="incremental", incremental_strategy="append", full_refresh=False'}.get(
        str(strategy), 'materialized="incremental", incremental_strategy="delete+insert", unique_key="group_key"'
    )
    if strategy is None:
        config = 'materialized="table"'
    bound = "\n".join(f'    {name} = dbt.ref("{ml_model}_{name}")' for name in inputs)
    given = ", ".join(f"{name}={name}" for name in inputs)
    return (
        f"from ml_ledger import {function}\n\n\ndef model(dbt, session):\n    dbt.config({config})\n{bound}\n"
        '    spec = dbt.config.meta_get("ml")\n'
        '    history = session.sql(f"select * from {dbt.this}") if dbt.is_incremental else None\n'
        f'    return {function}(ml_model="{ml_model}", spec=spec, {given}, history=history)\n'
    )


def named_project(folder: Path) -> Project:
    """The project, with the package installed. ML models: plain, named, plain_trees, named_trees."""
    copied_project(folder / "ml_ledger", sample=False)
    user = folder / "user"
    files: dict[str, str] = {}
    declared, properties = {}, []
    for kind, (entity, as_of, label) in KEYS.items():
        names = feature_names(few=True)[kind]
        files[f"models/{kind}_features.sql"] = features_sql(kind)
        files[f"models/{kind}_labels_now.sql"] = labels_sql(kind)
        files[f"models/{kind}_label_log.sql"] = (
            INCREMENTAL + f"{{{{ ml_ledger.label_log('{kind}', ref('{kind}_labels_now')) }}}}"
        )
        files[f"models/{kind}_labels.sql"] = f"{{{{ ml_ledger.labels_as_known('{kind}', ref('{kind}_label_log')) }}}}"
        for trees in (False, True):
            ml_model = f"{kind}_trees" if trees else kind
            declared[ml_model] = declaration(kind, trees=trees)
            labels = f"{kind}_labels_now" if trees else f"{kind}_labels"
            for node, text in SQL_NODES.items():
                files[f"models/{ml_model}_{node}.sql"] = (
                    text.replace("ML", ml_model).replace("KIND", kind).replace("LABELS", labels)
                )
            for node in PYTHON_NODES:
                files[f"python_models/{ml_model}_{node}.py"] = python_node(ml_model, node)
                meta = {"ml": f"{{{{ var('ml_models')['{ml_model}'] }}}}"}
                properties.append({"name": f"{ml_model}_{node}", "config": {"meta": meta}})
        properties.append(
            {
                "name": f"{kind}_features",
                "config": {"meta": {"feature_view": {"entity": entity, "timestamp": as_of}}},
                "data_tests": [
                    {"ml_ledger.like_its_training": {"arguments": {"ml_model": kind, "features": names[:5], "out_of_range": 1}}},
                    {"ml_ledger.unique_combination": {"arguments": {"columns": [entity, as_of]}}},
                ],
            }
        )
        properties.append(
            {
                "name": f"{kind}_training_set",
                "data_tests": [
                    {"ml_ledger.splits_apart": {"arguments": {"entity": entity, "as_of": as_of, "matured_at": "_ml_matured_at"}}},
                    {
                        "ml_ledger.whole_cohorts": {
                            "arguments": {"cohorts": f"ref('{kind}_features')", "entity": entity, "as_of": as_of}
                        }
                    },
                    {"ml_ledger.no_giveaway": {"arguments": {"label": label, "features": names[5:]}}},
                ],
            }
        )
    settings = {
        "name": "user",
        "version": "0.1.0",
        "config-version": 2,
        "profile": "user",
        "model-paths": ["models", "python_models"],
        "flags": {"send_anonymous_usage_stats": False},
        "vars": {
            "ml_clock": CLOCK,
            "ml_feature_views": ["plain_features", "named_features"],
            "ml_models": declared,
        },
        "models": {"user": {"+materialized": "table"}},
    }
    profile = {"type": "duckdb", "path": "warehouse.duckdb", "threads": 1}
    files |= {
        "dbt_project.yml": json.dumps(settings),  # JSON is YAML
        "profiles.yml": json.dumps({"user": {"target": "here", "outputs": {"here": profile}}}),
        "packages.yml": json.dumps({"packages": [{"local": "../ml_ledger"}]}),
        "models/properties.yml": json.dumps({"version": 2, "models": properties}),
    }
    for name, text in files.items():
        (user / name).parent.mkdir(parents=True, exist_ok=True)
        (user / name).write_text(text, encoding="utf-8")
    project = Project(user)
    project.dbt("deps")
    return project
