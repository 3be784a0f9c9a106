"""A project whose dbt models hold values to limits, compiled once for all processes; its SQL runs on rows at them."""

from __future__ import annotations

import fcntl
import json
import math
import os
from typing import Any

import duckdb
import package_project
import pytest
from package_project import relation

CLOCK = "2026-03-01"
TABLES = {
    "versions": "version bigint, trained_at timestamp, recorded_at timestamp, spec varchar, coefficients varchar,"
    " metrics varchar, reference varchar, threshold double, scoring varchar, content_hash varchar",
    "versions_attempts": "ml_model varchar, attempted_at timestamp, kind varchar, message varchar,"
    " stops_scoring boolean, spec_hash varchar, training_set_fingerprint varchar, invocation_id varchar,"
    " recorded_at timestamp",
    "deployments": (
        DEPLOYMENTS
        := "deployment_id varchar, ml_model varchar, event_number bigint, event varchar, operation varchar,"
        " version bigint, slot varchar, share double, valid_from timestamp, actor varchar, reason varchar,"
        " checks varchar, details varchar, recorded_at timestamp, invocation_id varchar, hash_format bigint,"
        " previous_hash varchar, content_hash varchar"
    ),
    "intervals": "ml_model varchar, slot varchar, version bigint, deployment_id varchar, valid_from timestamp,"
    " valid_to timestamp",
    "predictions": "decision_id varchar, ml_model varchar, entity_id varchar, as_of timestamp, slot varchar,"
    " version bigint, status varchar, rejected_because varchar",
    "performance": "version bigint, slot varchar, period varchar, period_start timestamp, slice varchar,"
    " scored_by varchar, kind varchar, metric varchar, value double, ci_low double, ci_high double, decisions bigint,"
    " matured bigint",
    "drift": "version bigint, slot varchar, period varchar, period_start timestamp, part varchar, feature varchar,"
    " metric varchar, status varchar, severity varchar, value double, psi double, reference_value double,"
    " contribution double, cause varchar",
    "budgets": "ml_model varchar, budget varchar, allowed double, spent double, over_budget boolean",
    "features": "customer_id integer, as_of_date timestamp, a double",
    "labels": "customer_id integer, as_of_date timestamp, label integer, matured_at timestamp",
    "orders": "ml_model varchar, ordered_at timestamp",
    # What append-only nodes hold already: `this` of the model of that name.
    "next_verdicts": DEPLOYMENTS,
    "next_predictions": "entity_id varchar, as_of timestamp, slot varchar, version bigint",
    "next_labels": "customer_id integer, as_of_date timestamp, label integer, matured_at timestamp,"
    " label_source varchar, known_at timestamp, correction_number bigint, invocation_id varchar,"
    " recorded_at timestamp",
}
DECLARATION: dict[str, Any] = {
    "task": "binary",
    "entity": "customer_id",
    "as_of": "as_of_date",
    "label": "label",
    "features": {"a": {"kind": "numeric", "bounds": [0.25, 0.75], "out_of_bounds": "clip"}},
    "decision": {"threshold": 0.5, "positive": "offer", "negative": "none", "fallback": "none"},
    "value": {"unit": "EUR"},
    "fairness": {"limits": {"selection_rate_ratio": 0.8}},
    "monitoring": {"alerts": {"version_days": 100, "rejected_share": 0.05, "approval_days": 7}},
}
# A quote, what would end a statement, what escapes, and what is none of these.
TEXTS = ("O'Neill", "''", "'; drop table labels; --", "a\\", "\\'", '"', "%s {x} 東京", "")
VERSIONS, DEPLOYED = relation("versions"), relation("deployments")
PREDICTED, FEATURES, LABELS = relation("predictions"), relation("features"), relation("labels")
ALERTED = "performance={}, drift={}, budgets={}".format(*map(relation, ("performance", "drift", "budgets")))
MODELS = {
    "first_verdicts": f"{{{{ ml_ledger.deployments('m', {VERSIONS}) }}}}",
    "next_verdicts": f"{{{{ ml_ledger.deployments('m', {VERSIONS}) }}}}",
    "alerts": f"{{{{ ml_ledger.alerts('m', {PREDICTED}, {VERSIONS}, {DEPLOYED}, {LABELS}, {ALERTED}) }}}}",
    "live": f"select slot, version from ({{{{ ml_ledger.deployment_intervals({DEPLOYED}) }}}}) as deployed"
    " where {{ ml_ledger.is_live_at(ml_ledger.clock()) }}",
    "version_then": f"{{{{ ml_ledger.version_as_of(\"'m'\", ml_ledger.clock(), {DEPLOYED}) }}}}",
    "version_of_orders": f"{{{{ ml_ledger.with_live_version({relation('orders')}, 'ordered_at',"
    f" {relation('intervals')}) }}}}",
    "first_predictions": f"{{{{ ml_ledger.predictions('m', {FEATURES}, {VERSIONS}, {DEPLOYED}) }}}}",
    "next_predictions": f"{{{{ ml_ledger.predictions('m', {FEATURES}, {VERSIONS}, {DEPLOYED}) }}}}",
    "training_set": f"{{{{ ml_ledger.training_set('m', {FEATURES}, {LABELS}) }}}}",
    "next_labels": f"{{{{ ml_ledger.label_log('m', {LABELS}) }}}}",
    "known_labels": "{{ ml_ledger.labels_as_known('m', " + relation("next_labels") + ") }}",
    "outcomes": f"{{{{ ml_ledger.outcomes('m', {PREDICTED}, {LABELS}) }}}}",
    "texts": "select {% for text in var('texts') %}{{ ml_ledger.text_literal(text) }}{{ ', ' if not loop.last }}"
    "{% endfor %}",
    "texts_of_spark": "select {% for text in var('texts') %}{{ ml_ledger.spark__text_literal(text) }}"
    "{{ ', ' if not loop.last }}{% endfor %}",
    "texts_of_bigquery": "select {% for text in var('texts') %}{{ ml_ledger.bigquery__text_literal(text) }}"
    "{{ ', ' if not loop.last }}{% endfor %}",
}
MACROS = "{% macro is_incremental() %}{% do return(model.name.startswith('next_')) %}{% endmacro %}"
# A score is the feature, so that a row can be exactly at any limit.
SCORING = {
    "format_version": 2,
    "dialect": "duckdb",
    "link": "identity",
    "features": ["a"],
    "outputs": [{"name": "score", "base": "0e0", "terms": [{"feature": "a", "reference": 0.0}]}],
    "layers": [
        {"_ml_c1_1": '"a" * 1e0'},
        {"_ml_link1": "_ml_c1_1"},
        {"_ml_output1": "_ml_link1"},
        {"_ml_link": "_ml_link1", "_ml_score": "_ml_output1", "_ml_predicted": "cast(null as varchar)"},
    ],
    "trees": 0,
    "estimator": None,
}
# What is live while predictions are compiled: control 10 %, a challenger 20 %, the champion the rest; a shadow, too.
ARMS = [(1, "champion", 1.0), (2, "challenger", 0.2), (3, "shadow", 1.0), (None, "control", 0.1)]


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    for name, columns in TABLES.items():
        connection.execute(f"create table {name} ({columns})")


def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The SQL of each model. The first process of a test run that asks compiles it, the others wait."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    done = folder / "limits.json"
    with (folder / "limits.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            sql = package_project.compiled(
                folder / "limits",
                MODELS,
                create_tables=_create_with_arms,
                tables=list(TABLES),
                project={
                    "vars": {"ml_models": {"m": DECLARATION}, "ml_clock": CLOCK, "ml_actor": "ana", "texts": TEXTS}
                },
                macros=MACROS,
            )
            done.write_text(json.dumps(sql), encoding="utf-8")
        return json.loads(done.read_text(encoding="utf-8"))


def warehouse(**tables: list[dict[str, Any]]) -> duckdb.DuckDBPyConnection:
    """An empty warehouse in memory with these rows."""
    connection = duckdb.connect()
    connection.execute("set threads = 1")
    create_tables(connection)
    for table, rows in tables.items():
        for row in rows:
            connection.execute(
                f"insert into {table} ({', '.join(row)}) values ({', '.join('?' * len(row))})", list(row.values())
            )
    return connection


def around(limit: float) -> tuple[float, float, float]:
    """The number just below a limit, the limit, and the number just above it."""
    return math.nextafter(limit, -math.inf), limit, math.nextafter(limit, math.inf)


def _create_with_arms(connection: duckdb.DuckDBPyConnection) -> None:
    create_tables(connection)
    spec = json.dumps({"features": DECLARATION["features"], "decision": DECLARATION["decision"], "reasons": 1})
    for number, (version, slot, share) in enumerate(ARMS, 1):
        if version is not None:
            connection.execute(
                "insert into versions (version, trained_at, spec, threshold, scoring) values (?, ?, ?, 0.5, ?)",
                [version, "2026-01-01", spec, json.dumps(SCORING)],
            )
        connection.execute(
            "insert into deployments (deployment_id, ml_model, event_number, event, version, slot, share, valid_from)"
            " values (?, 'm', ?, 'deployed', ?, ?, ?, '2026-01-01')",
            [f"m-{number}", number, version, slot, share],
        )
