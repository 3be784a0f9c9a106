"""A build that is killed leaves nothing half done; the next one completes and every test passes."""

import os
import signal
import subprocess

import pytest
from conftest import Project


def killed_at(project: Project, moment: str, clock: str) -> None:
    """Start a build and kill it, without any chance to tidy up, when its output reaches `moment`."""
    process = subprocess.Popen(
        project.command("build", "--exclude-resource-type", "unit_test", "--vars", f"{{ml_clock: '{clock}'}}"),
        cwd=project.folder,
        env=project.environment() | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if moment in line:
            os.killpg(process.pid, signal.SIGKILL)
            break
    else:
        pytest.fail(f"the build ended before {moment!r}")
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL


@pytest.mark.parametrize(
    "moment",
    [
        "training version 1",
        "OK created python incremental model main.repurchase_versions",
        "START sql incremental model main.repurchase_predictions",
    ],
)
def test_a_killed_build_leaves_no_half_version(unbuilt: Project, moment: str):
    killed_at(unbuilt, moment, clock="1997-12-31")
    unbuilt.dbt("build", clock="1997-12-31")
    assert [len(rows) for rows in unbuilt.ledger().values()] == [1, 1, 2357]
    assert unbuilt.query("select version, count(*) from ml_predictions group by 1") == [(1, 2357)]


def test_a_build_killed_while_it_appends_loses_nothing(built: Project):
    before = built.ledger()
    killed_at(built, "training version 2", clock="1998-03-31")
    assert built.ledger() == before
    built.dbt("build", clock="1998-03-31")
    after = built.ledger()
    assert [len(rows) for rows in after.values()] == [2, 2, 2 * 2357]
    for table, rows in before.items():
        assert set(rows) < set(after[table])
