"""People in the loop of a built project: a queue, feedback by seed and by operation, overrides beside decisions."""

import shutil

import duckdb
import pytest
from conftest import ROOT, Project
from operator_of import Operator

from ml_ledger.record.verification import verify

CLOCK = "1998-01-31"
SCORING = "models/repurchase/scoring"
SEED = "decision_id,entity_id,as_of,reviewer,verdict,override_decision,reason,given_at"
REVIEW = {
    "random_per_period": 30,
    "high_value": {"column": "amount_lifetime", "at_most": 5},
    "feedback": ["repurchase_verdicts"],
}


@pytest.fixture(scope="module")
def project(built_sample: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Decisions of the end of 1997, half of a queue of them judged in a seed whose last two rows are at fault."""
    project = built_sample.copy(tmp_path_factory.mktemp("people") / "project")
    project.declare(lambda declaration: declaration.update(review=REVIEW))
    for name in ("repurchase_review_queue.sql", "repurchase_feedback.sql", "_review__models.yml"):
        shutil.copy(ROOT / SCORING / name, project.folder / SCORING / name)
    people = project.query("select entity_id, as_of::date::varchar from repurchase_predictions order by 1 limit 3")
    rows = [
        f",{entity},{as_of},ana,{number % 2},,by phone,1998-01-05" for number, (entity, as_of) in enumerate(people)
    ]
    wrong = [f",{people[0][0]},{people[0][1]},ben,perhaps,,,1998-01-05", "nobody,,,ben,1,,by phone,1998-01-05"]
    seed = project.folder / "seeds" / "repurchase" / "repurchase_verdicts.csv"
    seed.write_text("\n".join([SEED, *rows, *wrong]) + "\n", encoding="utf-8")
    said = build(project)
    assert "WARN 2" in said and "all_feedback_can_be_recorded" in said
    return project


def build(project: Project) -> str:
    """Everything that people read and write, with its tests; a decision is not made anew."""
    nodes = (
        "repurchase_verdicts",
        "repurchase_review_queue",
        "repurchase_feedback",
        "models/people",
        "ml_integrity",
    )
    return project.dbt("build", "--select", *nodes, "ml_predictions_current", "ml_decision_audit", clock=CLOCK)


def record(project: Project) -> list[tuple]:
    return [*project.query("from repurchase_feedback"), *project.query("from repurchase_review_queue")]


def test_what_is_at_fault_is_listed_and_a_second_build_appends_nothing(project: Project):
    assert project.query("select reviewer, problem from ml_feedback_problems order by 2") == [
        ("ben", "reason is missing; verdict is no class of the label; got perhaps. Allowed: 0, 1"),
        ("ben", "there is no decision nobody"),
    ]
    assert project.query("select reviewer, kind, verdict, source, given_in from ml_feedback order by verdict") == [
        ("ana", "verdict", "0", "seed", "repurchase_verdicts"),
        ("ana", "verdict", "0", "seed", "repurchase_verdicts"),
        ("ana", "verdict", "1", "seed", "repurchase_verdicts"),
    ]
    before = record(project)
    build(project)
    assert record(project) == before
    assert project.query("select count(*) >= 30, min(inclusion_probability) > 0 from ml_review_queue") == [
        (True, True)
    ]


def test_operations_record_all_or_nothing_and_erasing_takes_the_words(project: Project):
    operator = Operator(project, CLOCK)
    (one, entity, decided), (other, *_) = project.query(
        "select decision_id, entity_id, decision from ml_predictions_current"
        " where decision_id not in (select decision_id from ml_feedback) order by entity_id limit 2"
    )
    before = record(project)
    mixed = [
        {"decision_id": one, "verdict": 1},
        {"decision_id": other, "verdict": 2},
        {"decision_id": "x", "verdict": 1},
    ]
    message = operator.refused("ml_record_feedback", reviewer="eva", reason="tried", feedback=mixed)
    assert "refused: 2 problems. Nothing was written." in message
    assert "feedback 3: there is no decision x" in message
    assert "feedback 2: verdict is no class of the label; got 2. Allowed: 0, 1." in message
    twice = [{"decision_id": one, "verdict": 1}, {"decision_id": one, "verdict": 0}]
    message = operator.refused("ml_record_feedback", reviewer="eva", reason="tried", feedback=twice)
    assert "duplicate row" in message
    message = operator.refused("ml_record_feedback", decision_id=one, override_decision="call", reason=" ")
    assert "reviewer is missing; reason is missing; override_decision is no declared action" in message
    assert record(project) == before

    instead = "no_offer" if decided == "send_offer" else "send_offer"
    override = {"reviewer": "eva", "override_decision": instead, "reason": "it's Mr O'Neill's wish; drop table x"}
    said = operator(
        "ml_record_feedback", **override, ml_model="repurchase", entity_id=entity, as_of=decided_at(project)
    )
    assert said.endswith("repurchase: recorded 1 (by eva)")
    again = operator("ml_record_feedback", **override, decision_id=one)
    assert "1 was recorded before; nothing to do" in again
    shown = "select decision, override_decision, overridden_by, override_reason from ml_predictions_current"
    assert project.query(f"{shown} where decision_id = '{one}'") == [(decided, instead, "eva", override["reason"])]
    assert project.query(f"select feedback like '%Neill%' from ml_decision_audit where decision_id = '{one}'") == [
        (True,)
    ]
    assert intact(project)

    operator("ml_erase", ml_model="repurchase", entity_id=entity, reason="request of 3 May")
    words = project.query(
        f"select override_decision, reason, reason_salt from repurchase_feedback where decision_id = '{one}'"
    )
    assert words == [(instead, None, None)]
    assert intact(project)
    message = operator.refused("ml_record_feedback", reviewer="eva", decision_id=one, verdict=1, reason="again")
    assert "is about a person who was erased" in message


def decided_at(project: Project) -> str:
    return project.query("select max(as_of)::date::varchar from repurchase_predictions")[0][0]


def intact(project: Project) -> bool:
    with duckdb.connect(str(project.warehouse), read_only=True) as connection:
        found = [finding for verified in verify(connection) for finding in verified.findings]
    return found == project.query("select * from ml_integrity") == []


def test_a_changed_word_or_verdict_is_found(project: Project, tmp_path):
    for change, problem in {
        "reason = 'forged'": "its reason is not what was recorded",
        "verdict = '0'": "its content is not what was recorded",
        "reason = null, reason_salt = null": "its reason is missing, and no operation recorded that it was erased",
    }.items():
        copy = tmp_path / "changed.duckdb"
        shutil.copy(project.warehouse, copy)
        with duckdb.connect(str(copy)) as connection:
            connection.execute(f"update repurchase_feedback set {change} where verdict = '1'")
            (finding,) = [finding for verified in verify(connection) for finding in verified.findings]
            (found,) = connection.execute("select table_name, row_name, problem from ml_integrity").fetchall()
        assert (finding.table, finding.row) == found[:2] == ("repurchase_feedback", found[1])
        assert finding.problem.startswith(problem) and found[2].startswith(problem)
