"""What an auditor relies on: the tests of the ledger can fail, and the shipped questions have answers."""

import json
import re

import duckdb
import numpy as np
import pytest
from changed_decisions import NO_VALUE, check_changes, coefficient_rows, score
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
    "no_nulls_ml_predictions_decision_id__ml_model__as_of": (
        "update repurchase_predictions set deployment_id = null where entity_id = '86'"
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


def test_what_would_have_changed_a_decision_does_and_nothing_nearer(built_sample: Project):
    found = check_changes(built_sample, "repurchase")
    assert set(found) <= {"value", "missing", NO_VALUE}
    assert found["value"] > 1_000


def test_the_questions_of_an_auditor_have_answers(built: Project):
    """After a second version, a challenger and a rollback, every analysis is one query that returns rows."""
    built.dbt("run", clock="1998-03-31")
    arguments = "{ml_model: repurchase, version: 1, share: 0.2, reason: compare}"
    built.dbt("run-operation", "ml_set_share", "--args", arguments, clock="1998-03-31")
    built.dbt("run", clock="1998-04-30")
    arguments = "{ml_model: repurchase, reason: too many offers}"
    built.dbt("run-operation", "ml_rollback", "--args", arguments, clock="1998-04-30")
    answers = answers_of_analyses(built)
    assert len(answers) == 8
    for name, rows in answers.items():
        assert rows, name
    by_slot = built.query(
        "select slot, version, replaced_by_version, replaced_because, withdrawn_at is not null, withdrawn_because,"
        " approved_by, count(*) from ml_decision_audit group by all order by slot desc, version"
    )
    decisions = {(slot, version): count for slot, version, *_, count in by_slot}
    assert [row[:-1] for row in by_slot] == [
        ("champion", 1, 2, "passed every check of the gate", False, None, None),
        ("champion", 2, 1, "too many offers", True, "too many offers", None),
        ("challenger", 1, None, "too many offers", False, None, None),
    ]
    assert len(answers["audit_7_withdrawn"]) == decisions["champion", 2]
    of_versions = {(row[0], row[1]): row[2:] for row in answers["audit_4_under_other_versions"]}
    for version in (1, 2):
        decided, scored, differ, _, largest_change, because = of_versions[version, version]
        assert (decided, differ, because) == (scored, 0, None)
        assert largest_change <= 1e-12
    assert_sweep_is_what_coefficients_give(built)


def test_who_was_in_a_training_set_is_said_or_that_it_is_not_kept(built: Project):
    asked = {}
    rows = built.query(
        "select entity_id, split, cast(as_of as varchar) from ml_training_rows where version = 1 order by as_of"
    )
    for entity, split, as_of in rows:
        asked.setdefault(entity, []).append(f"{split} {as_of}")
    member = min(asked)
    assert {text.split()[0] for text in asked[member]} == {"train", "holdout"}
    assert membership(built, member) == ("yes", ", ".join(asked[member]))

    with duckdb.connect(str(built.warehouse)) as connection:
        moved = f"update repurchase_training_rows set _ml_entity_id = 'other' where _ml_entity_id = '{member}'"
        connection.execute(moved)
    assert membership(built, member) == ("no", None)
    with duckdb.connect(str(built.warehouse)) as connection:
        connection.execute("delete from repurchase_training_rows where _ml_entity_id = 'other'")
    assert membership(built, member) == ("not in the rows that are left, others were erased", None)

    built.declare(lambda d: d.update(keep_training_set="none"))
    built.dbt("run", "--select", "ml_training_rows", clock="1997-12-31")
    assert membership(built, member) == ("not kept", None)


def membership(project: Project, entity: str) -> tuple[str, str | None]:
    """What the sixth question answers about the latest decision on an entity."""
    asked = json.dumps({"entity_id": entity, "ml_clock": "1997-12-31"})
    project.dbt("compile", "--select", "audit_6_trained_on", "--vars", asked)
    sql = (project.folder / "target/compiled/ml_ledger/analyses/audit_6_trained_on.sql").read_text(
        encoding="utf-8"
    )
    ((found, dates),) = project.query(f"select entity_in_training_set, as_of_dates_of_entity from ({sql})")
    return found, dates


def answers_of_analyses(project: Project, *arguments: str) -> dict[str, list[tuple]]:
    project.dbt("compile", "--select", "resource_type:analysis", *arguments)
    compiled = sorted((project.folder / "target/compiled/ml_ledger/analyses").glob("*.sql"))
    return {file.stem: project.query(file.read_text(encoding="utf-8")) for file in compiled}


def assert_sweep_is_what_coefficients_give(project: Project) -> None:
    """The decisions that version 2 would have made otherwise, against a loop over its coefficient rows."""
    answers = answers_of_analyses(project, "--vars", "{version: 2}")
    sweep = {row[0]: (row[6], row[8]) for row in answers["audit_4_under_other_versions"]}
    rows = [row for row in coefficient_rows(project, "repurchase", "main") if row["version"] == 2]
    expected = {}
    for decision_id, features, decision in project.query(
        "select decision_id, features, decision from ml_predictions where slot <> 'shadow'"
    ):
        other = score(rows, json.loads(features))
        action = "send_offer" if other >= 0.2 else "no_offer"
        if action != decision:
            expected[decision_id] = (other, action)
    assert len(expected) > 10
    assert sweep.keys() == expected.keys()
    for decision_id, (other, action) in expected.items():
        assert sweep[decision_id][1] == action
        assert abs(sweep[decision_id][0] - other) <= 1e-12


def test_coefficients_can_be_read(full: Project):
    """By standard deviation, and with an intercept in the middle of the data: by numpy over the kept training rows."""
    coefficients = full.query(
        "select feature, applies_to, slope, value, slope_per_deviation, centred_intercept from ml_coefficients"
        " where ml_model = 'repurchase' and version = 1 order by term, applies_to"
    )
    features = sorted({feature for feature, *_ in coefficients if feature})
    values = full.query(
        f"select {', '.join(features)} from repurchase_training_rows where _ml_version = 1 and _ml_split = 'train'"
    )
    columns = dict(zip(features, np.array(values, dtype=float).T, strict=True))
    link = 0.0
    for feature, applies_to, slope, value, _, _ in coefficients:
        if applies_to == "value":
            link += np.where(np.isnan(columns[feature]), 0, slope * columns[feature])
        elif applies_to == "missing":
            link += np.where(np.isnan(columns[feature]), value, 0)
        else:
            link += value
    for feature, applies_to, slope, _, per_deviation, centred in coefficients:
        assert (centred is not None) == (applies_to == "intercept")
        if applies_to == "intercept":
            assert centred == pytest.approx(link.mean(), rel=1e-9)
        elif applies_to == "value":
            assert per_deviation == pytest.approx(slope * np.nanstd(columns[feature]), rel=1e-4)
        else:
            assert per_deviation is None
