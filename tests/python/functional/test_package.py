"""The project installed as a package, by a project with ML models of its own."""

from pathlib import Path

from conftest import ROOT, Project, copied_project, shutil
from rule_decisions import check_rule
from segments import check_segments


def installed(folder: Path) -> Project:
    copied_project(folder / "ml_ledger", sample=True)
    user = folder / "ml_ledger" / "integration_tests"
    shutil.copytree(
        ROOT / "integration_tests",
        user,
        ignore=shutil.ignore_patterns("dbt_packages", "target", "logs", "*.duckdb*"),
    )
    project = Project(user)
    project.dbt("deps")
    return project


def test_an_ml_model_of_another_project(tmp_path: Path):
    project = installed(tmp_path)
    output = project.dbt("build")
    assert "WARN" not in output.replace("WARN=0", "")
    assert "repurchase" not in output, "the shipped example is off"
    assert project.query(
        "select count(*), count(decision), count(threshold), min(score) > 0 from analytics.ml_predictions"
        " where ml_model = 'next_spend' and status = 'scored'"
    ) == [(400, 0, 0, True)]
    with_schema = "select count(*), min(version) from analytics.ml_predictions where ml_model = 'churn'"
    assert project.query(with_schema) == [(400, 1)]
    assert project.query(
        "select rejected_because, decision, count(*) from analytics.ml_predictions where status = 'rejected'"
        " and ml_model = 'churn' group by all order by all"
    ) == [
        ("no coefficient applies to age_days = -1", "leave", 2),
        ("no coefficient applies to country = Österreich", "leave", 4),
    ]
    assert project.query(
        "select clipped_features, count(*) from analytics.ml_predictions where ml_model = 'churn' group by 1 order by 1"
    ) == [
        ("", 328),
        ("seats", 72),
    ]
    project.dbt("build")
    assert project.query(with_schema) == [(400, 1)]
    assert project.query(
        "select ml_model, count(*) from analytics.ml_decision_replay where difference <= 1e-12"
        " group by 1 order by 1"
    ) == [
        ("account_segment", 400),
        ("churn", 394),
        ("next_plan", 400),
        ("next_spend", 400),
        ("renewal_call", 375),
    ]
    assert project.query("select version from analytics.ml_version_as_of('churn', timestamp '2024-10-01')") == [
        (1,)
    ]
    check_segments(project)
    check_rule(project)
    clustering, churn = (f"models/{name}_training_set.sql" for name in ("account_segment", "churn"))
    project.edit(clustering, ")) }}", "), labels=ref('account_labels')) }}")
    output = project.dbt("compile", "--select", clustering, succeeds=False)
    assert (
        "'account_segment': task clustering takes no labels, every other task does; got task clustering" in output
    )
    project.edit(churn, ", labels=ref('account_labels')", "")
    output = project.dbt("compile", "--select", churn, succeeds=False)
    assert "got task binary and no labels. Fix: pass labels=ref(...), or correct the task." in output


def test_a_project_that_declares_nothing_yet(tmp_path: Path):
    project = installed(tmp_path)
    for file in [
        *project.folder.glob("models/*_training_set.sql"),
        *project.folder.glob("models/*_deployments.sql"),
        *project.folder.glob("models/*_predictions.sql"),
        *project.folder.glob("python_models/*"),
    ]:
        file.unlink()
    text = (project.folder / "dbt_project.yml").read_text()
    start, end = text.index("  ml_models:"), text.index("models:\n  integration_tests")
    (project.folder / "dbt_project.yml").write_text(text[:start] + "\n" + text[end:])
    project.dbt("build")
    assert project.query("select count(*) from analytics.ml_versions") == [(0,)]
