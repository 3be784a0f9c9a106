"""What the rule of integration_tests decides, why, and that a changed expression is found out."""

import json
import re

import duckdb
from conftest import Project


def check_rule(project: Project) -> None:
    """Fails where a decision, a reason or the replay is not as expected. Changes the version of renewal_call."""
    decided = "from analytics.ml_predictions where ml_model = 'renewal_call'"
    assert project.query(
        f"select rejected_because, decision, count(*) {decided} and score is null group by all order by all"
    ) == [
        ("no coefficient applies to country = Österreich", "call", 4),
        ("no coefficient applies to seats = 50", "call", 8),
        ("the rule gives 1.0208333333333333, which is no valid score", "call", 3),
        ("the rule gives no value", "call", 10),
    ]
    ((mean,),) = project.query(
        "select reference from analytics.ml_coefficients where ml_model = 'renewal_call' and expression is not null"
    )
    for score, reasons in project.query(f"select score, reasons {decided} and score is not null limit 20"):
        (reason,) = json.loads(reasons)
        assert (reason["feature"], reason["value"]) == ("rule", None)
        assert abs(reason["contribution"] - (score - mean)) < 1e-12
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute(
            "update analytics.renewal_call_versions set coefficients = replace(coefficients, '1.002e0', '1.003e0')"
        )
    project.dbt("run", "--select", "ml_decision_terms")
    output = project.dbt("test", "--select", "ml_decision_replay", succeeds=False)
    assert re.search(r"FAIL \d+ decision_replays_ml_decision_replay", output), output
