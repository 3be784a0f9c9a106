"""Rows are appended and never changed: over a second build, a refresh, time and a changed declaration."""

from conftest import Project, drop_feature


def test_a_second_build_appends_nothing_and_a_full_refresh_loses_nothing(built: Project):
    before = built.ledger()
    assert [len(rows) for rows in before.values()] == [1, 1, 2357, 1]
    output = built.dbt("run", clock="1997-12-31")
    assert "repurchase: no new version is due at 1997-12-31" in output
    assert built.ledger() == before
    built.dbt("build", "--full-refresh", clock="1997-12-31", data_tests=False)
    assert built.ledger() == before


def test_time_moves_on_versions_retire_and_the_past_stays(built: Project):
    before = built.ledger()
    built.dbt("run", clock="1998-01-31")  # 31 days later: decisions for January, no version
    after = built.ledger()
    assert after["repurchase_versions"] == before["repurchase_versions"]
    assert len(after["repurchase_predictions"]) == 2 * 2357
    output = built.dbt("build", clock="1998-03-31")
    assert "training version 2: version 1 is 90 days old (limit 90)" in output
    assert set(before["repurchase_predictions"]) < set(built.ledger()["repurchase_predictions"])
    assert built.query(
        "select version, valid_from::varchar, valid_to::varchar from ml_deployments order by 1"
    ) == [
        (1, "1997-12-31 00:00:00", "1998-03-31 00:00:00"),
        (2, "1998-03-31 00:00:00", None),
    ]
    scorers = {row[0] for row in built.query("select distinct scored_by from ml_metrics where version = 2")}
    policies = {"policy:nobody", "policy:everybody"}
    assert scorers == {"self", "baseline:constant", "baseline:recency", "version:1", "label"} | policies
    live_at = {
        "1997-12-30 23:59:59": [],
        "1997-12-31 00:00:00": [(1,)],
        "1998-03-30 23:59:59": [(1,)],
        "1998-03-31 00:00:00": [(2,)],
        "2026-01-01 00:00:00": [(2,)],
    }
    for moment, expected in live_at.items():
        table_function = f"select version from ml_version_as_of('repurchase', timestamp '{moment}')"
        assert built.query(table_function) == expected
    assert built.query(
        "select as_of::varchar, min(version), max(version), count(*) from ml_decision_audit group by 1 order by 1"
    ) == [
        ("1997-12-01 00:00:00", 1, 1, 2357),
        ("1998-01-01 00:00:00", 1, 1, 2357),
        ("1998-03-01 00:00:00", 2, 2, 2357),
    ]
    assert built.query("select count(*), min(as_of)::varchar from ml_predictions_current") == [
        (2357, "1998-03-01 00:00:00")
    ]


def test_a_changed_declaration_trains_a_version(built: Project):
    built.declare(lambda declaration: drop_feature(declaration, "tenure_days"))
    output = built.dbt("run", clock="1998-01-31")
    assert "training version 2: the declaration changed since version 1" in output
    assert built.query("select count(*) from ml_coefficients where version = 2 and feature = 'tenure_days'") == [
        (0,)
    ]


def test_a_version_that_does_not_beat_the_baseline_never_decides(unbuilt: Project):
    unbuilt.declare(lambda declaration: declaration["gate"].update(baseline_hurdle=0.5))
    unbuilt.dbt("seed")
    unbuilt.dbt("run", clock="1997-12-31")
    assert unbuilt.query("select event from repurchase_deployments") == [("refused",)]
    assert unbuilt.query("select count(*) from ml_deployments") == [(0,)]
    assert unbuilt.query("select count(*) from ml_predictions") == [(0,)]
    unbuilt.declare(lambda declaration: declaration["gate"].update(baseline_hurdle=0.0))
    unbuilt.dbt("run", clock="1998-01-31")  # a new declaration, hence a version, and now it passes
    assert unbuilt.query("select version, count(*) from ml_predictions group by 1") == [(2, 2357)]
