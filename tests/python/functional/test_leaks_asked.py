"""A version that is too good to be true waits for a person, who approves it, or declares that it is known in time."""

from __future__ import annotations

from typing import Any

from conftest import Project
from operator_of import Operator

AT = "1997-12-31"
# Orders of the 90 days after the as-of date, which are what the label tells.
LEAKING = """
select
    known.*,
    cast(count(later.order_date) as double) as offers_redeemed,
    known.as_of_date + 90 as redeemed_on
from {{ ref('known_features') }} as known
left join {{ ref('stg_order_days') }} as later
    on
        known.customer_id = later.customer_id
        and later.order_date >= known.as_of_date
        and later.order_date < known.as_of_date + 90
group by all
"""


def leak(project: Project, **declared: Any) -> None:
    """Declare a feature that knows the label, after adding it to the features."""
    folder = project.folder / "models" / "repurchase" / "features"
    if not (folder / "known_features.sql").exists():
        (folder / "customer_purchase_features.sql").rename(folder / "known_features.sql")
        (folder / "customer_purchase_features.sql").write_text(LEAKING, encoding="utf-8")

    def declare(declaration: dict[str, Any]) -> None:
        declaration["features"]["offers_redeemed"] = {"kind": "numeric", **declared}
        for key in ("signs", "maximum_score_shift", "maximum_calibration_error"):
            declaration["gate"].pop(key, None)
        declaration.pop("smoke_cases", None)

    project.declare(declare)


def by(actor: str, clock: str = AT) -> tuple[str, str]:
    return "--vars", f"{{ml_clock: '{clock}', ml_actor: {actor}}}"


def test_a_version_that_is_too_good_to_be_true_waits_for_an_answer(unbuilt: Project):
    leak(unbuilt, written_at="redeemed_on")
    unbuilt.dbt("seed")
    unbuilt.dbt("run", *by("ana"))
    ((event, reason),) = unbuilt.query("select event, reason from repurchase_deployments")
    assert event == "awaiting_approval", "though the policy is auto"
    assert reason.startswith("waits for an answer: ")
    assert unbuilt.query("select count(*) from ml_predictions") == [(0,)]
    (late, strong) = unbuilt.query(
        "select check_name, value > 0, question from ml_gate_checks where not passed order by check_name"
    )
    assert late[:2] == ("offers_redeemed is written in time", True)
    assert "values of offers_redeemed were written after the as-of date" in late[2]
    assert strong[:2] == ("offers_redeemed knows too much", True)
    assert strong[2].startswith("too good to be true: offers_redeemed alone ranks with AUC ")
    assert strong[2].endswith("when is it written?")
    assert all(question in reason for *_, question in (late, strong))

    operator = Operator(unbuilt, AT)
    version = {"ml_model": "repurchase", "version": 1, "reason": "yes, it is known then"}
    assert "waits for approval. Fix: ml_approve" in operator.refused("ml_promote", **version)
    assert "Anybody else" in operator.refused("ml_approve", **version, actor="ana").replace("anybody", "Anybody")
    operator("ml_approve", **version)
    unbuilt.dbt("run", *by("ana"))
    assert unbuilt.query("select distinct version from ml_predictions") == [(1,)]

    # Asked of a version that was trained on the same, and no more once it is declared.
    leak(unbuilt, known_in_time="the shop redeems offers in advance")
    unbuilt.dbt("run", *by("ana", "1998-01-31"))
    assert unbuilt.query("select event from repurchase_deployments where operation = 'gate' order by version") == [
        ("awaiting_approval",),
        ("deployed",),
    ]
    assert unbuilt.query(
        "select check_name, passed, question from ml_gate_checks where version = 2 and check_name like 'offers%'"
    ) == [("offers_redeemed is declared to be known in time", True, None)]
    assert unbuilt.query("select * from ml_integrity") == []
