"""Old predictions are removed by an operation that records what it removed; nothing else is."""

import json

import duckdb
from conftest import Project


def remove(project: Project, clock: str, *, succeeds: bool = True, **arguments: object) -> str:
    return project.dbt(
        "run-operation",
        "ml_remove_old_predictions",
        "--args",
        json.dumps({"reason": "yearly clean-up", **arguments}),
        clock=clock,
        succeeds=succeeds,
    )


def test_old_batches_are_removed_whole_and_recorded(built: Project):
    built.dbt("run", clock="1998-02-28")
    first, second = built.query(
        "select batch_number, predictions, cast(decided_at as varchar), predictions_hash from repurchase_batches"
        " order by 1"
    )
    # 25 months before this clock is the very moment of the second one, which is kept.
    output = remove(built, "2000-03-28", ml_model="repurchase")
    assert f"removed {first[1]} predictions of 1 batches, decided before 1998-02-28" in output
    assert built.query("select distinct cast(decided_at as varchar), count(*) from ml_predictions group by 1") == [
        (second[2], second[1])
    ]
    ((details,),) = built.query("select details from repurchase_deployments where event = 'removed'")
    members = ("batch_number", "predictions", "decided_at", "predictions_hash")
    assert json.loads(details) == [dict(zip(members, first, strict=True))]
    assert built.query("select count(*) from repurchase_batches") == [(2,)]
    assert built.query("select * from ml_integrity") == []

    assert "no batch was decided before 1998-02-28" in remove(built, "2000-03-28")
    assert built.query("select count(*) from repurchase_deployments where event = 'removed'") == [(1,)]
    built.dbt("build", clock="2000-03-28", data_tests=False)
    assert built.query("select count(*) from ml_predictions where decided_at = '1997-12-31'") == [(0,)]

    with duckdb.connect(str(built.warehouse)) as connection:
        connection.execute("delete from repurchase_predictions where decided_at = '1998-02-28'")
    ((problem,),) = built.query("select problem from ml_integrity")
    assert problem == "its predictions are missing, and no operation recorded that they were removed"


def test_a_period_must_be_declared_and_long_enough(built: Project):
    before = built.ledger()
    at = "ml_models.repurchase.retention.predictions_months: "
    built.declare(lambda d: d.update(retention={"predictions_months": 5}))
    output = remove(built, "2000-02-29", reason="", succeeds=False)
    assert "refused: 2 problems. Nothing was written." in output
    assert at + "must be a whole number of months, from 6 to 1200; got 5." in output
    built.declare(lambda d: d.pop("retention"))
    assert at + "is not declared." in remove(built, "2000-02-29", ml_model="repurchase", succeeds=False)
    assert "no ML model declares a retention" in remove(built, "2000-02-29", succeeds=False)
    assert built.ledger() == before
