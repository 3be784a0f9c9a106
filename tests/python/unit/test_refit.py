"""A version that is fitted once more on all matured rows, with the metrics of a twin that saw no holdout."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from customers import DECLARATION, customers, declared, metrics_of, trained
from sklearn.linear_model import LogisticRegression

from ml_ledger import train_if_due
from ml_ledger.commands.reproduce import reproduce
from ml_ledger.errors import TrainingSetError
from ml_ledger.scoring.compile import CompiledScoring

REFIT = {"training": {"refit": True}}
UNPENALISED = {"algorithm": {"family": "logistic", "hyperparameters": {"C": "none"}}}


def replaced(table: pa.Table, name: str, values) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), name, pa.array(values))


def successor(history: list[dict[str, Any]], table: pa.Table, **changes: Any) -> dict[str, Any]:
    """The next version, because the declaration changed."""
    spec = {key: value for key, value in (DECLARATION | changes).items() if value is not None}
    connection = duckdb.connect()
    versions = connection.from_arrow(pa.Table.from_pylist(history))
    (row,) = train_if_due(
        ml_model="m", spec=spec, training_set=connection.from_arrow(table), history=versions
    ).to_pylist()
    return row


def loss_of(row: dict[str, Any], scored_by: str) -> float:
    (found,) = metrics_of(row, dataset="holdout", slice="all", scored_by=scored_by, metric="log_loss")
    return found["value"]


def marks(row: dict[str, Any]) -> list[tuple[str, str]]:
    names = ("measured_by_twin", "trained_on_holdout")
    return [(m["scored_by"], m["metric"]) for m in json.loads(row["metrics"]) if m["metric"] in names]


def test_coefficients_are_of_all_rows_and_metrics_of_a_twin_without_the_holdout():
    table = customers()
    plain, row = trained(table, **UNPENALISED), trained(table, **UNPENALISED, **REFIT)
    X, y = np.column_stack([table["a"], table["b"]]), np.array(table["bought"])
    oracle = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12).fit(X, y)
    slopes = [c["slope"] for c in json.loads(row["coefficients"]) if c["applies_to"] == "value"]
    assert slopes == pytest.approx(list(oracle.coef_[0]), abs=1e-8)
    for found, expected in zip(json.loads(row["metrics"]), json.loads(plain["metrics"]), strict=True):
        for key, value in expected.items():  # threads add up in any order
            assert found[key] == (pytest.approx(value, rel=1e-12) if isinstance(value, float) else value), expected
    assert row["twin"] == plain["scoring"]
    assert (row["train_rows"], row["holdout_rows"], row["refit_rows"]) == (1000, 250, 1500)
    assert row["refit_to"] == datetime(2024, 6, 1)
    assert row["chosen_because"].startswith(
        "refit on all 1,500 matured rows, up to 2024-06-01: these coefficients score"
    )
    assert (plain["refit_rows"], plain["refit_to"], plain["twin"]) == (None, None, None)
    seen = {s["statistic"]: s["value"] for s in json.loads(row["reference"]) if s["part"] == "score"}
    assert seen["rows"] == 1500


def test_baselines_and_calibration_are_fitted_again_too():
    row = trained(**REFIT, calibration="platt")
    plain = trained(calibration="platt")
    calibrations = [
        next(c for c in json.loads(version["coefficients"]) if c["output"] == "calibration")
        for version in (row, plain)
    ]
    assert calibrations[0] != calibrations[1]
    assert json.loads(row["baselines"]) != json.loads(plain["baselines"])


def test_asking_for_no_refit_makes_no_version_due():
    assert declared(training={"refit": False}).fingerprint() == declared().fingerprint()
    assert declared(training={"refit": True}).fingerprint() != declared().fingerprint()


def test_embargoed_rows_are_part_of_what_is_fingerprinted_and_checked():
    table = customers()
    is_embargoed = np.array(table["_ml_split"]) == "embargo"
    flipped = np.where(is_embargoed, 1 - np.array(table["bought"]), np.array(table["bought"]))
    other = replaced(table, "bought", flipped)
    prints = [[trained(t, **c)["training_set_fingerprint"] for t in (table, other)] for c in ({}, REFIT)]
    assert prints[0][0] == prints[0][1]
    assert prints[1][0] != prints[1][1]
    unlabelled = replaced(table, "bought", np.where(is_embargoed, 7, np.array(table["bought"])))
    trained(unlabelled)
    with pytest.raises(TrainingSetError, match="label bought: must be 0 or 1 on every row of the train split"):
        trained(unlabelled, **REFIT)


def test_a_predecessor_that_was_refit_on_the_holdout_is_measured_by_its_twin():
    first = trained(**REFIT)
    second = successor([first], customers(), **REFIT, threshold=None, reasons=2, gate={"champion_margin": 0.1})
    assert marks(second) == [("version:1", "measured_by_twin")]
    assert loss_of(second, "version:1") == loss_of(first, "self")


def test_on_a_later_holdout_the_coefficients_that_score_are_measured():
    table = customers(months=8)
    earlier = table.filter(pa.compute.less(table["month"], pa.scalar(datetime(2024, 7, 1))))
    split = np.array(earlier["month"]).astype("M8[M]").astype(int) - 648  # months since January
    splits = np.where(split == 5, "holdout", np.where(split == 4, "embargo", "train"))
    first = trained(replaced(earlier, "_ml_split", splits), **REFIT)
    second = successor([first], table, **REFIT, gate={"champion_margin": 0.1})
    assert marks(second) == []
    connection = duckdb.connect()
    connection.register("t", table)
    scoring = CompiledScoring.from_json(first["scoring"])
    found = connection.execute(
        scoring.select("(from t where _ml_split = 'holdout')", ["_ml_score", "bought"])
    ).fetchnumpy()
    p, y = found["_ml_score"], found["bought"]
    assert loss_of(second, "version:1") == pytest.approx(-np.mean(np.log(np.where(y == 1, p, 1 - p))), abs=1e-9)


def test_a_predecessor_that_saw_the_holdout_is_marked():
    table = customers(months=8)
    first = trained(table, evaluation={"embargo": "relaxed"})
    split = np.array(table["month"]).astype("M8[M]").astype(int) - 648
    wider = replaced(table, "_ml_split", np.where(split >= 5, "holdout", np.where(split >= 3, "embargo", "train")))
    second = successor([first], wider, evaluation={"holdout": {"as_of_dates": 3}})
    assert marks(second) == [("version:1", "trained_on_holdout")]
    assert loss_of(second, "version:1") > 0


@pytest.mark.parametrize(("refit", "mark"), [(False, []), (True, [("version:1", "measured_by_twin")])])
def test_the_same_entities_held_out_again_were_not_seen_before(refit, mark):
    table = customers()
    split = np.where(np.array(table["id"]) % 4 == 0, "holdout", "train")
    table = replaced(table, "_ml_split", split)
    asked = {"evaluation": {"holdout": {"share": 0.25}}, "training": {"refit": refit}}
    first = trained(table, **asked)
    assert marks(successor([first], table, **asked, gate={"champion_margin": 0.1})) == mark
    other = asked | {"evaluation": {"holdout": {"share": 0.3}}}
    assert marks(successor([first], table, **other)) == [("version:1", "trained_on_holdout")]


def test_a_ledger_from_before_there_were_twins_is_read():
    first = trained()
    old = {name: value for name, value in first.items() if name not in ("refit_rows", "refit_to", "twin")}
    second = successor([old], customers(), gate={"champion_margin": 0.1})
    assert marks(second) == []
    assert loss_of(second, "version:1") == loss_of(first, "self")


def test_both_fits_are_reproduced_from_kept_rows(tmp_path):
    table = customers()
    row = trained(table, **REFIT, algorithm={"family": "boosting", "hyperparameters": {"trees": 5}})
    warehouse = tmp_path / "w.duckdb"

    def write(version: dict[str, Any], kept: pa.Table) -> None:
        with duckdb.connect(str(warehouse)) as connection:
            versions = pa.Table.from_pylist([version])
            connection.register("given", versions)
            connection.execute("create or replace table m_versions as from given")
            connection.execute("create or replace view ml_versions as from m_versions")
            connection.execute("create or replace table ml_deployments as select 1 as version")
            connection.register("rows", kept)
            connection.execute(
                "create or replace table m_training_rows as"
                " select 1 as _ml_version, cast(id as varchar) as _ml_entity_id, month as _ml_as_of, * from rows"
            )
            connection.execute(
                "create table if not exists ml_deployment_events (ml_model varchar, deployment_id varchar,"
                " event varchar, event_number bigint, details varchar)"
            )

    write(row, table)
    done = reproduce("m", 1, warehouse)
    assert done.succeeded, done.text
    assert "twin          scores of what was measured: largest difference 0" in done.text
    other = trained(table, **REFIT, algorithm={"family": "boosting", "hyperparameters": {"trees": 6}})
    write(row | {"twin": other["twin"]}, table)
    done = reproduce("m", 1, warehouse)
    assert not done.succeeded


def test_what_never_gets_a_label_is_neither_trained_on_nor_fitted_again():
    table = customers()
    split = np.where(np.array(table["id"]) < 25, "never", np.array(table["_ml_split"]))
    with_never = replaced(table, "_ml_split", split)
    unlabelled = replaced(
        with_never,
        "bought",
        [None if s == "never" else y for s, y in zip(split, table["bought"].to_pylist(), strict=True)],
    )
    row = trained(unlabelled, **REFIT, never="is_cancelled")
    assert (row["train_rows"], row["holdout_rows"], row["refit_rows"]) == (900, 225, 1350)
    with pytest.raises(TrainingSetError, match="must say of every row how it is used; got never on 150 rows"):
        trained(unlabelled, **REFIT)
