"""Operations: what they append, what they refuse, and what a second run of each does: nothing."""

from __future__ import annotations

import pytest
from conftest import Project, drop_feature
from operator_of import Operator

REASON = "try"


@pytest.fixture(scope="module")
def two_versions(built_sample: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Version 1 was champion from the end of 1997, version 2 is from the end of March 1998 on."""
    project = built_sample.copy(tmp_path_factory.mktemp("operations") / "project")
    project.dbt("run", clock="1998-03-31")
    return project


@pytest.fixture
def project(two_versions: Project, tmp_path) -> Project:
    return two_versions.copy(tmp_path / "project")


def events(project: Project) -> list[tuple]:
    return project.query(
        "select event, operation, version, slot, share from repurchase_deployments order by event_number"
    )


def intact(project: Project) -> bool:
    return project.query("select * from ml_integrity") == []


def test_wrong_arguments_are_refused_and_nothing_is_written(two_versions: Project):
    operator = Operator(two_versions, "1998-04-30")
    before = two_versions.ledger()
    about_a_version = {"ml_model": "repurchase", "version": 2, "reason": REASON}
    of_operation = {
        "ml_approve": about_a_version,
        "ml_reject": about_a_version,
        "ml_promote": about_a_version,
        "ml_retire": about_a_version,
        "ml_set_share": about_a_version | {"share": 0.1},
        "ml_rollback": {"ml_model": "repurchase", "reason": REASON},
        "ml_pause": {"ml_model": "repurchase", "reason": REASON},
        "ml_resume": {"ml_model": "repurchase", "reason": REASON},
    }
    for operation, arguments in of_operation.items():
        message = operator.refused(operation, **arguments | {"ml_model": "repurchases"})
        assert "ml_model: is not declared; got 'repurchases'. Allowed: repurchase." in message
        assert "reason: must be a text that says why" in operator.refused(operation, **arguments | {"reason": " "})
        message = operator.refused(operation, **arguments, clock="1998-03-30")
        assert "clock: is 1998-03-30 00:00:00, before the latest event of repurchase at 1998-03-31" in message
        if "version" in arguments:
            message = operator.refused(operation, **arguments | {"version": 3})
            assert "there is no version 3 of repurchase. Allowed: versions 1, 2." in message
            assert "must be a whole number" in operator.refused(operation, **arguments | {"version": "2"})
    promote = {"ml_model": "repurchase", "version": 1, "reason": REASON}
    for wrong, message in {
        "share: must be a number above 0 and at most 1; got 1.5.": {"slot": "challenger", "share": 1.5},
        "share: must be a number above 0 and at most 1; got null.": {"slot": "challenger"},
        "share: only a challenger has one; got 0.5 for slot champion.": {"share": 0.5},
        'slot: has a value that is not allowed; got "king".': {"slot": "king"},
        "valid_from: version 1 of repurchase was trained at 1997-12-31": {"valid_from": "1997-12-30"},
        "valid_from: must be a date or a timestamp that exists; got 'now()'": {"valid_from": "now()"},
        "valid_from: is after the clock; got 1998-05-01 00:00:00. Allowed: 1998-04-30": {
            "valid_from": "1998-05-01"
        },
    }.items():
        assert wrong in operator.refused("ml_promote", **promote | message)
    for share in (1.01, -0.1, "half", None, True):
        message = operator.refused("ml_set_share", ml_model="repurchase", share=share, reason=REASON)
        assert "share: must be a number from 0 to 1" in message
    champion = {"ml_model": "repurchase", "version": 2, "reason": REASON}
    assert "version 2 is champion, and decides already" in operator.refused(
        "ml_promote", **champion, slot="shadow"
    )
    assert "version 2 is champion. Fix: ml_rollback or ml_promote first" in operator.refused(
        "ml_retire", **champion
    )
    assert "version 2 is champion. Fix: ml_rollback" in operator.refused("ml_reject", **champion)
    assert "does not wait for approval" in operator.refused("ml_approve", **champion)
    message = operator.refused("ml_promote", ml_model="repurchase", version=9, reason="", slot="king")
    assert "refused: 3 problems. Nothing was written." in message
    assert two_versions.ledger() == before


def test_each_operation_appends_once_and_the_record_stays_intact(project: Project):
    operator = Operator(project, "1998-04-30")
    hostile = "it's off'); drop table repurchase_deployments; --"
    acts = [
        ("ml_set_share", {"version": 1, "share": 0.25}, [("deployed", "ml_set_share", 1, "challenger", 0.25)]),
        ("ml_set_share", {"share": 0.5}, [("deployed", "ml_set_share", None, "control", 0.5)]),
        (
            "ml_promote",
            {"version": 1, "slot": "shadow"},
            [
                ("ended", "ml_promote", 1, "challenger", None),
                ("deployed", "ml_promote", 1, "shadow", 1.0),
            ],
        ),
        ("ml_pause", {"reason": hostile}, [("paused", "ml_pause", None, None, None)]),
        ("ml_resume", {}, [("resumed", "ml_resume", None, None, None)]),
        (
            "ml_rollback",
            {},
            [
                ("ended", "ml_rollback", 1, "shadow", None),
                ("deployed", "ml_rollback", 1, "champion", 1.0),
            ],
        ),
        ("ml_reject", {"version": 2}, [("rejected", "ml_reject", 2, None, None)]),
        ("ml_retire", {"version": 2}, [("retired", "ml_retire", 2, None, None)]),
        ("ml_set_share", {"share": 0}, [("ended", "ml_set_share", None, "control", 0.0)]),
    ]
    for operation, arguments, appended in acts:
        before = events(project)
        said = operator(operation, ml_model="repurchase", **{"reason": REASON, **arguments})
        assert said.endswith("(by eva)") and "nothing to do" not in said
        assert events(project) == [*before, *appended]
        assert "nothing to do" in operator(operation, ml_model="repurchase", **{"reason": REASON, **arguments})
        assert events(project) == [*before, *appended], f"{operation} ran twice"
        assert intact(project)
    assert project.query("select reason from repurchase_deployments where event = 'paused'") == [(hostile,)]
    again = {"ml_model": "repurchase", "version": 2, "reason": REASON}
    assert "is retired, and cannot be deployed again" in operator.refused("ml_promote", **again)
    assert "is retired, and cannot be deployed again" in operator.refused("ml_promote", **again, slot="shadow")
    assert project.query(
        "select count(*) from ml_deployments as a join ml_deployments as b on a.ml_model = b.ml_model"
        " and a.slot = 'champion' and b.slot = 'champion' and a.deployment_id < b.deployment_id"
        " and a.valid_from < coalesce(b.valid_to, timestamp '9999-01-01')"
        " and b.valid_from < coalesce(a.valid_to, timestamp '9999-01-01')"
    ) == [(0,)], "two champions at once"


def test_shares_leave_something_for_the_others(project: Project):
    operator = Operator(project, "1998-04-30")
    operator("ml_set_share", ml_model="repurchase", share=0.4, reason=REASON)
    message = operator.refused("ml_set_share", ml_model="repurchase", version=1, share=0.7, reason=REASON)
    assert "must be at most 1 together; got 0.7 beside 0.4 of the others. Allowed: at most 0.6." in message
    operator("ml_set_share", ml_model="repurchase", version=1, share=0.6, reason=REASON)
    project.dbt("run", clock="1998-04-30")
    arms = project.query(
        "select slot, version, min(bucket) >= 0, max(bucket) < 10000, count(*) from ml_predictions"
        " where decided_at = timestamp '1998-04-30' group by all order by all"
    )
    assert [arm[:2] for arm in arms] == [("challenger", 1), ("control", None)], "nothing is left for the champion"
    assert sum(arm[-1] for arm in arms) == 2357


def test_shares_of_the_past_leave_something_for_what_came_later(project: Project):
    operator = Operator(project, "1998-04-30")
    operator("ml_set_share", ml_model="repurchase", share=0.7, reason=REASON)
    earlier = {"ml_model": "repurchase", "version": 1, "slot": "challenger", "reason": REASON}
    message = operator.refused("ml_promote", **earlier, share=0.7, valid_from="1998-04-10")
    assert "must be at most 1 together; got 0.7 beside 0.7 of the others. Allowed: at most 0.3." in message
    operator("ml_promote", **earlier, share=0.3, valid_from="1998-04-20")
    operator("ml_promote", **earlier, share=0.7, valid_from="1998-04-10")  # until the 20th only
    assert intact(project)


def test_a_rejected_version_does_not_come_back_by_a_rollback(project: Project):
    operator = Operator(project, "1998-04-30")
    operator("ml_reject", ml_model="repurchase", version=1, reason=REASON)
    message = operator.refused("ml_rollback", ml_model="repurchase", reason=REASON)
    assert "no version that could decide again was champion of repurchase before version 2" in message


def test_paused_everything_is_scored_and_decisions_fall_back(project: Project):
    operator = Operator(project, "1998-04-30")
    operator("ml_promote", ml_model="repurchase", version=1, reason=REASON, slot="shadow")
    operator("ml_pause", ml_model="repurchase", reason="offers are sold out")
    project.dbt("build", clock="1998-04-30")
    assert project.query(
        "select slot, version, status, decision, decision_source, count(*) from ml_predictions"
        " where decided_at = timestamp '1998-04-30' group by all order by all"
    ) == [
        ("champion", 2, "scored", "no_offer", "paused", 2357),
        ("shadow", 1, "scored", None, "none", 2357),
    ]
    operator("ml_resume", ml_model="repurchase", reason="offers are back", clock="1998-05-31")
    project.dbt("run", clock="1998-05-31")
    assert project.query(
        "select distinct decision_source from ml_predictions"
        " where decided_at = timestamp '1998-05-31' and slot = 'champion'"
    ) == [("policy",)]


def test_the_past_can_be_corrected_and_what_was_known_stays(project: Project):
    operator = Operator(project, "1998-05-31")
    (known_before,) = project.query("select max(recorded_at) from repurchase_deployments")[0]
    operator("ml_promote", ml_model="repurchase", version=1, reason="was live by mistake", valid_from="1998-04-10")
    operator(
        "ml_promote", ml_model="repurchase", version=2, reason="until this day", valid_from="1998-04-20 12:00"
    )

    def live(moment: str, known: str = "") -> list[tuple]:
        return project.query(f"select version from ml_version_as_of('repurchase', timestamp '{moment}'{known})")

    assert [live(day) for day in ("1998-04-09", "1998-04-10", "1998-04-20", "1998-04-21")] == [
        [(2,)],
        [(1,)],
        [(1,)],
        [(2,)],
    ]
    assert live("1998-04-10", f", timestamp '{known_before}'") == [(2,)]
    assert live("1998-04-10", ", timestamp '2020-01-01'") == [], "nothing was known then"
    assert intact(project)


def test_four_eyes_must_see_a_version_before_it_decides(unbuilt: Project):
    unbuilt.declare(lambda declaration: declaration.update(deployment={"policy": "approval"}))
    unbuilt.dbt("seed")
    by_ana = ["--vars", "{ml_clock: '1997-12-31', ml_actor: ana}"]
    # The training set says who trains; whoever then trains by hand is known by the gate.
    unbuilt.dbt(
        "run", "--select", "+repurchase_training_set", "--vars", "{ml_clock: '1997-12-31', ml_actor: night}"
    )
    unbuilt.dbt("run", "--exclude", "+repurchase_training_set", *by_ana)
    assert unbuilt.query("select event, actor from repurchase_deployments") == [("awaiting_approval", "ana")]
    assert unbuilt.query("select count(*) from ml_predictions") == [(0,)]
    version = {"ml_model": "repurchase", "version": 1, "reason": "checked"}
    operator = Operator(unbuilt, "1997-12-31")
    assert "waits for approval. Fix: ml_approve" in operator.refused("ml_promote", **version)
    message = operator.refused("ml_approve", **version, actor="Night")
    assert "Night trained version 1. Allowed: anybody else, so that four eyes see it." in message
    message = operator.refused("ml_approve", **version, actor="Ana")
    assert "Ana ran the build in which the gate judged version 1. Allowed: anybody else" in message
    assert "nobody knows who approves" in operator.refused("ml_approve", **version, actor="unknown")
    operator("ml_approve", **version)
    assert "nothing to do" in operator("ml_approve", **version)
    unbuilt.dbt("build", *by_ana, data_tests=False)
    assert unbuilt.query("select distinct trained_by, deployed_by, deployed_through from ml_decision_audit") == [
        ("night", "eva", "ml_approve")
    ]
    assert intact(unbuilt)


def test_versions_with_other_features_and_families_score_in_one_run(two_versions: Project, tmp_path):
    project = two_versions.copy(tmp_path / "project")
    project.declare(lambda declaration: drop_feature(declaration, "tenure_days"))
    project.declare(lambda declaration: declaration.update(algorithm={"family": "additive_boosting"}))
    project.dbt("run", clock="1998-04-30")
    assert project.query("select version, algorithm from ml_versions order by 1")[-1] == (3, "additive_boosting")
    if project.query("select event from repurchase_deployments where version = 3") == [("deployed",)]:
        Operator(project, "1998-04-30")("ml_rollback", ml_model="repurchase", reason=REASON)
    operator = Operator(project, "1998-04-30")
    operator("ml_promote", ml_model="repurchase", version=3, slot="shadow", reason=REASON)
    operator("ml_set_share", ml_model="repurchase", version=1, share=0.3, reason=REASON)
    project.dbt("run", clock="1998-05-31")
    assert project.query(
        "select slot, version, count(*) > 0, count(distinct status) from ml_predictions"
        " where decided_at = timestamp '1998-05-31' group by all order by all"
    ) == [("challenger", 1, True, 1), ("champion", 2, True, 1), ("shadow", 3, True, 1)]
    assert project.query("select count(*), max(difference) < 1e-12 from ml_decision_replay where replayable") == [
        (3 * 2357 + 2 * 2357, True)
    ]
