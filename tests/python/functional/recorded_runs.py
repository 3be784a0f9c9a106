"""What the hook at the end of every run recorded, in the project that installs the package."""

from conftest import Project


def check_runs(project: Project) -> None:
    """Two builds are recorded, training apart from scoring, with the rows that each node appended."""
    assert project.query(
        "select stage, status, row_count > 0, rows_per_second > 0, cost = seconds / 3600 * 3, currency"
        " from analytics.ml_runs where invocation_id = (select min_by(invocation_id, recorded_at) from"
        " analytics.ml_runs) and ml_model = 'churn' and stage in ('training', 'gate', 'scoring')"
        " and node not in ('churn_batches', 'churn_training_rows') order by started_at"
    ) == [
        ("training", "success", True, True, True, "EUR"),
        ("training", "success", True, True, True, "EUR"),
        ("gate", "success", True, True, True, "EUR"),
        ("scoring", "success", True, True, True, "EUR"),
    ]
    assert project.query(
        "select row_count, count(distinct invocation_id) from analytics.ml_runs where node = 'churn_predictions'"
        " group by 1 order by 1"
    ) == [(0, 1), (400, 1)], "the second build appended no prediction"
    assert project.query(
        "select node, stage, ml_model from analytics.ml_runs where node in ('account_features', 'ml_predictions')"
        " group by all order by 1"
    ) == [("account_features", "features", None), ("ml_predictions", "other", None)]
    assert project.query(
        "select stage, count(*) > 20 from analytics.ml_runs where resource_type in ('test', 'unit_test') group by 1"
    ) == [("test", True)]
    assert project.query(
        "select budget, round(spent - (select sum(seconds) from analytics.ml_runs where ml_model = 'next_plan'"
        " and invocation_id = b.invocation_id), 9), over_budget from analytics.ml_budgets as b"
        " where budget = 'seconds_per_run'"
    ) == [("seconds_per_run", 0, True)]
    assert project.query(
        "select over_budget, abs(spent - (select sum(cost) from analytics.ml_run_costs where ml_model = 'next_plan'))"
        " < 1e-12, (select sum(share_of_budget) from analytics.ml_run_costs where ml_model = 'next_plan')"
        " between spent / 1000.001 and spent / 999.999 from analytics.ml_budgets where budget = 'cost_per_month'"
    ) == [(False, True, True)]


def check_failed_run(project: Project, node: str, message: str) -> None:
    """The last run of a node failed; the log has what it said."""
    ((status, said),) = project.query(
        f"select status, message from analytics.ml_runs where node = '{node}' order by recorded_at desc limit 1"
    )
    assert status == "error"
    assert message in said
    assert "\n" not in said
