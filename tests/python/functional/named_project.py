"""A project whose ML models come in pairs on the same rows: one with plain names, one with what users may call columns.

Both of a pair declare the same features in the same order, so what is trained, scored, replayed and measured is equal.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from conftest import ROOT, Project, copied_project

# Reserved words, other scripts, and what ends a text, a name, a path, a list or a template.
NASTY = (
    *("order", "select", "GROUP", "Upper", "with space", "it's", 'a"b', '"', "a.b", "$", "a,b", "*", "a*b", "{x}"),
    *(
        "größe",
        "客户",
        "возраст",
        "a\\b",
        "a/b",
        "~",
        "%",
        "[0]",
        "-1",
        "'; drop table x; --",
        "/* x */",
        "-- x",
        "?",
    ),
    *(":x", "weight", "split", "matured_at", "known_at", "invocation_id", "run_by", "label", "score", "as_of"),
)
# Entity, as-of date and label.
KEYS = {"plain": ("id", "day", "outcome"), "named": ("end", "As of", "it's {label} größe")}
LEVELS = {"plain": ("x", "y", "z"), "named": ("A+", "A", "A-")}
FIRST_KINDS = (
    {"kind": "categorical", "missing": "own_level", "min_share": 0.01, "unknown": "rare"},
    {"kind": "numeric", "missing": "impute"},
    {"kind": "numeric", "bounds": [0.1, 0.9], "out_of_bounds": "clip"},
    {"kind": "numeric", "bounds": [0.005, 1]},
    {"kind": "boolean"},
    {"kind": "numeric", "missing": "own_level"},
)
# dbt cannot append to a table that has a column with a double quote, and performance reads features by a path, in which
# * stands for all: these are features of the second pair alone.
AWKWARD = ('a"b', '"', "*")
CLOCK, ENTITIES, MONTHS = "2024-06-15", 400, 6
READ_BY = ("training", "labels", "scoring", "monitoring", "alerts", "features", "checks", "catalogue")
# Names of ours that a feature is likeliest to have; all others are columns of the features that are not declared.
OURS = (
    *(
        "entity_id",
        "slot",
        "share",
        "bucket",
        "version",
        "deployment_id",
        "status",
        "rejected_because",
        "link_score",
    ),
    *(
        "predicted",
        "threshold",
        "decision",
        "reasons",
        "features",
        "imputed_features",
        "decided_at",
        "values_hash",
    ),
    *(
        "entities",
        "predictions",
        "labels",
        "matured",
        "splits",
        "holdout",
        "latest",
        "paths",
        "tree",
        "leaf",
        "number",
    ),
)

INCREMENTAL = """{{ config(
    materialized='incremental', incremental_strategy='append', full_refresh=false, on_schema_change='append_new_columns'
) }}
"""
SQL_NODES = {
    "training_set": "{{ ml_ledger.training_set('ML', ref('FEATURES'), ref('LABELS')) }}",
    "training_rows": INCREMENTAL
    + "{{ ml_ledger.training_rows('ML', ref('ML_training_set'), ref('ML_versions')) }}",
    "deployments": INCREMENTAL + "{{ ml_ledger.deployments('ML', ref('ML_versions')) }}",
    "predictions": INCREMENTAL
    + "{{ ml_ledger.predictions('ML', ref('FEATURES'), ref('ML_versions'), ref('ML_deployments')) }}",
    "batches": INCREMENTAL
    + "{{ ml_ledger.batches('ML', ref('ML_predictions'), ref('ML_versions'), ref('ML_deployments')) }}",
    "outcomes": "{{ ml_ledger.outcomes('ML', ref('ML_predictions'), ref('LABELS')) }}",
}
ALERTS = (
    "{{ ml_ledger.alerts('ML', ref('ML_predictions'), ref('ML_versions'), ref('ML_deployments'), labels=ref('LABELS'),"
    " performance=ref('ML_performance')) }}"
)
VERSIONS = """from ml_ledger import train_if_due


def model(dbt, session):
    dbt.config(materialized="incremental", incremental_strategy="append", full_refresh=False)
    training_set = dbt.ref("ML_training_set")
    spec = dbt.config.meta_get("ml")
    history = session.sql(f"select * from {dbt.this}") if dbt.is_incremental else None
    return train_if_due(ml_model="ML", spec=spec, training_set=training_set, history=history)
"""
PERFORMANCE = """from ml_ledger import measure_performance


def model(dbt, session):
    dbt.config(materialized="table")
    predictions = dbt.ref("ML_predictions")
    outcomes = dbt.ref("ML_outcomes")
    versions = dbt.ref("ML_versions")
    spec = dbt.config.meta_get("ml")
    return measure_performance(
        ml_model="ML", spec=spec, predictions=predictions, outcomes=outcomes, versions=versions, history=None
    )
"""


def aliases() -> list[str]:
    """Every name that SQL which reads columns of users gives to one, a relation or an expression, but for our own.

    Without those that checked_rows adds, which its source cannot have.
    """
    found: set[str] = set()
    for path in (path for room in READ_BY for path in sorted((ROOT / "macros").glob(f"**/{room}/*.sql"))):
        text = re.sub(r"(?s)\{#.*?#\}", "", path.read_text(encoding="utf-8"))
        found.update(re.findall(r"\bas ([a-z][a-z0-9_]*)\b", text))
        found.update(re.findall(r"(?m)^([a-z][a-z0-9_]*) as \(", text))
    taken = {name.lower() for name in (*NASTY, *OURS, *KEYS["named"])}
    return sorted(found - taken - {"quarantine_reasons", "quarantine_checks", "warnings"})


def feature_names(*, trees: bool | None = None) -> dict[str, list[str]]:
    """Per kind of names those of the features of an ML model, or of all: the n-th of both is the same."""
    named = [*NASTY, *OURS]
    pairs = [(f"f{number:02}", name) for number, name in enumerate(named)]
    if trees is not None:
        pairs = [pair for pair in pairs if (pair[1] in NASTY if trees else pair[1] not in AWKWARD)]
    return {"plain": [plain for plain, _ in pairs], "named": [name for _, name in pairs]}


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def declaration(kind: str, *, trees: bool) -> dict[str, Any]:
    entity, as_of, label = KEYS[kind]
    names = feature_names(trees=trees)[kind]
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
        "keep_training_set": "members" if trees else "full",
        "decision": {"threshold": 0.5, "positive": "yes", "negative": "no", "fallback": "no"},
    }
    if not trees:
        declared["monitoring"] = {"alerts": {}}
    else:
        actions = {level: f"to {number}" for number, level in enumerate(LEVELS[kind])}
        declared |= {
            "task": "multiclass",
            "label": f"{label} class",
            "classes": list(LEVELS[kind]),
            "algorithm": {"family": "boosting", "hyperparameters": {"trees": 5}},
            "decision": {"actions": actions, "fallback": "to 0"},
        }
    return declared


def features_sql(kind: str, *, trees: bool) -> str:
    """The rows of both kinds; under `named` with every other alias as a column that is no feature."""
    entity, as_of, _ = KEYS[kind]
    names = feature_names()[kind]
    left_out = [] if trees else AWKWARD
    number = "hash({n}, e, m) % 1000 / 1000.0"
    columns = [
        "case when e % 17 = 0 then null else 'level ' || (hash(0, e, m) % 4 + (m = 5 and e = 3)::int * 9) end",
        f"case when e % 13 = 0 then null else {number.format(n=1)} end",
        *(number.format(n=n) for n in (2, 3)),
        "hash(4, e, m) % 2 = 0",
        f"case when e % 11 = 0 then null else {number.format(n=5)} end",
        *(number.format(n=n) for n in range(6, len(names))),
    ]
    others = [name for name in aliases() if name not in names] if kind == "named" else []
    selected = [
        f"e as {quoted(entity)}",
        f"cast(date '2024-01-01' + to_months(cast(m as integer)) as timestamp) as {quoted(as_of)}",
        *(
            f"{sql} as {quoted(name)}"
            for sql, name, called in zip(columns, names, feature_names()["named"], strict=True)
            if called not in left_out
        ),
        *(f"{number} as {quoted(name)}" for number, name in enumerate(others)),
    ]
    return f"select {', '.join(selected)} from range(1, {ENTITIES + 1}) as a(e), range({MONTHS}) as b(m)"


def labels_sql(kind: str) -> str:
    entity, as_of, label = KEYS[kind]
    # Several features say as much: one that says all would be held as a leak.
    noise = " + ".join(f"hash({of}, e, m) % 1000 / 500.0" for of in ("'l'", 2, 8, 9))
    level = f"case when {noise} < 3 then '{LEVELS[kind][0]}' when {noise} < 4.5 then '{LEVELS[kind][1]}'"
    moment = "cast(date '2024-01-01' + to_months(cast(m as integer)) as timestamp)"
    return (
        f"select e as {quoted(entity)}, {moment} as {quoted(as_of)}, cast({noise} > 4 as integer) as {quoted(label)},"
        f" {level} else '{LEVELS[kind][2]}' end as {quoted(label + ' class')}, {moment} + interval 10 day as matured_at"
        f" from range(1, {ENTITIES + 1}) as a(e), range({MONTHS}) as b(m)"
    )


def feature_macros(kind: str) -> dict[str, str]:
    """Quarantine, point-in-time joins and trailing windows over the same columns, each as a model."""
    entity, as_of, _ = KEYS[kind]
    names = feature_names(trees=False)[kind]
    features = f"ref('{kind}_features')"
    checks = {
        "there": {"not_missing": names[1]},
        "bounds": {"within": names[2], "low": 0.1, "high": 0.9},
        "levels": {"one_of": names[0], "levels": ["level 0", "level 1", "level 2"], "action": "warn"},
        "once": {"not_duplicate": [entity, names[4]], "order_by": as_of},
        "known": {"refers_to": names[0], "to": "TO", "to_columns": names[0]},
    }
    given = json.dumps(checks, ensure_ascii=False).replace('"TO"', f"ref('{kind}_some_features')")
    view = {"relation": "VIEW", "timestamp": as_of, "columns": names[:6], "prefix": "then: "}
    views = json.dumps([view], ensure_ascii=False).replace('"VIEW"', f"ref('{kind}_some_features')")
    spine, moment = json.dumps(entity), json.dumps(as_of)
    aggregates = {
        "n": {"aggregate": "count"},
        names[5]: {"aggregate": "max", "column": names[2]},
        "levels": {"aggregate": "count_distinct", "column": names[0]},
        "since": {"aggregate": "days_since_last"},
    }
    return {
        f"models/{kind}_some_features.sql": f"select * from {{{{ {features} }}}} where {quoted(entity)} % 2 = 0",
        f"models/{kind}_checked.sql": (
            f"{{{{ ml_ledger.checked_rows({features}, checks={given}, key=[{spine}, {moment}]) }}}}"
        ),
        f"models/{kind}_joined.sql": (
            f"{{{{ ml_ledger.point_in_time_join({features}, entity={spine}, as_of={moment}, views={views}) }}}}"
        ),
        f"models/{kind}_trailing.sql": (
            f"{{{{ ml_ledger.trailing({features}, ref('{kind}_some_features'), entity={spine}, as_of={moment},"
            f" timestamp={moment}, aggregates={json.dumps(aggregates, ensure_ascii=False)}, windows=[40, none]) }}}}"
        ),
    }


def named_project(folder: Path) -> Project:
    """The project, with the package installed. ML models: plain, named, plain_trees, named_trees."""
    copied_project(folder / "ml_ledger", sample=False)
    user = folder / "user"
    files: dict[str, str] = {}
    declared, properties = {}, []
    for kind, (entity, as_of, label) in KEYS.items():
        names = feature_names(trees=False)[kind]
        files[f"models/{kind}_labels_now.sql"] = labels_sql(kind)
        files[f"models/{kind}_label_log.sql"] = (
            INCREMENTAL + f"{{{{ ml_ledger.label_log('{kind}', ref('{kind}_labels_now')) }}}}"
        )
        files[f"models/{kind}_labels.sql"] = (
            f"{{{{ ml_ledger.labels_as_known('{kind}', ref('{kind}_label_log')) }}}}"
        )
        files |= feature_macros(kind)
        for trees in (False, True):
            ml_model = f"{kind}_trees" if trees else kind
            files[f"models/{ml_model}_features.sql"] = features_sql(kind, trees=trees)
            declared[ml_model] = declaration(kind, trees=trees)
            labels = f"{kind}_labels_now" if trees else f"{kind}_labels"
            for node, text in {**SQL_NODES, **({} if trees else {"alerts": INCREMENTAL + ALERTS})}.items():
                files[f"models/{ml_model}_{node}.sql"] = (
                    text.replace("ML", ml_model)
                    .replace("FEATURES", f"{ml_model}_features")
                    .replace("LABELS", labels)
                )
            for node, text in {"versions": VERSIONS, **({} if trees else {"performance": PERFORMANCE})}.items():
                files[f"python_models/{ml_model}_{node}.py"] = text.replace("ML", ml_model)
                meta = {"ml": f"{{{{ var('ml_models')['{ml_model}'] }}}}"}
                properties.append({"name": f"{ml_model}_{node}", "config": {"meta": meta}})
        properties.append(
            {
                "name": f"{kind}_features",
                "config": {
                    "meta": {"feature_view": {"entity": entity, "timestamp": as_of, "features": names[:6]}}
                },
                "data_tests": [
                    {
                        "ml_ledger.like_its_training": {
                            "arguments": {
                                "ml_model": kind,
                                "features": names[:5],
                                "out_of_range": 1,
                                "new_levels": 1,
                            }
                        }
                    },
                    {"ml_ledger.unique_combination": {"arguments": {"columns": [entity, as_of]}}},
                ],
            }
        )
        properties.append(
            {
                "name": f"{kind}_training_set",
                "data_tests": [
                    {
                        "ml_ledger.splits_apart": {
                            "arguments": {"entity": entity, "as_of": as_of, "matured_at": "_ml_matured_at"}
                        }
                    },
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
