"""The `ml-ledger` command, run as a person runs it."""

import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
from conftest import Project


def ml_ledger(project: Project, *arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "ml-ledger"), *arguments],
        cwd=project.folder,
        env=project.environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_show_prints_the_live_version_and_decisions(built: Project):
    text = ml_ledger(built, "show", "repurchase")
    assert "Reading warehouse.duckdb, schema main, target embedded of profile ml_ledger" in text
    assert "repurchase: version 1 (logistic) is live" in text
    for part in ("(intercept)", "mean_gap_days        missing", "baseline recency", "send_offer", "recency_days"):
        assert part in text
    assert "no version of ML model 'repurchases' is live. ML models with versions: repurchase." in ml_ledger(
        built, "show", "repurchases", code=1
    )
    assert "nowhere.duckdb: does not exist" in ml_ledger(
        built, "show", "repurchase", "--warehouse", "nowhere.duckdb", code=1
    )
    (built.folder / "text.txt").write_text("not a database")
    assert "text.txt: cannot be opened" in ml_ledger(
        built, "show", "repurchase", "--warehouse", "text.txt", code=1
    )


def test_validate_reports_every_problem(unbuilt: Project):
    assert "dbt_project.yml: 1 valid: repurchase" in ml_ledger(unbuilt, "validate")
    unbuilt.declare(lambda d: d.update(treshold=0.3, entity=["customer_id"]))
    text = ml_ledger(unbuilt, "validate", code=1)
    assert "2 problems" in text
    assert "treshold: unknown key" in text
    assert "No such file" in ml_ledger(unbuilt, "validate", "--project", "elsewhere", code=1)
    unbuilt.edit("dbt_project.yml", "ml_models:", "others:")
    assert "declares no ML model" in ml_ledger(unbuilt, "validate")


def test_replay_walks_the_clock_beside_production(built: Project):
    for folder in ("models/audit", "analyses"):  # what a replay does not depend on
        shutil.rmtree(built.folder / folder)
    built.edit(
        "profiles.yml", "{{ env_var('ML_LEDGER_SCHEMA', 'main') }}", "main"
    )  # nothing that a replay could set
    production = built.ledger()
    artifacts = artifacts_of(built)
    (built.folder / "other.yml").write_text("repurchase: {training: {retrain_after_days: 30, seed: 1}}")
    with duckdb.connect(str(built.warehouse)) as connection:
        connection.execute("create schema replay_other")
        connection.execute("create table replay_other.repurchase_versions as select 1 as of_an_earlier_replay")
        connection.execute("create schema replay_other_too")
    text = ml_ledger(
        built,
        "replay",
        "--from",
        "1997-11-15",
        "--to",
        "1998-03-31",
        "--every",
        "quarter",
        "--spec",
        "other.yml",
        "--fresh",
    )
    assert "Replaying 2 quarters, 1997-12-31 to 1998-03-31, into warehouse.duckdb, schema replay_other" in text
    assert "2/2  1998-03-31  live: repurchase version 2; 2,357 decisions; trained repurchase version 2" in text
    assert "         repurchase version 2: version 1 is 90 days old (limit 30)" in text
    assert "  main version 1, 1997-12-31: first version" in text, "side by side"
    assert built.query(
        "select version, valid_from::date::varchar from replay_other.ml_deployments order by 1"
    ) == [
        (1, "1997-12-31"),
        (2, "1998-03-31"),
    ]
    assert built.query(
        "select decided_at::date::varchar, count(*) from replay_other.ml_predictions group by 1 order by 1"
    ) == [
        ("1997-12-31", 2357),
        ("1998-03-31", 2357),
    ]
    assert built.query("select count(*) from duckdb_tables() where table_name like '%dbt_tmp%'") == [(0,)]
    assert built.ledger() == production
    assert artifacts_of(built) == artifacts, "what dbt says of its last build"
    assert built.query("select count(*) from duckdb_schemas() where schema_name = 'replay_other_too'") == [(1,)]
    assert "version 1 (logistic) is live" in ml_ledger(built, "show", "repurchase"), "that of production"


def artifacts_of(project: Project) -> dict[str, bytes]:
    """What dbt keeps of its last build, but for what it keeps for a replay."""
    return {path.name: path.read_bytes() for path in (project.folder / "target").iterdir() if path.is_file()}


def test_replay_builds_into_a_file_of_its_own_or_into_a_target_that_is_named(unbuilt: Project):
    """The path of the profile is another file than the default, and nothing asks for it."""
    for folder in ("models/audit", "analyses"):
        shutil.rmtree(unbuilt.folder / folder)
    unbuilt.edit("profiles.yml", "{{ env_var('ML_LEDGER_WAREHOUSE', 'warehouse.duckdb') }}", "ours.duckdb")
    between = ("replay", "--from", "1997-12-31", "--to", "1997-12-31", "--fresh")
    with duckdb.connect(str(unbuilt.folder / "ours.duckdb")) as connection:
        connection.execute("create table of_somebody as select 1 as number")
    ours = (unbuilt.folder / "ours.duckdb").read_bytes()
    assert "replay: does not know where to build" in ml_ledger(unbuilt, *between, code=1)
    text = ml_ledger(unbuilt, *between, "--warehouse", "own.duckdb")
    assert "Replaying 1 month, 1997-12-31 to 1997-12-31, into own.duckdb, schema main" in text
    assert "1/1  1997-12-31  live: repurchase version 1; 2,357 decisions" in text
    assert (unbuilt.folder / "ours.duckdb").read_bytes() == ours
    assert sorted(path.name for path in unbuilt.folder.glob("*.duckdb")) == ["ours.duckdb", "own.duckdb"]

    text = ml_ledger(unbuilt, *between, "--into-target", "embedded")
    place = "into ours.duckdb, schema main, target embedded of profile ml_ledger"
    assert f"Replaying 1 month, 1997-12-31 to 1997-12-31, {place}" in text
    with duckdb.connect(str(unbuilt.folder / "ours.duckdb"), read_only=True) as connection:
        assert connection.execute("select version from ml_versions").fetchall() == [(1,)]
        assert (
            connection.execute("select 1 from duckdb_tables() where table_name = 'of_somebody'").fetchall() == []
        )


def test_replay_refuses_a_project_that_builds_elsewhere(unbuilt: Project):
    (unbuilt.folder / "macros" / "elsewhere.sql").write_text(
        "{% macro generate_schema_name(custom_schema_name, node) %}main{% endmacro %}"
    )
    between = ("--from", "1997-11-30", "--to", "1997-12-31")
    message = ml_ledger(unbuilt, "replay", *between, "--schema", "replay_a", code=1)
    assert "replay: 1 problem. Nothing was written." in message
    assert " more would be built there, outside of warehouse.duckdb, schema replay_a." in message
    assert "1. schema main: " in message
    assert "Fix: let the macro generate_schema_name begin with target.schema." in message
    assert not unbuilt.warehouse.exists()


def test_replay_refuses_what_makes_no_sense(unbuilt: Project):
    between = ("--from", "1997-11-30", "--to")
    assert "--from: must not be after --to" in ml_ledger(unbuilt, "replay", *between, "1997-01-31", code=1)
    assert "--to: must be a date that exists; got 'soon'" in ml_ledger(unbuilt, "replay", *between, "soon", code=1)
    kept = unbuilt.folder / "kept.md"
    kept.write_text("# Kept\n\nNot a database.\n")
    assert "would remove kept.md, which is not a DuckDB file" in ml_ledger(
        unbuilt, "replay", *between, "1997-12-31", "--fresh", "--warehouse", "kept.md", code=1
    )
    assert kept.exists()
    message = ml_ledger(unbuilt, "replay", *between, "1997-12-31", "--schema", "main", code=1)
    assert "--schema: is no name of a replay's schema; got 'main'." in message
    (unbuilt.folder / "other.yml").write_text("{repurchases: {}, repurchase: [x]}")
    message = ml_ledger(unbuilt, "replay", *between, "1997-12-31", "--spec", "other.yml", code=1)
    assert "repurchases: is not declared. Allowed: repurchase. Fix: did you mean 'repurchase'." in message
    assert "other.yml: repurchase: must be a mapping of keys; got list." in message
