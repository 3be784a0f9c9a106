"""What the installed project says of decisions about groups of accounts, and of what decisions are worth."""

import pytest
from conftest import Project


def check_groups(project: Project) -> None:
    """The gate compares regions; in use, once labels have matured, every rate is that of a query over predictions."""
    assert project.query(
        "select check_name, passed from analytics.ml_gate_checks where check_name like 'fairness%' order by 1"
    ) == [
        ("fairness region = islands: calibration gap, too few rows", True),
        ("fairness region = islands: selection rate ratio, too few rows", True),
        ("fairness region = north: calibration gap", True),
        ("fairness region = south: calibration gap", True),
        ("fairness region = south: selection rate ratio", True),
    ]
    assert project.query("select count(*) from analytics.ml_fairness") == [(0,)], "no label has matured"
    project.dbt("run", "--select", "churn_outcomes", "churn_performance", clock="2024-11-30")
    counted = project.query(
        "select f.region, count(*), avg(cast(p.decision = 'call' as double)),"
        " avg(cast(p.decision = 'call' as double)) filter (where l.churned) from analytics.ml_predictions as p"
        " inner join analytics.account_features as f"
        " on p.entity_id = cast(f.account_id as varchar) and p.as_of = f.month"
        " inner join analytics.account_labels as l on f.account_id = l.account_id and f.month = l.month"
        " where p.ml_model = 'churn' and p.score is not null group by 1 order by 1"
    )
    found = project.query(
        "select group_name, n, selection_rate, true_positive_rate, is_too_small, selection_rate_ratio"
        " from analytics.ml_fairness where ml_model = 'churn' and attribute = 'region' order by 1"
    )
    assert [row[0] for row in found] == ["islands", "north", "south"]
    assert [row[:4] for row in found] == [pytest.approx(row, abs=1e-12) for row in counted]
    rates = {row[0]: row[2] for row in counted}
    assert [row[4] for row in found] == [True, False, False]
    assert [row[5] for row in found[:2]] == [None, None]
    assert found[2][5] == pytest.approx(rates["south"] / rates["north"], abs=1e-12)


def check_value(project: Project) -> None:
    """Before and after labels mature, differences are those of the scorers."""
    found = project.query(
        "select kind, scored_by, unit, value, version_gains, against_no_model from analytics.ml_value"
        " where ml_model = 'churn' order by kind, scored_by"
    )
    assert [row[:3] for row in found] == [
        (kind, scorer, "euros")
        for kind in ("estimated", "realised")
        for scorer in ("baseline:constant", "baseline:seldom_in", "policy:everybody", "policy:nobody", "self")
    ]
    ((acted,),) = project.query(
        "select sum(case when l.churned then 30 else -30 end) from analytics.ml_predictions as p"
        " inner join analytics.account_labels as l"
        " on p.entity_id = cast(l.account_id as varchar) and p.as_of = l.month"
        " where p.ml_model = 'churn' and p.score is not null and p.decision = 'call'"
    )
    realised = {row[1]: row[3:] for row in found if row[0] == "realised"}
    assert realised["self"][0] == pytest.approx(acted, abs=1e-9)
    assert realised["policy:nobody"][1] == pytest.approx(acted, abs=1e-9)
    assert realised["self"][2] == min(realised["policy:nobody"][1], realised["policy:everybody"][1])
