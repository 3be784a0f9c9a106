"""Findings about the training sets of integration_tests: of the ML models that ask for them."""

from __future__ import annotations

from conftest import Project


def check_training_findings(project: Project) -> None:
    assert project.query(
        "select ml_model, min(rank), max(rank) = count(*), count_if(severity = 'error'),"
        " any_value(rows_of_training_set),"
        " bool_and(training_set_fingerprint in (select training_set_fingerprint from analytics.ml_versions))"
        " from analytics.ml_training_quality group by 1 order by 1"
    ) == [
        ("account_segment", 1, True, 0, 3200, True),
        ("next_plan", 1, True, 0, 2400, True),
        ("next_spend", 1, True, 0, 2400, True),
    ]
    assert project.query(
        "select allowed, value < allowed, severity from analytics.ml_training_quality where check_name ="
        " 'benchmark'"
    ) == [(0.9, True, "warn")]
    assert project.query("select check_name, severity from analytics.account_segment_training_quality") == [
        ("nothing_found", "info")
    ]
