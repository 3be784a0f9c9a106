"""What a replay walks over, what it replays, and what it says, on tables as a ledger has them."""

import os
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
import yaml
from customers import DECLARATION

from ml_ledger.commands.replay.acts import ReplayError, read_acts
from ml_ledger.commands.replay.destination import Destination, emptied, profile_of, refuse_elsewhere
from ml_ledger.commands.replay.other_spec import merged, schema_named
from ml_ledger.commands.replay.periods import period_ends
from ml_ledger.commands.replay.replay_summary import comparison, details, step
from ml_ledger.errors import SpecError
from ml_ledger.project.target import Place, Target

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


def test_acts_name_people_and_decisions_by_text(tmp_path: Path):
    file = tmp_path / "acts.yml"
    first, last = date(2024, 1, 31), date(2024, 2, 29)
    file.write_text('- {at: 2024-01-31, operation: ml_erase, arguments: {entity_id: "022", reason: asked}}')
    assert [done.arguments["entity_id"] for done in read_acts(file, first, last)] == ["022"]
    file.write_text(
        "- {at: 2024-01-31, operation: ml_erase, arguments: {entity_id: 022, reason: asked}}\n"
        "- {at: 2024-02-30, operation: ml_record_feedback,"
        " arguments: {reviewer: 007, feedback: [{decision_id: 1_0}, x]}}\n"
        "- {at: 2024-01-31, operation: ml_pause, arguments: [m]}\n"
    )
    with pytest.raises(ReplayError) as found:
        read_acts(file, first, last)
    for problem in (
        'act 1.arguments.entity_id: must be a text in quotes; got 18. Fix: entity_id: "…", as the record has it.',
        "act 2.at: must be a date of the replay; got '2024-02-30'. Allowed: 2024-01-31 to 2024-02-29.",
        "act 2.arguments.reviewer: must be a text in quotes; got 7.",
        "act 2.arguments.feedback 1.decision_id: must be a text in quotes; got 10.",
        "act 3.arguments: must be a mapping of keys; got ['m'].",
    ):
        assert problem in str(found.value)
    assert "5 problems" in str(found.value)


def place(path: Path, kind: str, schema: str) -> Destination:
    of_target = Place(path.parent / "ours.duckdb", "main")
    settings = {
        "type": "duckdb",
        "path": "ours.duckdb",
        "database": "ours",
        "threads": 2,
        "secret": "{{ env_var('S') }}",
    }
    target = Target("shop", "dev", of_target, settings, {"dev": of_target}, path.parent, path.parent, path.parent)
    return Destination(Place(path, schema), kind, target)


def node(name: str, schema: str, database: str, **given: Any) -> SimpleNamespace:
    config = SimpleNamespace(materialized=given.get("materialized", "table"))
    kind = given.get("resource_type", "model")
    return SimpleNamespace(
        name=name, alias=name, schema=schema, database=database, resource_type=kind, config=config, identifier=name
    )


def manifest(*nodes: SimpleNamespace, sources: tuple[SimpleNamespace, ...] = ()) -> SimpleNamespace:
    return SimpleNamespace(
        nodes={node.name: node for node in nodes}, sources={source.name: source for source in sources}
    )


def test_what_would_be_built_outside_of_the_replay_is_named(tmp_path: Path):
    beside = place(tmp_path / "ours.duckdb", "schema", "replay_a")
    inside = (
        node("a", "replay_a", "ours"),
        node("b", "replay_a_ledger", "Ours"),
        node("c", "anywhere", "ours", materialized="ephemeral"),
        node("d", "anywhere", "ours", resource_type="test"),
    )
    refuse_elsewhere(beside, manifest(*inside))
    outside = (
        node("e", "replay_ab", "ours"),
        *(node(f"f{number}", "main", "ours") for number in range(5)),
        node("g", "replay_a", "lake"),
        node("h", "replay_a", "ours", materialized="external"),
    )
    with pytest.raises(ReplayError) as found:
        refuse_elsewhere(beside, manifest(*inside, *outside))
    text = str(found.value)
    assert "4 problems. Nothing was written." in text
    assert "database lake: g would be built there" in text
    assert "files: h would be built there" in text
    assert "schema main: f0, f1, f2 and 2 more would be built there, outside of" in text
    assert "schema replay_ab: e would be built there" in text
    own = place(tmp_path / "own.duckdb", "file", "main")
    refuse_elsewhere(own, manifest(node("a", "anywhere", "own")))
    with pytest.raises(ReplayError, match="database ours: a would be built there"):
        refuse_elsewhere(own, manifest(node("a", "main", "ours")))
    refuse_elsewhere(place(tmp_path / "ours.duckdb", "target", "main"), manifest(*outside))


def test_a_replay_removes_what_is_its_own(tmp_path: Path):
    path = tmp_path / "own.duckdb"
    with duckdb.connect(str(path)) as connection:
        for name in ("main", "raw", "replay_a", "replay_a_ledger", "replay_ab"):
            connection.execute(f"create schema if not exists {name}")
            connection.execute(f"create table {name}.t as select 1 as x")
    built = (node("t", "replay_a", "own"), node("u", "replay_a_ledger", "own"))
    emptied(place(path, "schema", "replay_a"), manifest(*built))
    with duckdb.connect(str(path)) as connection:
        left = connection.execute("select table_schema from information_schema.tables order by 1").fetchall()
    assert left == [("main",), ("raw",), ("replay_ab",)]

    # A table that the project builds is no source, also where it is declared as one: it is what the last run left.
    both = manifest(node("t", "main", "own"), sources=(node("t", "raw", "own"), node("u", "raw", "own")))
    for kind in ("file", "target"):
        with pytest.raises(
            ReplayError, match=r"--fresh: would remove raw\.t, which no build brings back, with .*own"
        ):
            emptied(place(path, kind, "main"), both)
        assert path.exists()
    emptied(place(path, "file", "main"), manifest(node("t", "main", "own"), sources=(node("t", "main", "own"),)))
    assert not path.exists()
    emptied(place(path, "file", "main"), both)


def test_the_profile_of_a_replay_is_that_of_the_target_but_for_the_place(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("ML_LEDGER_SCHEMA", "as_before")
    where = place(tmp_path / "own.duckdb", "file", "analytics")
    with profile_of(where) as folder:
        written = yaml.safe_load((folder / "profiles.yml").read_text())
        assert os.environ["ML_LEDGER_SCHEMA"] == "analytics", "which sources may ask for"
        assert folder.stat().st_mode & 0o077 == 0, "it may hold passwords"
    settings = {
        "type": "duckdb",
        "path": str(tmp_path / "own.duckdb"),
        "threads": 2,
        "secret": "{{ env_var('S') }}",
    }
    assert written == {"shop": {"target": "dev", "outputs": {"dev": settings | {"schema": "analytics"}}}}
    assert not folder.exists()
    assert os.environ["ML_LEDGER_SCHEMA"] == "as_before"
    with profile_of(place(tmp_path / "ours.duckdb", "target", "main")) as folder:
        assert folder == tmp_path, "the profile itself"
