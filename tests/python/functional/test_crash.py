"""A build that is killed leaves nothing half done; the next one completes and every test passes."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import Project

from ml_ledger.commands.verify import verify

# How many builds are killed at random moments; `make crash` kills 20.
KILLS = int(os.environ.get("ML_LEDGER_KILLS", "2"))
ROWS = {
    "repurchase_versions": 2,
    "repurchase_deployments": 2,
    "repurchase_predictions": 2 * 2357,
    "repurchase_batches": 2,
}


def parsed_at(clock: str, project: Project, folder: Path) -> Project:
    """A copy whose own clock is that one: dbt parses it once, where it would parse anew for a clock in a command."""
    project = project.copy(folder)
    project.edit("dbt_project.yml", "vars:\n", f"vars:\n  ml_clock: '{clock}'\n")
    project.dbt("parse")
    return project


@pytest.fixture(scope="module")
def parsed_to_begin(unbuilt_sample: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return parsed_at("1997-12-31", unbuilt_sample, tmp_path_factory.mktemp("begin") / "project")


@pytest.fixture(scope="module")
def parsed_to_go_on(built_sample: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return parsed_at("1998-03-31", built_sample, tmp_path_factory.mktemp("go_on") / "project")


@pytest.fixture
def unbuilt(parsed_to_begin: Project, tmp_path: Path) -> Project:
    return parsed_to_begin.copy(tmp_path / "project")


@pytest.fixture
def built(parsed_to_go_on: Project, tmp_path: Path) -> Project:
    """Built at the end of 1997; its clock is now the end of March 1998, when a version is due."""
    return parsed_to_go_on.copy(tmp_path / "project")


def killed_at(project: Project, moment: str) -> None:
    """Start a build and kill it, without any chance to tidy up, when its output reaches `moment`."""
    process = subprocess.Popen(
        project.command("build", "--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"),
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
    killed_at(unbuilt, moment)
    unbuilt.dbt("build", data_tests=False)
    assert [len(rows) for rows in unbuilt.ledger().values()] == [1, 1, 2357, 1]
    assert unbuilt.query("select version, count(*) from ml_predictions group by 1") == [(1, 2357)]


def test_a_build_killed_while_it_appends_loses_nothing(built: Project):
    before = built.ledger()
    killed_at(built, "training version 2")
    assert built.ledger() == before
    built.dbt("build", data_tests=False)
    after = built.ledger()
    assert {table: len(rows) for table, rows in after.items()} == ROWS
    for table, rows in before.items():
        assert set(rows) < set(after[table])


@pytest.fixture(scope="module")
def seconds_of_a_run(parsed_to_go_on: Project, tmp_path_factory: pytest.TempPathFactory) -> float:
    """How long the run takes that the next test kills."""
    project = parsed_to_go_on.copy(tmp_path_factory.mktemp("timed") / "project")
    began = time.monotonic()
    subprocess.run(
        project.command("run"), cwd=project.folder, env=project.environment(), check=True, capture_output=True
    )
    return time.monotonic() - began


@pytest.mark.parametrize("kill", range(KILLS))
def test_a_run_that_is_killed_at_any_moment_loses_and_doubles_nothing(
    built: Project, seconds_of_a_run: float, kill: int
):
    before = built.ledger()
    # Strata, so that few kills, too, reach the start, the middle and the end.
    moment = seconds_of_a_run * (kill + random.Random(kill).random()) / KILLS
    process = subprocess.Popen(
        built.command("run"),
        cwd=built.folder,
        env=built.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(moment)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    built.dbt("run")
    after = built.ledger()
    assert {table: len(rows) for table, rows in after.items()} == ROWS, f"killed after {moment:.1f} s"
    for table, rows in before.items():
        assert set(rows) < set(after[table])
    assert built.query("select * from ml_integrity") == []
    assert verify(built.warehouse).endswith("intact")


def test_of_two_builds_at_once_the_second_says_who_holds_the_lock_and_changes_nothing(built: Project):
    first = subprocess.Popen(
        built.command("run"),
        cwd=built.folder,
        env=built.environment() | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert first.stdout is not None
    for line in first.stdout:
        if "START" in line:
            break
    second = built.dbt("run", succeeds=False)
    assert "Could not set lock" in second
    assert f"PID {first.pid}" in second
    first.communicate()
    assert first.returncode == 0
    assert {table: len(rows) for table, rows in built.ledger().items()} == ROWS
    assert verify(built.warehouse).endswith("intact")
