"""The `ml-ledger` command, run as a person runs it."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from conftest import Project

from ml_ledger.commands.replay import month_ends


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


def test_replay_walks_the_clock(unbuilt: Project):
    text = ml_ledger(
        unbuilt,
        "replay",
        "--from",
        "1997-11-15",
        "--to",
        "1998-02-28",
        "--fresh",
        "--warehouse",
        "warehouse.duckdb",
    )
    assert "4/4  1998-02-28  live: repurchase version 2; 2,357 decisions; trained repurchase version 2" in text
    assert unbuilt.query("select version, valid_from::date::varchar from ml_deployments order by 1") == [
        (1, "1997-11-30"),
        (2, "1998-02-28"),
    ]
    assert unbuilt.query("select count(*) from ml_decision_audit where version = live_version") == [(4 * 2357,)]
    assert unbuilt.query("select count(*) from duckdb_tables() where table_name like '%dbt_tmp%'") == [(0,)]


def test_replay_refuses_what_makes_no_sense(unbuilt: Project):
    between = ("--from", "1997-11-30", "--to")
    assert "--from: must not be after --to" in ml_ledger(unbuilt, "replay", *between, "1997-01-31", code=1)
    assert "--to: must be a date; got 'soon'" in ml_ledger(unbuilt, "replay", *between, "soon", code=1)
    kept = unbuilt.folder / "kept.md"
    kept.write_text("# Kept\n\nNot a database.\n")
    assert "would remove kept.md, which is not a DuckDB file" in ml_ledger(
        unbuilt, "replay", *between, "1997-12-31", "--fresh", "--warehouse", "kept.md", code=1
    )
    assert kept.exists()


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("1997-11-30", "1998-02-28", ["1997-11-30", "1997-12-31", "1998-01-31", "1998-02-28"]),
        ("1997-11-15", "1997-12-31", ["1997-11-30", "1997-12-31"]),
        ("1997-12-31", "1998-02-10", ["1997-12-31", "1998-01-31", "1998-02-10"]),
        ("1998-02-03", "1998-02-10", ["1998-02-10"]),
    ],
)
def test_month_ends(start, end, expected):
    got = month_ends(date.fromisoformat(start), date.fromisoformat(end))
    assert [str(day) for day in got] == expected
