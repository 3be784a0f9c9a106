"""The project installed as a package, by a project with ML models of its own."""

import hashlib
import math
from pathlib import Path

import duckdb
import numpy as np
import onnxruntime
from changed_decisions import NO_VALUE, check_changes
from conftest import ROOT, Project, copied_project, shutil
from group_decisions import check_groups, check_value
from kept_rows import check_erased_everywhere, check_reproduced
from pair_decisions import check_pairs
from recorded_runs import check_failed_run, check_runs
from rule_decisions import check_rule
from segments import check_segments
from training_findings import check_training_findings

from ml_ledger.commands.verify import verify


def installed(folder: Path) -> Project:
    copied_project(folder / "ml_ledger", sample=False)
    user = folder / "ml_ledger" / "integration_tests"
    shutil.copytree(
        ROOT / "integration_tests",
        user,
        ignore=shutil.ignore_patterns("dbt_packages", "target", "logs", "*.duckdb*"),
    )
    project = Project(user)
    project.dbt("deps")
    return project


def assert_dates_are_one_feature(project: Project):
    """However many parts of them are terms, or are split on by trees."""
    assert project.query(
        "select distinct features from analytics.ml_versions where contains(features, 'signed_up') order by 1"
    ) == [
        ('["logins", "seats", "spent", "plan", "is_trial", "signed_up"]',),
        ('["spent", "seats", "is_trial", "signed_up"]',),
    ]
    assert project.query(
        "select rejected_because, count(*) from analytics.ml_predictions"
        " where ml_model = 'next_spend' and status = 'rejected' group by 1"
    ) == [("signed_up is missing", 2)]
    assert project.query(
        "select imputed_features, count(*) from analytics.ml_predictions where ml_model = 'next_plan' group by 1"
        " order by 1"
    ) == [("", 398), ("signed_up", 2)]
    assert project.query(
        "select distinct transform from analytics.ml_tree_nodes where feature = 'signed_up' order by 1"
    ) == [("weekday",), ("year",)], "trees split on dates, so that their replay is tested"


def test_an_ml_model_of_another_project(tmp_path: Path):
    project = installed(tmp_path)
    output = project.dbt("build", unit_tests=True)
    assert "WARN" not in output.replace("WARN=0", "")
    assert "repurchase" not in output, "the shipped example is off"
    assert project.query(
        "select count(*), count(decision), count(threshold), min(score) > 0 from analytics.ml_predictions"
        " where ml_model = 'next_spend' and status = 'scored'"
    ) == [(398, 0, 0, True)]
    with_schema = "select count(*), min(version) from analytics.ml_predictions where ml_model = 'churn'"
    assert project.query(with_schema) == [(400, 1)]
    assert project.query("select ml_model, event from analytics.ml_alert_checks") == [("churn", "checked")]
    assert project.query(
        "select rejected_because, decision, count(*) from analytics.ml_predictions where status = 'rejected'"
        " and ml_model in ('churn', 'tickets') group by all order by all"
    ) == [
        ("no coefficient applies to age_days = -1", "ask", 2),
        ("no coefficient applies to age_days = -1", "leave", 2),
        ("no coefficient applies to country = Österreich", "ask", 4),
        ("no coefficient applies to country = Österreich", "leave", 4),
    ]
    assert_scored_by_the_stored_estimator(project)
    assert_dates_are_one_feature(project)
    check_training_findings(project)
    assert project.query(
        "select clipped_features, count(*) from analytics.ml_predictions where ml_model = 'churn' group by 1 order by 1"
    ) == [
        ("", 328),
        ("seats", 72),
    ]
    said = verify(project.warehouse).splitlines()
    assert [line.split(": ", 1)[1] for line in said] == [
        "1 versions, 1 deployments, 1 batches, 400 predictions: intact"
    ] * 7, "the schema is not main"
    project.dbt("build")
    assert project.query(with_schema) == [(400, 1)]
    check_runs(project)
    assert project.query(
        "select ml_model, count(*) from analytics.ml_decision_replay where difference <= 1e-12"
        " group by 1 order by 1"
    ) == [
        ("account_segment", 400),
        ("churn", 394),
        ("next_plan", 400),
        ("next_spend", 398),
        ("renewal_call", 375),
        ("spend_paired", 396),
    ]
    assert project.query("select version from analytics.ml_version_as_of('churn', timestamp '2024-10-01')") == [
        (1,)
    ]
    assert project.query(
        "select relation, check_name, sum(row_count), max(source_rows) from analytics.ml_quarantine group by all"
    ) == project.query(
        "select 'quarantined_account_features', 'age_possible', count(*), 400 from analytics.account_features"
        " where age_days < 0"
    )
    check_reproduced(project)
    changes = check_changes(project, "churn", "analytics")
    assert min(changes["value"], changes["level"], changes[NO_VALUE]) > 10
    assert project.query(
        "select feature, min(cast(changed_value as double)) >= 0, max(cast(changed_value as double)) <= 1000"
        " from analytics.ml_decision_changes where ml_model = 'churn' and feature in ('seats', 'age_days')"
        " and changed_to = 'value' and (feature <> 'seats' or cast(changed_value as double) not between 1 and 40)"
        " group by 1"
    ) == [("age_days", True, True)], "declared bounds"
    assert project.query(
        "select distinct ml_model, no_change_because from analytics.ml_decision_changes"
        " where ml_model <> 'churn' and no_change_because <> 'it has no score' order by 1"
    ) == [
        ("next_plan", "the version has trees"),
        ("renewal_call", "the version is a rule"),
        ("tickets", "the version is an estimator"),
    ]
    check_segments(project)
    check_pairs(project)
    check_rule(project)
    check_groups(project)
    check_value(project)
    check_erased_everywhere(project)
    clustering, churn = (f"models/{name}_training_set.sql" for name in ("account_segment", "churn"))
    project.edit(clustering, ") }}", ", labels=ref('account_labels')) }}")
    assert "'account_segment': task clustering takes no labels, every other task does; got task clustering" in (
        project.dbt("compile", "--select", clustering)
    )
    project.edit("dbt_project.yml", ", labels: account_labels}", "}")
    output = project.dbt("compile", "--select", churn)
    assert "got task binary and no labels. Fix: declare relations.labels, or correct the task." in output
    assert_scores_are_required(project)


def assert_scored_by_the_stored_estimator(project: Project) -> None:
    """The predictions of `tickets` are what onnxruntime makes of the stored bytes and the raw features."""
    rows = project.query(
        "select p.score, p.decision, f.logins, f.seats, f.spent, f.age_days, f.country, f.is_trial"
        " from analytics.ml_predictions as p inner join analytics.account_features as f"
        " on p.entity_id = cast(f.account_id as varchar) and p.as_of = f.month"
        " where p.ml_model = 'tickets' and p.status = 'scored'"
    )
    assert len(rows) == 394
    codes = {"Peru": 0, "Côte d'Ivoire": 1}
    design = [
        [logins, math.nan if seats is None else seats, float(spent), age_days, codes[country], is_trial]
        for _, _, logins, seats, spent, age_days, country, is_trial in rows
    ]
    ((onnx, sha256),) = project.query("select onnx, estimator_sha256 from analytics.tickets_versions")
    assert hashlib.sha256(onnx).hexdigest() == sha256
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    probabilities = session.run(None, {session.get_inputs()[0].name: np.array(design, dtype=np.float64)})[1]
    scores = np.array([row[0] for row in rows])
    assert np.max(np.abs(scores - probabilities[:, 1])) < 1e-12
    assert np.std(scores) > 0.1
    assert [row[1] for row in rows] == ["write" if score >= 0.5 else "wait" for score in scores]
    assert project.query(
        "select replayable, count(*), count(replayed_score), count(replayed_decision), count(difference)"
        " from analytics.ml_decision_replay where ml_model = 'tickets' group by 1"
    ) == [(False, 400, 0, 0, 0)]
    assert project.query(
        "select distinct reasons from analytics.ml_predictions where ml_model = 'tickets' and status = 'scored'"
    ) == [("[]",)]
    ((shown,),) = project.query("select estimator_sha256 from analytics.ml_versions where ml_model = 'tickets'")
    assert shown == sha256


def assert_scores_are_required(project: Project) -> None:
    """Without the estimator's scores the build stops, instead of rejecting every entity for good."""
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute("delete from analytics.tickets_scores where entity_id = '11'")
    output = project.dbt("run", "--select", "tickets_predictions", succeeds=False)
    assert "has no row of version 1 as champion for entity 11 at 2024-09-01" in output
    assert "dbt build --select +tickets_predictions" in output
    check_failed_run(project, "tickets_predictions", "has no row of version 1 as champion for entity 11")
    project.edit("dbt_project.yml", "      relations: {features: account_features, labels: account_tickets}\n", "")
    project.edit("models/tickets_predictions.sql", "('tickets')", "('tickets', features=ref('account_features'))")
    output = project.dbt("run", "--select", "tickets_predictions", succeeds=False)
    assert "version 1 of tickets is live as champion and is an estimator" in output
    assert "scores=ref('tickets_scores')" in output


def test_a_project_that_declares_nothing_yet(tmp_path: Path):
    project = installed(tmp_path)
    for file in [
        *project.folder.glob("models/*_training_set.sql"),
        *project.folder.glob("models/*_training_rows.sql"),
        *project.folder.glob("models/*_deployments.sql"),
        *project.folder.glob("models/*_predictions.sql"),
        *project.folder.glob("models/*_batches.sql"),
        *project.folder.glob("models/*_outcomes.sql"),
        *project.folder.glob("models/*_alerts.sql"),
        *project.folder.glob("python_models/*"),
    ]:
        file.unlink()
    text = (project.folder / "dbt_project.yml").read_text()
    start, end = text.index("  ml_models:"), text.index("models:\n  integration_tests")
    (project.folder / "dbt_project.yml").write_text(text[:start] + "\n" + text[end:])
    project.dbt("build", unit_tests=True)
    assert project.query("select count(*) from analytics.ml_versions") == [(0,)]
