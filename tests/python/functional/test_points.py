"""A scorecard in production: the points of a decision are in the ledger, and they are those of its score."""

from __future__ import annotations

import math

from ml_ledger.commands.show import show


def test_points_of_a_decision_add_up_to_those_of_its_score(unbuilt):
    unbuilt.declare(lambda declared: declared.update(algorithm={"family": "scorecard"}))
    unbuilt.dbt("build", clock="1997-12-31", data_tests=False)
    decisions = unbuilt.query(
        "select score, points, terms from ml_predictions inner join ("
        " select decision_id, sum(points) as points, count(points) as terms from ml_decision_terms group by 1"
        ") as of_decision using (decision_id)"
    )
    assert len(decisions) == unbuilt.query("select count(*) from ml_predictions")[0][0] > 1000
    features = len(unbuilt.query("select distinct feature from ml_coefficients where feature is not null"))
    for score, points, terms in decisions:
        assert terms == 1 + features
        assert abs(points - (600 + 20 * math.log2((1 - score) / score / 50))) < 1e-9
    assert "points" in show("repurchase", unbuilt.warehouse)
