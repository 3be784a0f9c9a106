"""What is recorded does not depend on the time zone of the session, of the machine or of whoever builds."""

import re
import subprocess

from conftest import Project

# Half a day ahead of UTC, and half an hour beside the hour, behind it.
AHEAD, BEHIND = "Pacific/Auckland", "America/St_Johns"
CLOCK = "1997-12-31"
# What is drawn at random, is the wall clock's, or rests on either; and how far a fit is from the optimum.
OF_THE_RUN = "recorded_at|.*invocation_id|decision_id|deployment_id|.*salt|.*hash|predicted_by|diagnostics"
LONG_NUMBER = re.compile(r"-?\d+\.\d{6,}(e[-+]?\d+)?")


def build(project: Project, zone: str) -> None:
    """In a process of its own: a zone is read once."""
    done = subprocess.run(
        project.command("run", "--vars", f"{{ml_clock: '{CLOCK}'}}"),
        cwd=project.folder,
        env=project.environment() | {"TZ": zone},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def contents(project: Project) -> dict[str, list[str]]:
    """Every row of every table, but for what is of the run; numbers to six digits, since threads sum in any order."""
    columns = project.query(
        "select table_name, string_agg('\"' || column_name || '\"', ', ' order by column_index) from duckdb_columns()"
        " where table_name in (select table_name from duckdb_tables())"
        f" and not regexp_full_match(column_name, '{OF_THE_RUN}') group by 1 order by 1"
    )
    return {
        name: sorted(
            LONG_NUMBER.sub(lambda found: f"{float(found[0]):.6g}", str(row))
            for row in project.query(f"select {chosen} from {name}")
        )
        for name, chosen in columns
    }


def test_builds_under_several_zones_record_the_same(built: Project, unbuilt: Project):
    unbuilt.dbt("seed")
    build(unbuilt, AHEAD)
    ahead, of_the_suite = contents(unbuilt), contents(built)
    assert len(ahead["repurchase_predictions"]) == 2357
    for name, rows in of_the_suite.items():
        assert ahead[name] == rows, name
    recorded = unbuilt.ledger()
    build(unbuilt, BEHIND)
    assert unbuilt.ledger() == recorded, "nothing is appended"
    assert unbuilt.query("select count(*) from ml_integrity") == [(0,)]
