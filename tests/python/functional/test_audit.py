"""What an auditor relies on: the tests of the ledger can fail, and the shipped questions have answers."""

import re

import duckdb
from conftest import Project

# Each change, made by SQL behind dbt's back, must be named by this test.
TAMPERED = {
    "decision_replays_ml_decision_replay": (
        "update repurchase_predictions set score = score + 1e-9 where entity_id = '4'"
    ),
    "decision_was_made_by_the_live_version": (
        "update repurchase_predictions set version = 2 where entity_id = '18'"
    ),
    "unique_ml_predictions_decision_id": (
        "insert into repurchase_predictions select * from repurchase_predictions where entity_id = '21'"
    ),
    "refers_to_ml_predictions_ml_model__version__ref_ml_versions_": (
        "update repurchase_predictions set version = 9 where entity_id = '50'"
    ),
    "accepted_values_ml_predictions_status__scored__rejected": (
        "update repurchase_predictions set status = 'unknown' where entity_id = '60'"
    ),
    "a_policy_gives_every_prediction_a_decision": (
        "update repurchase_predictions set decision = null where entity_id = '71'"
    ),
}


def test_the_tests_of_the_ledger_can_fail(built: Project):
    with duckdb.connect(str(built.warehouse)) as connection:
        for change in TAMPERED.values():
            (count,) = connection.execute(change).fetchall()[0]
            assert count == 1, change
    output = built.dbt("test", "--select", "ml_predictions ml_decision_audit ml_decision_replay", succeeds=False)
    for test in TAMPERED:
        assert re.search(rf"FAIL \d+ {test}", output), output


def test_one_changed_coefficient_fails_every_decision_that_it_touched(built: Project):
    with duckdb.connect(str(built.warehouse)) as connection:
        connection.execute(
            """update repurchase_versions set coefficients = replace(coefficients, '"slope": 0.', '"slope": 1.')"""
        )
    output = built.dbt("test", "--select", "ml_decision_replay", succeeds=False)
    assert re.search(r"FAIL 2\d\d\d decision_replays_ml_decision_replay", output), output


def test_the_analyses_answer(unbuilt: Project):
    """Every analysis compiles to one query that returns rows."""
    unbuilt.dbt("seed")
    unbuilt.dbt("run", clock="1997-11-30")
    unbuilt.dbt("compile", "--select", "resource_type:analysis")
    compiled = sorted((unbuilt.folder / "target/compiled/ml_ledger/analyses").glob("*.sql"))
    assert len(compiled) == len(list((unbuilt.folder / "analyses").glob("*.sql"))) >= 2
    for file in compiled:
        assert unbuilt.query(file.read_text(encoding="utf-8")), file.name
