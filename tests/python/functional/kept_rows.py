"""Kept training sets of every family, and erasing a person from all ML models at once."""

from conftest import Project

from ml_ledger.commands.reproduce import reproduce

ML_MODELS = ("account_segment", "churn", "next_plan", "next_spend", "renewal_call", "spend_paired", "tickets")


def check_reproduced(project: Project) -> None:
    for ml_model in ML_MODELS:
        if ml_model != "next_spend":  # keeps members only
            found = reproduce(ml_model, 1, project.warehouse)
            assert found.succeeded, found.text
    assert project.query(
        "select ml_model, count(*) > 2000 from analytics.ml_training_rows group by 1 order by 1"
    ) == [(ml_model, True) for ml_model in ML_MODELS]


def check_erased_everywhere(project: Project) -> None:
    project.dbt("run-operation", "ml_erase", "--args", '{entity_id: "11", reason: request 7}')
    assert project.query(
        "select ml_model, count(*) from analytics.ml_deployment_events where event = 'erased' group by 1 order by 1"
    ) == [(ml_model, 1) for ml_model in ML_MODELS]
    assert project.query("select count(*) from analytics.ml_training_rows where entity_id = '11'") == [(0,)]
    assert project.query("select * from analytics.ml_integrity where table_name like '%_predictions'") == []
