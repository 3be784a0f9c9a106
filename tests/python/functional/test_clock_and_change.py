"""Clocks that repeat or go back, declarations and columns that change: the past stays what it was."""

from conftest import Project, drop_feature


def test_a_declaration_changed_at_the_same_clock(built: Project):
    """Two deployments at one business time: what decided is told apart by when it was recorded."""
    before = built.ledger()
    built.declare(lambda declaration: declaration["decision"].update(threshold=0.3))
    built.dbt("run", clock="1997-12-31")
    built.dbt("build", clock="1997-12-31")
    after = built.ledger()
    assert [len(rows) for rows in after.values()] == [2, 2, 2357, 1]
    assert after["repurchase_predictions"] == before["repurchase_predictions"]
    assert built.query("select distinct version, live_version, threshold from ml_decision_audit") == [(1, 1, 0.2)]
    built.dbt("run", clock="1998-01-31")
    assert built.query("select distinct version, live_version, threshold from ml_decision_audit order by 1") == [
        (1, 1, 0.2),
        (2, 2, 0.3),
    ]


def test_the_clock_goes_back(built: Project):
    before = built.ledger()
    built.dbt("run", clock="1997-11-30")
    assert built.ledger() == before
    built.declare(lambda declaration: declaration["decision"].update(threshold=0.3))
    output = built.dbt("run", clock="1997-11-30")
    assert "ml_clock: a changed declaration cannot be trained in the past; got 1997-11-30" in output
    assert built.ledger() == before


def test_a_version_is_never_deployed_before_it_was_trained(built: Project):
    built.dbt("run", "--select", "+repurchase_versions", clock="1998-03-31")
    built.dbt("run", clock="1998-02-28")
    assert built.query("select version, valid_from::varchar from ml_deployments") == [(1, "1997-12-31 00:00:00")]
    built.dbt("run", clock="1998-03-31")
    assert built.query("select count(*) from ml_deployments") == [(2,)]


def test_a_renamed_feature_does_not_stop_the_ml_model(built: Project):
    built.edit(
        "models/repurchase/features/customer_purchase_features.sql",
        "select * from with_ratios",
        "select * rename (tenure_days as days_known) from with_ratios",
    )
    output = " ".join(built.dbt("run", clock="1998-01-31", succeeds=False).split())
    assert "features.tenure_days: is not a column of the training set" in output

    def renamed(declaration):
        declaration["features"]["days_known"] = declaration["features"]["tenure_days"]
        for case in declaration["smoke_cases"].values():
            if "tenure_days" in case["inputs"]:
                case["inputs"]["days_known"] = case["inputs"]["tenure_days"]
        drop_feature(declaration, "tenure_days")

    built.declare(renamed)
    built.dbt("run", clock="1998-01-31")
    assert built.query(
        "select check_name, value, passed from ml_gate_checks where version = 2 and check_name like 'champion%'"
    ) == [("champion version 1 reads columns that are gone", None, True)]
    assert built.query("select version, count(*) from ml_predictions group by 1 order by 1") == [
        (1, 2357),
        (2, 2357),
    ]
