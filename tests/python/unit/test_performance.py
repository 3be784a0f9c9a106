"""Metrics of decisions in use, by period, slot and version, against scikit-learn on the same rows."""

import json
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from customers import DECLARATION, customers
from sklearn.metrics import log_loss, roc_auc_score

from ml_ledger import measure_performance, train_if_due
from ml_ledger.declaration import parse_spec
from ml_ledger.errors import SpecError
from ml_ledger.monitoring.drift.period_groups import groups_of
from ml_ledger.monitoring.performance import _changed_groups
from ml_ledger.warehouse import Relation

WATCHED = DECLARATION | {
    "monitoring": {"period": "month"},
    "value": {"unit": "dollars", "true_positive": 3, "false_positive": -1},
    "slices": {"high": {"where": "a > 0"}},
    "baselines": {"constant": {"family": "constant"}, "b": {"family": "logistic", "features": ["b"]}},
}
MONTHS = ("2025-01", "2025-02", "2025-03")


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@pytest.fixture(scope="module")
def version(connection) -> pa.Table:
    return train_if_due(ml_model="m", spec=WATCHED, training_set=connection.from_arrow(customers()), history=None)


def decisions(connection, version: pa.Table) -> list[dict[str, Any]]:
    """300 of each month: some without a score, a tenth in the control group; the last month has no labels."""
    random = np.random.default_rng(11)
    scoring = json.loads(version["scoring"].to_pylist()[0])
    assert scoring["link"] == "logit"
    rows = []
    for number, month in enumerate(MONTHS):
        for i in range(300):
            a, b = random.normal(size=2)
            slot = "control" if i % 10 == 0 else "champion"
            score = None if slot == "control" or i % 33 == 1 else float(1 / (1 + np.exp(-a + 0.3)))
            rows.append(
                {
                    "decision_id": f"{month}-{i}",
                    "entity_id": f"{i}",
                    "slot": slot,
                    "version": None if slot == "control" else 1,
                    "as_of": np.datetime64(f"{month}-{1 + i % 28:02}", "us"),
                    "score": score,
                    "features": json.dumps({"a": a, "b": b}),
                    "label": None if number == 2 else float(random.random() < 1 / (1 + np.exp(-a))),
                }
            )
    return rows


def measure(connection, version, rows, history=None) -> pa.Table:
    columns = ("decision_id", "entity_id", "slot", "version", "as_of", "score", "features")
    predictions = pa.Table.from_pylist([{name: row[name] for name in columns} for row in rows])
    outcomes = pa.Table.from_pylist(
        [
            {"decision_id": row["decision_id"], "label": row["label"], "label_class": None}
            for row in rows
            if row["label"] is not None
        ],
        schema=pa.schema([("decision_id", pa.string()), ("label", pa.float64()), ("label_class", pa.string())]),
    )
    return measure_performance(
        ml_model="m",
        spec=WATCHED,
        predictions=connection.from_arrow(predictions),
        outcomes=connection.from_arrow(outcomes),
        versions=connection.from_arrow(version),
        history=None if history is None else connection.from_arrow(history),
    )


@pytest.fixture(scope="module")
def measured(connection, version) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    rows = decisions(connection, version)
    return rows, measure(connection, version, rows).to_pylist()


def value(found: list[dict[str, Any]], **wanted: Any) -> dict[str, Any]:
    wanted = {"slot": "champion", "kind": "realised", "slice": "all", "scored_by": "self"} | wanted
    rows = [row for row in found if all(row[name] == expected for name, expected in wanted.items())]
    assert len(rows) == 1, (wanted, rows)
    return rows[0]


def of_month(rows: list[dict[str, Any]], month: str, slot: str = "champion") -> list[dict[str, Any]]:
    return [row for row in rows if row["decision_id"].startswith(month) and row["slot"] == slot]


@pytest.mark.parametrize("month", MONTHS[:2])
def test_realised_metrics_are_those_of_scikit_learn(measured, month):
    rows, found = measured
    scored = [row for row in of_month(rows, month) if row["score"] is not None]
    label, score = [row["label"] for row in scored], [row["score"] for row in scored]
    start = np.datetime64(f"{month}-01", "us").item()
    auc = value(found, metric="roc_auc", period_start=start)
    assert auc["value"] == pytest.approx(roc_auc_score(label, score), abs=1e-12)
    assert (auc["n"], auc["decisions"], auc["matured"], auc["version"]) == (len(scored), 270, 270, 1)
    assert value(found, metric="log_loss", period_start=start)["value"] == pytest.approx(
        log_loss(label, score), abs=1e-12
    )
    high = [row for row in scored if json.loads(row["features"])["a"] > 0]
    in_slice = value(found, metric="roc_auc", period_start=start, slice="high")
    assert in_slice["value"] == pytest.approx(
        roc_auc_score([row["label"] for row in high], [row["score"] for row in high]), abs=1e-12
    )


def test_baselines_are_scored_on_the_inputs_of_the_time(measured, version):
    rows, found = measured
    start = np.datetime64("2025-01-01", "us").item()
    of_champion = of_month(rows, "2025-01")
    constant = value(found, metric="mean_score", period_start=start, scored_by="baseline:constant")
    assert constant["n"] == len(of_champion)
    b = np.array([json.loads(row["features"])["b"] for row in of_champion])
    auc = value(found, metric="roc_auc", period_start=start, scored_by="baseline:b")["value"]
    label = [row["label"] for row in of_champion]
    # A straight line ranks as its only feature does, or the other way round.
    assert min(abs(auc - roc_auc_score(label, b)), abs(auc - roc_auc_score(label, -b))) < 1e-12


def test_the_control_group_has_labels_and_no_scores(measured):
    rows, found = measured
    labels = [row["label"] for row in of_month(rows, "2025-02", "control")]
    start = np.datetime64("2025-02-01", "us").item()
    rate = value(found, slot="control", scored_by="label", metric="base_rate", period_start=start)
    assert rate["value"] == pytest.approx(np.mean(labels), abs=1e-12)
    assert rate["version"] is None
    assert not [row for row in found if row["slot"] == "control" and row["kind"] == "estimated"]


def test_what_has_not_matured_is_estimated_and_not_realised(measured):
    rows, found = measured
    start = np.datetime64("2025-03-01", "us").item()
    assert {row["kind"] for row in found if row["period_start"] == start} == {"estimated"}
    scores = [row["score"] for row in of_month(rows, "2025-03") if row["score"] is not None]
    expected = value(found, kind="estimated", scored_by="label", metric="base_rate", period_start=start)
    assert expected["value"] == pytest.approx(np.mean(scores), abs=1e-12)
    assert (expected["decisions"], expected["matured"]) == (270, 0)


def test_value_is_realised_by_decisions_as_they_were_and_expected_of_all(measured, version):
    rows, found = measured
    of_january, of_march = (
        [row for row in of_month(rows, month) if row["score"] is not None] for month in (MONTHS[0], MONTHS[2])
    )
    start = np.datetime64("2025-01-01", "us").item()
    worth = [(3 if row["label"] else -1) if row["score"] >= 0.5 else 0 for row in of_january]
    assert value(found, metric="value", period_start=start)["value"] == pytest.approx(sum(worth), abs=1e-9)
    everybody = sum(3 if row["label"] else -1 for row in of_january)
    gain = value(found, metric="value_gain", scored_by="policy:everybody", period_start=start)
    assert gain["value"] == pytest.approx((sum(worth) - everybody) / len(worth), abs=1e-12)
    march = np.datetime64("2025-03-01", "us").item()
    expected = value(found, metric="value", period_start=march, kind="estimated")
    assert expected["value"] == pytest.approx(
        sum(4 * row["score"] - 1 for row in of_march if row["score"] >= 0.5), abs=1e-9
    )
    # Of a baseline: its decisions, at the probabilities of the version.
    b = value(found, metric="value_per_row", period_start=march, kind="estimated", scored_by="baseline:b")
    assert b["n"] == len(of_march)
    assert b["value"] != expected["value"] / len(of_march)


def test_the_threshold_is_that_of_the_version_and_the_value_that_of_today(connection, version, monkeypatch):
    rows = decisions(connection, version)
    so_far = measure(connection, version, rows)
    at = version.column_names.index("threshold")
    other = version.set_column(at, "threshold", pa.array([0.7]))
    start = np.datetime64("2025-01-01", "us").item()
    monkeypatch.setitem(WATCHED, "value", {"unit": "dollars", "true_positive": 5, "false_positive": -1})
    again = measure(connection, other, rows, so_far).to_pylist()
    acted = [row for row in of_month(rows, "2025-01") if (row["score"] or 0) >= 0.7]
    assert value(again, metric="value", period_start=start)["value"] == pytest.approx(
        sum(5 if row["label"] else -1 for row in acted), abs=1e-9
    )


def test_only_what_has_changed_is_measured_again(connection, version):
    rows = decisions(connection, version)
    so_far = measure(connection, version, rows)
    assert len(measure(connection, version, rows, so_far)) == 0
    corrected = next(row for row in rows if row["decision_id"] == "2025-02-7")
    corrected["label"] = 1 - corrected["label"]
    again = measure(connection, version, rows, so_far).to_pylist()
    assert {row["group_key"] for row in again} == {"1|champion|month|2025-02-01 00:00:00"}
    before = [row for row in so_far.to_pylist() if row["group_key"] == again[0]["group_key"]]
    assert len(again) == len(before)
    assert value(again, metric="brier") != value(before, metric="brier")


def test_an_ml_model_that_is_not_watched_is_refused(connection, version):
    with pytest.raises(SpecError, match=r"ml_models\.m\.monitoring.*got task binary and no monitoring"):
        measure_performance.__wrapped__(
            ml_model="m", spec=DECLARATION, predictions=None, outcomes=None, versions=None
        )


def test_classes_are_measured_as_scikit_learn_does(connection):
    random = np.random.default_rng(4)
    label = random.integers(0, 3, size=200)
    probabilities = random.dirichlet([1, 1, 1], size=200)
    classes = ["basic", "plus", "o'ne"]
    spec = {
        name: value for name, value in DECLARATION.items() if name not in ("decision", "features", "algorithm")
    } | {
        "task": "multiclass",
        "classes": classes,
        "features": {"a": {"kind": "numeric"}},
        "algorithm": {"family": "logistic"},
        "monitoring": {},
        "value": {"unit": "dollars", "correct": 3, "wrong": -2},
    }
    shared = {
        "decision_id": [str(i) for i in range(200)],
        "entity_id": [str(i) for i in range(200)],
        "slot": ["champion"] * 200,
        "version": pa.array([7] * 200, pa.int64()),
        "as_of": pa.array([np.datetime64("2025-05-05", "us").item()] * 200, pa.timestamp("us")),
        "features": ['{"a": 1}'] * 200,
    }
    columns = {f"probability_{name}": probabilities[:, i] for i, name in enumerate(["basic", "plus", "o_ne"])}
    versions = pa.table(
        {
            "version": pa.array([7], pa.int64()),
            "spec": [parse_spec("m", spec).canonical_json()],
            "baselines": pa.array([None], pa.string()),
            "threshold": pa.array([None], pa.float64()),
            "reference": pa.array([None], pa.string()),
        }
    )
    found = measure_performance(
        ml_model="m",
        spec=spec,
        predictions=connection.from_arrow(pa.table(shared | columns | {"score": probabilities.max(axis=1)})),
        outcomes=connection.from_arrow(
            pa.table(
                {
                    "decision_id": shared["decision_id"],
                    "label": pa.array([None] * 200, pa.float64()),
                    "label_class": [classes[i] for i in label],
                }
            )
        ),
        versions=connection.from_arrow(versions),
    ).to_pylist()
    assert value(found, metric="log_loss")["value"] == pytest.approx(
        log_loss(label, probabilities, labels=[0, 1, 2]), abs=1e-12
    )
    assert value(found, metric="accuracy")["value"] == np.mean(probabilities.argmax(axis=1) == label)
    expected = value(found, kind="estimated", metric="accuracy")
    assert expected["value"] == pytest.approx(probabilities.max(axis=1).mean(), abs=1e-12)
    base_rate = value(found, kind="estimated", scored_by="label", metric="base_rate", slice="class o'ne")
    assert base_rate["value"] == pytest.approx(probabilities[:, 2].mean(), abs=1e-12)
    worth = value(found, kind="estimated", metric="value_per_row")["value"]
    assert worth == pytest.approx(np.mean(5 * probabilities.max(axis=1) - 2), abs=1e-12)
    assert {row["matured"] for row in found} == {200}


@pytest.mark.parametrize("changed", ["all matured", "two exchanged"])
def test_labels_are_seen_to_change_where_every_class_comes_in_pairs(changed):
    connection = duckdb.connect()
    spec = parse_spec("m", WATCHED | {"value": {"unit": "dollars", "true_positive": 3, "false_positive": -1}})

    def found(labels: list[str | None]):
        rows = {
            "decision_id": [str(n) for n in range(8)],
            "entity_id": [str(n) for n in range(8)],
            "version": [1] * 8,
            "slot": ["champion"] * 8,
            "as_of": pa.array([np.datetime64("2025-01-05", "us").item()] * 8, pa.timestamp("us")),
            "features": ['{"a": 1}'] * 8,
            "label": pa.array([None] * 8, pa.float64()),
            "label_class": pa.array(labels, pa.string()),
        }
        labelled = Relation(connection.from_arrow(pa.table(rows)), name="_ml_predictions")
        (group,) = groups_of(labelled, "month")
        (other,) = _changed_groups(labelled, spec, None)
        return group.labels_hash, other["fingerprint"]

    matured = ["a", "a", "b", "b", "c", "c", "c", "c"]
    before = [None] * 8 if changed == "all matured" else ["b", "b", "a", "a", "c", "c", "c", "c"]
    for one, two in zip(found(before), found(matured), strict=True):
        assert one != two
