"""What a replay walks over, what it replays, and what it says, on tables as a ledger has them."""

from datetime import date
from pathlib import Path

import duckdb
import pytest
import yaml
from customers import DECLARATION

from ml_ledger.commands.acts import ReplayError
from ml_ledger.commands.other_spec import merged, schema_named
from ml_ledger.commands.periods import period_ends
from ml_ledger.commands.replay_summary import comparison, details, step
from ml_ledger.errors import SpecError

LEDGER = """
create schema {schema};
use {schema};
create table ml_versions as select * from (values
    ('m', 1, timestamp '2024-01-31', 'first version', 'binary'), ('m', 2, timestamp '2024-02-29', 'drift', 'binary'),
    ('n', 1, timestamp '2024-01-31', 'first version', 'regression'))
    as t(ml_model, version, trained_at, trained_because, task);
create table ml_gate_checks as select * from (values ('m', 2, 'a', 'refused'), ('m', 2, 'b', 'refused'))
    as t(ml_model, version, check_name, verdict);
create table ml_deployments as select * from (values ('m', 1, 'champion', timestamp '2024-01-31', null))
    as t(ml_model, version, slot, valid_from, valid_to);
create table ml_predictions as select timestamp '2024-02-29' as decided_at, unnest(['champion', 'shadow']) as slot;
create table ml_performance as
    select 'realised' as kind, 'all' as slice, 'self' as scored_by, 'champion' as slot, * from (values
    ('m', 1, date '2024-01-01', 'roc_auc', 0.7, 0.65, 0.75, 0.8, 0.78, 0.82, 10, 10, 10),
    ('m', 1, date '2024-01-01', 'accuracy', 0.1, null, null, null, null, null, 10, 10, 10),
    ('m', 1, date '2024-01-01', 'log_loss', {loss}, null, null, null, null, null, 10, 10, 10),
    ('m', 1, date '2024-02-01', 'roc_auc', 0.6, null, null, null, null, null, 10, 30, 30),
    ('m', 2, date '2024-02-01', 'roc_auc', 0.9, null, null, null, null, null, 20, 30, 30),
    ('m', 2, date '2024-03-01', 'roc_auc', 0.1, null, null, null, null, null, 20, 20, 30),
    ('n', 1, date '2024-01-01', 'rmse', 1234.5, 1000, 1500, null, null, null, 10, 10, 10))
    as t(ml_model, version, period_start, metric, value, ci_low, ci_high, expected_value, expected_low,
        expected_high, n, matured, decisions);
"""


@pytest.fixture
def connection():
    with duckdb.connect() as connection:
        connection.execute(LEDGER.format(schema="main2", loss=0.3))
        yield connection


@pytest.mark.parametrize(
    ("every", "start", "end", "expected"),
    [
        ("month", "1997-11-30", "1998-02-28", ["1997-11-30", "1997-12-31", "1998-01-31", "1998-02-28"]),
        ("month", "1997-11-15", "1997-12-31", ["1997-11-30", "1997-12-31"]),
        ("month", "1997-12-31", "1998-02-10", ["1997-12-31", "1998-01-31", "1998-02-10"]),
        ("month", "1998-02-03", "1998-02-10", ["1998-02-10"]),
        ("quarter", "1997-11-15", "1998-07-01", ["1997-12-31", "1998-03-31", "1998-06-30", "1998-07-01"]),
        ("week", "2024-02-28", "2024-03-12", ["2024-03-03", "2024-03-10", "2024-03-12"]),
        ("day", "2024-02-28", "2024-03-01", ["2024-02-28", "2024-02-29", "2024-03-01"]),
    ],
)
def test_period_ends(every, start, end, expected):
    got = period_ends(date.fromisoformat(start), date.fromisoformat(end), every)
    assert [str(day) for day in got] == expected


def test_a_step_says_what_it_did(connection):
    assert step(connection, date(2024, 2, 29)) == (
        "live: m version 1; 1 decisions; trained m version 2; the gate refused m version 2"
    )
    assert step(connection, date(2024, 1, 1)) == "live: none; 0 decisions"


def test_below_a_step_are_reasons_the_newest_complete_period_value_and_alerts(connection):
    connection.execute(
        "create table ml_value as select 'm' as ml_model, date '2024-02-01' as period_start, 2 as version,"
        " 'EUR' as unit, 1234.5 as value, 20 as n, 'realised' as kind, 'champion' as slot, 'self' as scored_by,"
        " 30 as matured, 30 as decisions"
    )
    connection.execute(
        "create table ml_alert_log as select * from (values"
        " ('m', 'drift', 'age', timestamp '2024-02-29', null, 'warn', 'eva'),"
        " ('m', 'drift', 'pay', timestamp '2024-02-29', null, 'info', null),"
        " ('m', 'drift', 'job', timestamp '2024-02-29', null, 'warn', 'the declaration'),"
        " ('m', 'old', null, timestamp '2024-01-31', null, 'warn', null),"
        " ('m', 'value', null, timestamp '2024-01-01', timestamp '2024-02-10', 'warn', null),"
        " ('m', 'late', null, timestamp '2024-01-01', timestamp '2024-03-10', 'warn', null))"
        " as t(ml_model, rule, feature, first_seen, closed_at, severity, acknowledged_by)"
    )
    assert list(details(connection, date(2024, 2, 29), date(2024, 1, 31))) == [
        "m version 2: drift",
        "m version 1, 2024-02-01: AUC 0.6000",
        "m version 2, 2024-02-01: AUC 0.9000, worth 1,234.50 EUR",
        "n version 1, 2024-01-01: RMSE 1,234.50 (1,000.00 to 1,500.00)",
        "m: alert opened: drift (age)",
        "m: alert closed: value",
    ]
    connection.execute("delete from ml_performance where period_start > date '2024-01-01'")
    assert "m version 1, 2024-01-01: AUC 0.7000 (0.6500 to 0.7500), expected 0.8000 (0.7800 to 0.8200)" in list(
        details(connection, date(2024, 2, 29), None)
    )


def test_ledgers_are_compared_over_the_periods_that_both_have(connection):
    connection.execute(LEDGER.format(schema="replay_a", loss=0.2))
    connection.execute("delete from replay_a.ml_performance where period_start = date '2024-02-01'")
    text = "\n".join(comparison(connection, ["replay_a", "main2"]))
    assert [line.split() for line in text.splitlines() if line.startswith(("  replay_a  ", "  main2  "))] == [
        ["replay_a", "2", "1", "0.7000", "0.2000"],
        ["main2", "2", "1", "0.7000", "0.3000"],
        ["replay_a", "1", "1", "1,234.50"],
        ["main2", "1", "1", "1,234.50"],
    ]
    assert "  main2 version 2, 2024-02-29: drift" in text
    alone = "\n".join(comparison(connection, ["main2"]))
    assert ["main2", "2", "2", "0.7500", "0.3000"] in [line.split() for line in alone.splitlines()], (
        "weighed by rows"
    )


def test_keys_of_the_file_replace_those_declared(tmp_path: Path):
    settings = {"vars": {"ml_models": {"m": DECLARATION, "other": {"not": "looked at"}}}}
    (tmp_path / "dbt_project.yml").write_text(yaml.safe_dump(settings))
    file = tmp_path / "Shorter Memory.yml"
    file.write_text("m: {training: {retrain_after_days: 7}, description: null}")
    got = merged(tmp_path, file)
    assert got["m"] == {key: value for key, value in DECLARATION.items() if key != "description"} | {
        "training": {"retrain_after_days": 7}
    }
    assert got["other"] == {"not": "looked at"}
    assert schema_named(None, file) == "replay_shorter_memory"
    assert schema_named("replay_x", file) == "replay_x"
    assert schema_named(None, None) is None
    file.write_text("m: {training: {retrain_after_day: 7}}")
    with pytest.raises(SpecError, match="unknown key"):
        merged(tmp_path, file)
    with pytest.raises(ReplayError, match="is no name of a replay's schema; got 'analytics'"):
        schema_named("analytics", file)
