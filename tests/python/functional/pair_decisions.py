"""The pairs of features of integration_tests: as reasons, when a row is rejected, and row by row in the replay."""

import json

from conftest import Project
from test_commands import ml_ledger

PAIRS = {"spent × is_trial", "seats × plan", "plan × spent", "country × spent"}


def check_pairs(project: Project) -> None:
    decided = "from analytics.ml_predictions where ml_model = 'spend_paired'"
    assert project.query(f"select rejected_because, count(*) {decided} and score is null group by 1") == [
        ("no coefficient applies to country = Österreich", 4)
    ], "a pair is no column"
    for inputs, reasons in project.query(f"select features, reasons {decided} and score is not null"):
        inputs = json.loads(inputs)
        assert set(inputs) == {"spent", "seats", "plan", "country", "is_trial"}
        reasons = json.loads(reasons)
        assert len(reasons) == 8
        assert len(PAIRS & {reason["feature"] for reason in reasons}) >= 3
        for reason in reasons:
            value = None if reason["feature"] in PAIRS else inputs[reason["feature"]]
            assert reason["value"] == value
    # What each decision's rows of pairs say holds for its inputs, and all cases occur.
    rows = project.query(
        "select t.feature, t.applies_to, t.other_feature, t.other_applies_to, t.feature_value, t.other_value,"
        " f.spent, f.seats, f.plan, f.country, f.is_trial"
        " from analytics.ml_decision_terms as t inner join analytics.ml_predictions as p using (decision_id)"
        " inner join analytics.account_features as f"
        " on p.entity_id = cast(f.account_id as varchar) and p.as_of = f.month"
        " where t.ml_model = 'spend_paired' and t.other_feature is not null and p.score is not null"
    )
    assert len(rows) == 4 * 396
    cases = set()
    for feature, applies_to, other, other_applies_to, value, other_value, *raw in rows:
        inputs = dict(zip(("spent", "seats", "plan", "country", "is_trial"), raw, strict=True))
        for name, case, text in ((feature, applies_to, value), (other, other_applies_to, other_value)):
            assert case == case_of(name, inputs[name])
            assert (text is None) == (inputs[name] is None)
        cases.add((feature, applies_to, other_applies_to))
    assert cases >= {
        ("seats", "missing", "level"),
        ("seats", "value", "unknown"),
        ("seats", "missing", "missing"),
        ("plan", "missing", "value"),
        ("plan", "unknown", "value"),
        ("plan", "level", "value"),
        ("spent", "value", "level"),
    }
    shown = ml_ledger(project, "show", "spend_paired", "--warehouse", str(project.warehouse))
    assert "value; unknown" in shown
    assert "missing; = team 1" in shown
    assert "× spent missing" not in shown


def case_of(name: str, value: object) -> str:
    if value is None:
        return "missing"
    if name == "plan" and value == "team 2":
        return "unknown"
    return "value" if name in ("spent", "seats") else "level"
