"""An alert opens, is acknowledged or trains a version in the next run, and closes."""

import shutil

import pytest
import yaml
from conftest import ROOT, Project

ALERTS = """
{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}
{{ ml_ledger.alerts(
    'repurchase', ref('repurchase_predictions'), ref('repurchase_versions'), ref('repurchase_deployments')
) }}
"""
OLD = "repurchase/version_old/version 1/champion"


@pytest.fixture
def project(built: Project) -> Project:
    """The sample, built at the end of 1997, with alerts since; a version is old after a day."""
    models = "python_models/repurchase"
    shutil.copy(ROOT / models / "repurchase_performance.py", built.folder / models)
    file = f"{models}/_repurchase__python_nodes.yml"
    declared = yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))
    kept = ("repurchase_versions", "repurchase_performance")
    declared["models"] = [node for node in declared["models"] if node["name"] in kept]
    (built.folder / file).write_text(yaml.safe_dump(declared), encoding="utf-8")
    (built.folder / "models/repurchase/scoring/repurchase_alerts.sql").write_text(ALERTS, encoding="utf-8")
    built.declare(
        lambda declared: declared.update(
            monitoring={"alerts": {"version_days": 1}}, retraining={"on_alerts": ["version_old"]}
        )
    )
    return built


def open_alerts(project: Project) -> list[tuple]:
    return project.query("select alert_id, first_seen::date::text, acknowledged_by from ml_alerts")


def run(project: Project, clock: str) -> str:
    """Everything that alerts need; the seed is there."""
    return project.dbt("run", "--select", "+ml_alerts", clock=clock)


def test_what_one_run_finds_the_next_one_trains(project: Project):
    output = run(project, "1998-01-31")
    assert "no new version is due" in output
    assert "ml_ledger: 1 alert open" in output
    assert (
        f"warn  {OLD} since 1998-01-31: the champion, version 1, was trained on 1997-12-31, 31 days ago" in output
    )
    assert open_alerts(project) == [(OLD, "1998-01-31", None)]

    checks = project.query("select * from ml_alert_checks order by all")
    assert "no new version is due" in run(project, "1998-01-31"), (
        "a build that is repeated trains nothing because of itself"
    )
    assert project.query("select * from ml_alert_checks order by all") == checks

    refused = project.dbt(
        "run-operation", "ml_acknowledge", "--args", "{alert: repurchase/label_drift, reason: ''}", succeeds=False
    )
    assert "2 problems. Nothing was written" in refused
    assert f"got 'repurchase/label_drift'. Allowed: {OLD}." in refused

    output = run(project, "1998-02-28")
    assert "training version 2: alert version_old since 1998-01-31: the champion, version 1" in output
    assert "ml_ledger: no alerts open" in output
    assert project.query("select alert_id, last_seen::date::text, closed_at::date::text from ml_alert_log") == [
        (OLD, "1998-01-31", "1998-02-28")
    ]


def test_what_somebody_knows_of_trains_nothing_and_does_not_warn(project: Project):
    run(project, "1998-01-31")
    assert "Warning" in project.dbt("test", "--select", "no_alert_warns")
    arguments = ("--args", f"{{alert: {OLD}, reason: the next one waits for March}}")
    when = ("--vars", "{ml_actor: eva, ml_clock: '1998-01-31'}")
    project.dbt("run-operation", "ml_acknowledge", *arguments, *when)
    assert "nothing to do" in project.dbt("run-operation", "ml_acknowledge", *arguments, *when)
    assert project.query("select count(*) from ml_alert_checks where event = 'acknowledged'") == [(1,)]
    earlier = ("--vars", "{ml_actor: eva, ml_clock: '1998-01-30'}")
    refused = project.dbt("run-operation", "ml_acknowledge", *arguments, *earlier, succeeds=False)
    assert "ml_clock: is before the check that found the alert" in refused
    assert open_alerts(project) == [(OLD, "1998-01-31", "eva")]
    assert "WARN=0" in project.dbt("test", "--select", "no_alert_warns")
    output = run(project, "1998-02-28")
    assert "no new version is due" in output
    assert "1 alert open, 1 of them acknowledged or expected" in output
    assert open_alerts(project) == [(OLD, "1998-01-31", "eva")]
