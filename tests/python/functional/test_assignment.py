"""Which arm decides for whom: what docs/experiments.md says, computed again by hashlib."""

from __future__ import annotations

from collections import Counter
from hashlib import md5

import pytest
from conftest import Project

CHALLENGER, CONTROL = 0.1, 0.05


def bucket(entity: str) -> int:
    return int(md5(f"repurchase|{entity}".encode()).hexdigest()[:8], 16) % 10_000


@pytest.fixture(scope="module")
def experiment(built_sample: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Version 2 is champion, version 1 challenger, and there is a control group, in the runs of two months."""
    project = built_sample.copy(tmp_path_factory.mktemp("experiment") / "project")
    project.declare(lambda declaration: declaration["decision"].update(threshold=0.3))
    project.dbt("run", clock="1998-01-31")
    for arguments in (f"version: 1, share: {CHALLENGER}", f"share: {CONTROL}"):
        project.dbt(
            *("run-operation", "ml_set_share", "--args", f"{{ml_model: repurchase, {arguments}, reason: try}}"),
            clock="1998-01-31",
        )
    for clock in ("1998-02-28", "1998-03-31"):
        project.dbt("run", clock=clock)
    return project


def test_every_entity_is_decided_for_by_the_arm_of_its_bucket(experiment: Project):
    rows = experiment.query(
        "select entity_id, bucket, slot, version, share, decision, decided_at::date::varchar from ml_predictions"
    )
    assert len(rows) == 4 * 2357
    for entity, stored, slot, version, share, decision, decided_on in rows:
        expected = bucket(entity)
        assert stored == expected
        if decided_on < "1998-02-28":
            arm = ("champion", 1 if decided_on == "1997-12-31" else 2, 1.0)
        elif expected < 500:
            arm = ("control", None, 0.05)
        elif expected < 1500:
            arm = ("challenger", 1, 0.1)
        else:
            arm = ("champion", 2, 0.85)
        assert (slot, version, share) == arm, entity
        assert slot != "control" or decision == "no_offer"


def test_an_entity_keeps_its_arm(experiment: Project):
    moved = experiment.query(
        "select entity_id from ml_predictions where decided_at >= timestamp '1998-02-28'"
        " group by 1 having count(*) <> 2 or count(distinct slot) <> 1"
    )
    assert moved == []


def test_the_experiment_is_reported(experiment: Project):
    """No label of the two runs has matured at the end of March, and by the middle of May those of the first."""
    for clock, runs_matured in (("1998-03-31", 0), ("1998-05-15", 1)):
        selected = "+repurchase_labels repurchase_outcomes ml_outcomes ml_experiments"
        experiment.dbt("run", "--select", selected, clock=clock)
        rows = experiment.query(
            "select arm, version, champion_versions, decisions, expected_decisions, n, entities, mean, sample_ratio_p,"
            " verdict from ml_experiments order by arm"
        )
        assert [row[:3] for row in rows] == [
            ("challenger_1", 1, "2"),
            ("champion", None, "2"),
            ("control", None, "2"),
        ]
        labels = dict(
            experiment.query(
                "select customer_id::varchar, repurchased from repurchase_labels where as_of_date = '1998-02-01'"
            )
        )
        counts, bought = Counter(), Counter()
        for (entity,) in experiment.query("select distinct entity_id from ml_predictions"):
            place = bucket(entity)
            arm = "control" if place < 500 else "challenger_1" if place < 1500 else "champion"
            counts[arm] += 1
            bought[arm] += labels.get(entity, 0)
        for arm, _, _, decisions, expected, n, entities, mean, p, verdict in rows:
            share = {"control": CONTROL, "challenger_1": CHALLENGER, "champion": 0.85}[arm]
            assert decisions == 2 * counts[arm]
            assert expected == pytest.approx(2 * 2357 * share)
            assert n == entities == runs_matured * counts[arm]
            assert mean == (pytest.approx(bought[arm] / counts[arm]) if runs_matured else None)
            assert p > 0.001
            assert runs_matured or arm == "champion" or verdict == "waiting for outcomes"


def test_labels_given_twice_stop_the_outcomes(experiment: Project, tmp_path):
    project = experiment.copy(tmp_path / "project")
    project.dbt("run", "--select", "+repurchase_labels repurchase_outcomes", clock="1998-05-15")
    before = project.query("select count(*) from repurchase_outcomes")
    project.edit(
        "models/repurchase/labels/repurchase_labels.sql",
        "select * from labels",
        "select * from labels union all select * from labels where customer_id = 21",
    )
    output = project.dbt(
        "run", "--select", "+repurchase_labels repurchase_outcomes", clock="1998-05-15", succeeds=False
    )
    said = " ".join(output.split())
    assert "repurchase: an entity must have one label per as-of date; got " in said
    assert "such as 21 as of " in said
    assert project.query("select count(*) from repurchase_outcomes") == before
